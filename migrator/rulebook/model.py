"""The rule as frozen data: what a legacy name becomes, its arguments, and the cases that prove it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal, cast

Kind = Literal[
    "layer",
    "layer_class",
    "op",
    "rename",
    "initializer",
    "regularizer",
    "activation",
    "loss",
    "metric",
    "optimizer",
    "schedule",
    "drop",
    "refuse",
]
Level = Literal["exact", "support", "review", "refuse"]


def _nothing() -> Any:
    return dataclasses.field(default_factory=lambda: MappingProxyType({}))


@dataclasses.dataclass(frozen=True)
class ArgumentRule:
    """One target argument and where its value comes from."""

    name: str
    source: str | None
    """The legacy argument; None: the target argument is always written, with `default`."""
    converter: str | None = None
    """A converter's name, or a template over the value: `"0.5 * {}"`."""
    default: str | None = None
    """Target source that is written when the legacy call omits the argument."""
    omit: str | None = None
    """Target source that equals the target's own default: a converted value with this text need not be written."""
    alternative: str | None = None
    """Another legacy argument that has the target's own meaning, used as it is when `source` is not given."""


@dataclasses.dataclass(frozen=True)
class Case:
    """One proof: both sides run on `inputs` with `args` and agree; each change of `twin` alone must differ."""

    inputs: Mapping[str, Any]
    args: Mapping[str, str]
    twin: Mapping[str, str]
    tolerance: float | None = None
    contrib: bool = False
    """The legacy side needs tf.contrib itself (TensorFlow 1.15), because the stand-in lacks the symbol."""
    modern: bool = False
    """TensorFlow 1.15 has no CPU kernel for it: the legacy side is the newer runtime alone."""
    variant: str | None = None
    """What of the rule the case runs: `scheduled` or `sparse` for an optimizer, `weighted` for a loss or metric."""


@dataclasses.dataclass(frozen=True)
class Rule:
    """What one legacy symbol becomes. Which fields are set depends on `kind`; see docs/architecture.md."""

    id: str
    kind: Kind
    legacy: tuple[str, ...]
    family: str
    file: str
    level: Level = "exact"
    note: str = ""
    reference: str = ""
    signature: str | None = None
    aliases: Mapping[str, str] = _nothing()
    """Deprecated legacy argument -> the argument that it means (`keep_dims` -> `keepdims`); for a rename, legacy
    keyword -> the target's keyword."""
    target: str | None = None
    idiomatic: str | None = None
    """The stock Keras target of `--semantics idiomatic`, with the same arguments; `note` has the difference."""
    short: str | None = None
    """The name that Keras accepts as a string in place of the target (`relu`)."""
    choose_by: str | None = None
    """A legacy argument whose literal value chooses the target out of `choose`."""
    choose: Mapping[str, str] = _nothing()
    args: tuple[ArgumentRule, ...] = ()
    inputs: tuple[str, ...] = ()
    training: str | None = None
    """The argument that becomes call(training=...); of a layer_class, the argument of its object's call."""
    name_arg: str | None = None
    """The legacy argument that names the layer (`name`, or `scope` in contrib)."""
    reuse_arg: str | None = None
    scope: str | None = None
    """The legacy default name of the layer (`dense`)."""
    weights: Mapping[str, str] = _nothing()
    then: str | None = None
    """A legacy argument that is a function of the layer's result (contrib's activation_fn after a normalisation)."""
    permute: str | None = None
    template: str | None = None
    elementwise: str | None = None
    """The legacy loss before its reduction, as a template."""
    weighted: Mapping[str, str] = _nothing()
    unweighted: Mapping[str, str] = _nothing()
    """Legacy reduction -> template over `{losses}` (and `{weights}`) that reduces `elementwise`."""
    update: tuple[str, ...] = ()
    """The legacy arguments that update_state is given, in order; `weights_arg` follows them."""
    elements: str | None = None
    """The target of a metric where values may have several axes: it counts elements as TF1 does, not rows."""
    weights_arg: str | None = None
    reduction_arg: str | None = None
    step: str | None = None
    """The legacy argument that must be the global step; the target counts by itself."""
    scheduled: str | None = None
    sparse: str | None = None
    effects: tuple[str, ...] = ()
    """What a call does beside its result: `random`, `assign`, `collection`, `variable`."""
    unchanged: bool = False
    """The legacy name means the same today, up to the deprecated keywords of `source.names`: the entry only proves it,
    and the rulebook does not find it."""
    drop: tuple[str, ...] = ()
    refuse: Mapping[str, str] = _nothing()
    untested: Mapping[str, str] = _nothing()
    """Target arguments without a negative twin, and why."""
    cases: tuple[Case, ...] = ()

    @property
    def support(self) -> frozenset[str]:
        """Names of the support module that any form of the target may use."""
        texts = [self.target, self.elements, self.scheduled, self.sparse, self.template, self.elementwise]
        texts += self.choose.values()
        texts += [*self.weighted.values(), *self.unweighted.values()]
        return frozenset(name for text in texts if text for name in _support_names(text))


def _support_names(text: str) -> list[str]:
    names = []
    for part in text.split("support.")[1:]:
        end = next((i for i, c in enumerate(part) if not (c.isalnum() or c == "_")), len(part))
        names.append(part[:end])
    return names


def rule_from(raw: Mapping[str, Any]) -> Rule:
    """The rule of one checked raw entry (plain JSON data, as the reader and the compiled index hold it)."""
    fields = {name: _FREEZE.get(name, _same)(value) for name, value in raw.items()}
    return Rule(**fields)


def _same(value: Any) -> Any:
    return value


def _frozen_mapping(value: Any) -> Mapping[str, Any]:
    return MappingProxyType(dict(value))


def _arguments(value: Any) -> tuple[ArgumentRule, ...]:
    return tuple(argument_from(name, source) for name, source in value.items())


def argument_from(name: str, source: Any) -> ArgumentRule:
    """One entry of `[rule.args]`: a legacy argument's name, or a table with from / as / default / omit."""
    if isinstance(source, str):
        return ArgumentRule(name, source)
    table = cast("Mapping[str, str]", source)
    values = (table.get(key) for key in ("from", "as", "default", "omit", "or"))
    return ArgumentRule(name, *values)


def _cases(value: Any) -> tuple[Case, ...]:
    return tuple(
        Case(
            inputs=MappingProxyType(dict(case.get("inputs", {}))),
            args=MappingProxyType(dict(case.get("args", {}))),
            twin=MappingProxyType(dict(case.get("twin", {}))),
            tolerance=case.get("tolerance"),
            contrib=case.get("contrib", False),
            modern=case.get("modern", False),
            variant=case.get("variant"),
        )
        for case in value
    )


_FREEZE: dict[str, Callable[[Any], Any]] = {
    "legacy": tuple,
    "args": _arguments,
    "inputs": tuple,
    "update": tuple,
    "effects": tuple,
    "drop": tuple,
    "aliases": _frozen_mapping,
    "weights": _frozen_mapping,
    "choose": _frozen_mapping,
    "weighted": _frozen_mapping,
    "unweighted": _frozen_mapping,
    "refuse": _frozen_mapping,
    "untested": _frozen_mapping,
    "cases": _cases,
}

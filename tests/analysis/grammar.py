"""The generator's state and its expressions: names in scope with what is known about their widths, layers, conditions.

Programs are kept valid by tokens: two tensors with one width token surely have one width, so they may be added.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence

SETTINGS = (
    {"width": 4, "depth": 2, "drop": 0.3, "units": [4, 8], "classes": 3, "lr": 0.1, "use_bn": True, "deep": False}
    | {"act": "relu", "scale": 2.0},
    {"width": 6, "depth": 3, "drop": 0.5, "units": [6, 4, 8], "classes": 4, "lr": 0.05, "use_bn": False, "deep": True}
    | {"act": "tanh", "scale": 0.5},
)
ACTIVATIONS = ("tf.nn.relu", "tf.nn.tanh", "tf.nn.elu", "tf.sigmoid")


@dataclasses.dataclass(frozen=True)
class Helper:
    """Something callable as `name(x, width, ...)`. `result`: "width" (has the given width), "same" or "other"."""

    name: str
    result: str
    training: str = ""  # the parameter that takes the flag, if any
    scope: str = ""  # the parameter that takes a scope or layer name, if any
    act: bool = False
    width: bool = True
    owns: bool = True


@dataclasses.dataclass
class Env:
    """What a block of code can use. Copies are made for branches, so that nothing leaks out of them."""

    main: str
    token: int
    tensors: dict[str, int] = dataclasses.field(default_factory=dict)
    ints: dict[str, int] = dataclasses.field(default_factory=dict)
    rates: list[str] = dataclasses.field(default_factory=lambda: ["0.25"])
    flags: list[str] = dataclasses.field(default_factory=list)
    training: list[str] = dataclasses.field(default_factory=list)
    mode: str = ""
    params: str = ""
    helpers: list[Helper] = dataclasses.field(default_factory=list)
    index: str = ""  # the innermost loop variable that numbers trips
    naming: bool = True  # explicit layer names are safe here
    depth: int = 0
    indices: frozenset[str] = frozenset()  # loop variables of the loops around
    captured: frozenset[str] = frozenset()  # names of an enclosing function: read here, never bound

    def own_ints(self) -> list[str]:
        """The sizes that this code may change."""
        return sorted(set(self.ints) - self.captured)

    def free_index(self, *options: str) -> str:
        """A loop variable that no loop around uses."""
        return next(name for name in (*options, "m", "p", "q", "r") if name not in self.indices)

    def copy(self, **changes: object) -> Env:
        fresh = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        fresh |= {k: v.copy() for k, v in fresh.items() if isinstance(v, (dict, list))}
        return Env(**{**fresh, **changes})


class Maker:
    """One program in the making: the random choices, fresh names, and module-level code so far."""

    def __init__(self, rng: random.Random, weights: dict[str, float], size: int) -> None:
        self.rng = rng
        self.weights = weights
        self.size = size
        self.module: list[str] = []
        self.helpers: list[Helper] = []
        self.uses_bn = False
        self._names: dict[str, int] = {}
        self._tokens = 0

    def name(self, *stems: str) -> str:
        """A name not used before: the first stem bare, then numbered."""
        stem = self.rng.choice(stems)
        count = self._names[stem] = self._names.get(stem, 0) + 1
        return stem if count == 1 else f"{stem}{count}"

    def fresh(self) -> int:
        """A width that equals no other."""
        self._tokens += 1
        return self._tokens

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def pick(self, options: Sequence[str]) -> str:
        return self.rng.choice(list(options))

    # -------------------------------------------------------------------------------------------------- expressions
    def size_of(self, env: Env) -> tuple[str, int]:
        """A static width: a name in scope, a parameter or a number."""
        if env.ints and self.chance(0.6):
            text = self.pick(sorted(env.ints))
            return text, env.ints[text]
        if env.params and self.chance(0.5):
            return f"{env.params}['width']", -1
        number = self.rng.choice((3, 5, 8))
        return str(number), -10 - number

    def activation(self, env: Env) -> str:
        if env.params and self.chance(0.1):
            return f"tf.nn.relu if {env.params}['deep'] else tf.nn.tanh"
        return self.pick(ACTIVATIONS)

    def flag(self, env: Env) -> str:
        """The value of a `training` argument."""
        if env.training:
            return self.pick(env.training)
        if env.mode:
            return f"{env.mode} == tf.estimator.ModeKeys.TRAIN"
        return ""

    def layer_name(self, env: Env, *stems: str) -> str:
        """A quoted layer or scope name that cannot clash, or the empty text where only default names are safe."""
        stem = self.pick(stems)
        if env.index and env.naming:
            self._names[f"layer {stem}"] = number = self._names.get(f"layer {stem}", 0) + 1
            text = f"{stem}{number}x"
            form = self.rng.randrange(3)
            if form == 0:
                return f"'{text}%d' % {env.index}"
            if form == 1:
                return f"'{text}{{}}'.format({env.index})"
            return f"f'{text}{{{env.index}}}'"
        if env.naming:
            return repr(self.name(f"{stem}_l"))
        return ""

    def dense(self, env: Env, source: str, width: tuple[str, int] | None = None) -> tuple[str, int]:
        """A dense layer in one of its spellings, and the width token of its result."""
        size, token = width or self.size_of(env)
        positional, keywords = [source], list[str]()
        (positional if (by_place := self.chance(0.7)) else keywords).append(size if by_place else f"units={size}")
        if self.chance(0.5):
            act = self.activation(env)
            if by_place and self.chance(0.3):
                positional.append(act)
            else:
                keywords.append(f"activation={act}")
        if self.chance(0.2):
            keywords.append("use_bias=False")
        if self.chance(0.12):
            keywords.append("kernel_initializer=tf.truncated_normal_initializer(stddev=0.1)")
        if self.chance(0.3) and (name := self.layer_name(env, "fc", "out", "proj")):
            keywords.append(f"name={name}")
        if self.chance(0.3):
            self.rng.shuffle(keywords)
        return f"tf.layers.dense({', '.join(positional + keywords)})", token

    def dropout(self, env: Env, source: str) -> str:
        rate = self.pick(env.rates)
        flag = self.flag(env)
        if not flag:
            return f"tf.nn.relu({source})"
        if self.chance(0.2):
            return f"tf.layers.dropout(inputs={source}, rate={rate}, training={flag})"
        return f"tf.layers.dropout({source}, {rate if self.chance(0.5) else f'rate={rate}'}, training={flag})"

    def batch_norm(self, env: Env, source: str) -> str:
        flag = self.flag(env)
        if not flag:
            return f"tf.nn.elu({source})"
        self.uses_bn = True
        return f"tf.layers.batch_normalization({source}, training={flag})"

    def call_helper(self, env: Env, helper: Helper, source: str) -> tuple[str, int] | None:
        """A call of a helper with positional and keyword arguments mixed; None where it cannot be called here."""
        arguments, keywords = [source], list[str]()
        token = self.fresh()
        if helper.width:
            size, known = self.size_of(env)
            (arguments if (by_place := self.chance(0.7)) else keywords).append(size if by_place else f"width={size}")
            token = known if helper.result == "width" else token
        if helper.result == "same":
            token = env.tensors.get(source, env.token if source == env.main else token)
        if helper.training:
            flag = self.flag(env)
            if not flag:
                return None
            keywords.append(f"{helper.training}={flag}")
        if helper.act and self.chance(0.5):
            keywords.append(f"act={self.pick(ACTIVATIONS)}")
        if helper.scope:
            name = self.layer_name(env, "blk", "part", "unit")
            if not name:
                return None
            keywords.append(f"{helper.scope}={name}")
        self.rng.shuffle(keywords)
        return f"{helper.name}({', '.join(arguments + keywords)})", token

    def value(self, env: Env, source: str | None = None) -> tuple[str, int]:
        """A tensor expression over the main tensor (or `source`) and its width token."""
        text = source or env.main
        token = env.tensors.get(text, env.token)
        callable_here = [h for h in env.helpers if h.owns]
        roll = self.rng.random()
        if callable_here and roll < 0.35:
            called = self.call_helper(env, self.rng.choice(callable_here), text)
            if called is not None:
                return called
        if roll < 0.7:
            return self.dense(env, text)
        if roll < 0.78:
            return self.dropout(env, text), token
        if roll < 0.86:
            return self.batch_norm(env, text), token
        if roll < 0.9:
            return f"{self.pick(('2.0', '0.5'))} * {text}", token
        same = [t for t, other in env.tensors.items() if other == token and t != text]
        if same:
            return f"{text} + {self.pick(same)}", token
        if env.tensors and roll < 0.97:
            other = self.pick(sorted(env.tensors))
            return f"tf.concat([{text}, {other}], axis={self.pick(('1', '-1'))})", self.fresh()
        return f"{self.pick(ACTIVATIONS)}({text})", token

    def condition(self, env: Env) -> str:
        """A static condition over parameters."""
        options = list(env.flags)
        if env.params:
            options += [f"{env.params}['use_bn']", f"not {env.params}['deep']", f"{env.params}['depth'] > 2"]
            options += [f"{env.params}.get('deep', True)", f"{env.params}['act'] == 'relu'"]
            options += [f"1 < {env.params}['depth'] <= 2", f"'width' in {env.params}"]
        return self.pick(options) if options else ""

    def mode_condition(self, env: Env) -> str:
        """A condition over the mode, possibly mixed with parameters."""
        options = [t for t in env.training if t.isidentifier()] + [f"not {t}" for t in env.training if t.isidentifier()]
        if env.mode:
            keys = "tf.estimator.ModeKeys"
            options += [
                f"{env.mode} == {keys}.TRAIN",
                f"{env.mode} != {keys}.PREDICT",
                f"{keys}.EVAL == {env.mode}",
                f"{env.mode} in ({keys}.TRAIN, {keys}.EVAL)",
                f"{env.mode} not in [{keys}.PREDICT]",
                f"{env.mode} == 'train'",
                f"{env.mode} == 'infer' or {env.mode} == {keys}.EVAL",
                f"{keys}.TRAIN == {env.mode} != {keys}.EVAL",
                f"not ({env.mode} == {keys}.EVAL)",
            ]
        if not options:
            return ""
        text = self.pick(options)
        if env.params and self.chance(0.25):
            text = f"{text} and {env.params}['use_bn']" if " or " not in text else f"({text}) and {env.params}['deep']"
        return text


def indent(lines: Sequence[str]) -> list[str]:
    """The lines one level deeper."""
    return [f"    {line}" if line else "" for line in lines]

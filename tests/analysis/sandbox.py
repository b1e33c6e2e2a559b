"""Running a legacy program under the fake: one activation of its model_fn per mode and parameter setting."""

from __future__ import annotations

import builtins
import copy
import dataclasses
import functools
import inspect
from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any

from .fake_tf import EVAL, MODES, PREDICT, TENSORFLOW, TRAIN, EstimatorSpec
from .legacy_scopes import fresh_store
from .symbolic import Owner, Record, Tensor, listing, make, recording

Importer = Callable[..., Any]
PARAMS: Mapping[str, Any] = {}
# What programs may import beside TensorFlow.
KNOWN = ("__future__", "collections", "copy", "functools", "itertools", "math", "numbers", "os", "six", "warnings")


def features_and_labels(width: int = 6) -> tuple[dict[str, Tensor], Tensor]:
    """One symbolic batch: a rank 2 feature of some width, a rank 3 feature, and class labels."""
    features = {
        "x": make("input", "x", width, static=(None, width)),
        "seq": make("input", "seq", static=(None, 5, 4)),
    }
    return features, make("input", "labels", static=(None,))


@dataclasses.dataclass
class Outcome:
    """Everything observable of one run: what is compared between two programs."""

    owners: list[Owner]
    variables: dict[Any, Any]
    draws: list[tuple[Any, ...]]
    predictions: Any = None
    loss: Any = None
    metrics: Any = None
    train: Any = None
    error: str | None = None

    def text(self) -> str:
        """The outcome for people."""
        if self.error:
            return f"raises {self.error}"
        lines = [f"owners {[(o.label, o.kind, *o.settings) for o in self.owners]}", f"variables {self.variables}"]
        lines += [f"draws {self.draws}"]
        for name in ("predictions", "loss", "metrics", "train"):
            if getattr(self, name) is not None:
                lines += [f"{name}:", *(f"    {line}" for line in listing(getattr(self, name)))]
        return "\n".join(f"    {line}" for line in lines)


def importer(modules: Mapping[str, Any]) -> Importer:
    """An `__import__` that knows the given top-level names and refuses other third-party modules."""

    def load(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
        top, *rest = name.split(".")
        if level == 0 and top in modules:
            found = modules[top]
            for part in rest if fromlist else ():
                found = getattr(found, part)
            if rest and not fromlist:
                functools.reduce(getattr, rest, found)
            return found
        if name.split(".")[0] in KNOWN:
            return builtins.__import__(name, globals, locals, fromlist, level)
        raise ImportError(f"the sandbox does not know {name!r}")

    return load


def namespace(
    code: CodeType | str, modules: Mapping[str, Any], extra: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The globals after running a module's text; `extra` names are there from the start."""
    scope: dict[str, Any] = {"__name__": "program", **(extra or {})}
    scope["__builtins__"] = {**vars(builtins), "__import__": importer(modules)}
    exec(compile(code, "<program>", "exec") if isinstance(code, str) else code, scope)
    return scope


LEGACY = {"tensorflow": TENSORFLOW}


def run_legacy(
    text: str | CodeType,
    mode: str,
    params: Mapping[str, Any],
    function: str = "model_fn",
    *,
    record: Record | None = None,
    extra: Mapping[str, Any] | None = None,
    width: int = 6,
) -> Outcome:
    """Run the program's model_fn once in a graph of its own. Errors of the program are part of the outcome."""
    record = Record() if record is None else record
    outcome = Outcome(record.owners, record.variables, record.draws)
    with recording(record), fresh_store():
        try:
            found: Any = namespace(text, LEGACY, extra)
            for part in function.split("."):
                found = found[part] if isinstance(found, dict) else getattr(found, part)
            spec = call_model_fn(found, mode, params, width)
        except Exception as error:  # the boundary of the program under test
            outcome.error = f"{type(error).__name__}: {error}"
            return outcome
    if mode == PREDICT:
        outcome.predictions = tidy(spec.predictions)
    else:
        outcome.loss = spec.loss
    if mode == EVAL:
        outcome.metrics = {name: value[0] for name, value in sorted((spec.eval_metric_ops or {}).items())}
    if mode == TRAIN:
        outcome.train = training(spec.train_op)
    return outcome


def call_model_fn(
    function: Callable[..., EstimatorSpec], mode: str, params: Mapping[str, Any], width: int = 6
) -> EstimatorSpec:
    """Call a model_fn as the Estimator does: by the names in its signature, labels None when predicting."""
    features, labels = features_and_labels(width)
    wanted = inspect.signature(function).parameters
    given: dict[str, Any] = {"labels": None if mode == PREDICT else labels, "mode": mode}
    given |= {"params": copy.deepcopy(dict(params)), "config": None}
    spec = function(features, **{name: given[name] for name in given if name in wanted})
    if not isinstance(spec, EstimatorSpec):
        raise TypeError("model_fn must return an EstimatorSpec")
    return spec


def tidy(value: Any) -> Any:
    """Predictions as a dict without regard to order."""
    return dict(sorted(value.items())) if isinstance(value, dict) else value


def training(train_op: Tensor) -> Any:
    """What a train operation does: its minimisations in order, and which batch norms it updates."""
    steps: list[Tensor] = []
    updates = set()
    waiting: list[Any] = [train_op]
    while waiting:
        item = waiting.pop(0)
        if isinstance(item, tuple):
            waiting = [*item, *waiting]
        elif isinstance(item, Tensor):
            if item.op == "minimize":
                steps.append(item)
            if item.op == "update":
                updates.add(item.args[0])
            waiting = [*(item.args[4:] if item.op == "minimize" else item.args if item.op == "group" else ()), *waiting]
    return {"steps": tuple(tuple(t.args[:4]) for t in steps), "updates": tuple(sorted(updates))}


def difference(left: Outcome, right: Outcome) -> str | None:
    """Why two outcomes differ, or None."""
    if left.error or right.error:
        return None if (left.error is None) == (right.error is None) else f"{left.error} / {right.error}"
    for field in ("owners", "variables", "draws", "predictions", "loss", "metrics", "train"):
        a, b = getattr(left, field), getattr(right, field)
        if field == "variables":
            a, b = list(a.items()), list(b.items())
        if a != b:
            return f"{field} differ"
    return None


def run_all(text: str, settings: list[Mapping[str, Any]], function: str = "model_fn") -> dict[Any, Outcome]:
    """The outcomes of every mode under every parameter setting."""
    code = compile(text, "<program>", "exec")
    return {(mode, i): run_legacy(code, mode, p, function) for mode in MODES for i, p in enumerate(settings)}

"""Running a migrated program under the fake Keras, and saying whether it does what the legacy program did.

Variables are told apart by their legacy names, which the conversion's weight map gives; without a usable map entry
(`*`), by their place in the order of creation.
"""

from __future__ import annotations

import copy
import dataclasses
import types
from collections.abc import Mapping
from typing import Any

from migrator import weightmap
from migrator.conversion import Conversion

from . import fake_keras, sandbox
from .fake_tf import EVAL, PREDICT, TRAIN
from .keras_layers import BatchNormalization, Layer
from .sandbox import Outcome, features_and_labels, tidy
from .symbolic import Record, Tensor, current, make, recording, rewrite

# Support classes whose numbers the fake does not model: the same layer as far as staging is concerned.
STAND_INS = {"FusedBatchNormalization": BatchNormalization}


class LiveModel:
    """What the weight map asks about a model made of the fake's layers."""

    def __init__(self, model: Layer) -> None:
        self.model = model

    def at(self, path: str) -> Any:
        found: Any = self.model
        for step in path.split("."):
            if isinstance(found, (list, tuple)):
                found = found[int(step)]
            elif isinstance(found, dict):
                found = found[step] if step in found else found[int(step)]
            else:
                found = getattr(found, step, None)
        return found

    def length(self, path: str) -> int | None:
        found = self.at(path)
        return len(found) if isinstance(found, (list, tuple)) else None

    def exists(self, path: str) -> bool:
        try:
            return self.at(path) is not None
        except (IndexError, KeyError):
            return False

    def name(self, path: str) -> str:
        return str(self.at(path).name)

    def kind(self, path: str) -> str:
        return type(self.at(path)).__name__

    def uncalled(self, path: str) -> bool:
        return getattr(self.at(path), "built", True) is False


def load(conversion: Conversion, path: str = "program.py") -> dict[str, Any]:
    """The globals of the migrated program; its own other files can be imported."""
    modules = dict(fake_keras.modules())
    for edit in conversion.edits:
        if edit.path != path:
            scope = sandbox.namespace(edit.after, modules, {"register": None})
            scope |= {name: stand_in for name, stand_in in STAND_INS.items() if name in scope}
            modules[edit.path.removesuffix(".py")] = types.SimpleNamespace(**scope)
    (text,) = [edit.after for edit in conversion.edits if edit.path == path]
    return sandbox.namespace(text, modules)


def run_staged(
    conversion: Conversion, params: Mapping[str, Any], legacy: Mapping[str, Outcome]
) -> tuple[dict[str, Outcome], list[str]]:
    """One model, made once: train twice, evaluate, predict. The outcome per mode, and what is wrong with the staging.

    `legacy`: the outcomes of the legacy program per mode, whose variable names the results are given.
    """
    record = Record(legacy=False)
    problems: list[str] = []
    results: dict[str, Outcome] = {}
    with recording(record):
        try:
            model = load(conversion)["make_estimator"](copy.deepcopy(dict(params)))
            for index, mode in enumerate((TRAIN, TRAIN, EVAL, PREDICT)):
                known = len(record.collection("made")), len(record.variables)
                results[mode] = step(model, mode)
                if index and (len(record.collection("made")), len(record.variables)) != known:
                    problems.append(f"call {index + 1} ({mode}) makes variables")
        except Exception as error:  # the boundary of the program under test
            return {TRAIN: Outcome([], {}, [], error=f"{type(error).__name__}: {error}")}, problems
    names, found = legacy_names(conversion, model, record, legacy[TRAIN])
    problems += found
    return {mode: renamed(outcome, names, record) for mode, outcome in results.items()}, problems


def step(model: Any, mode: str) -> Outcome:
    """One symbolic step of a model in a mode."""
    record = current()
    for name in ("steps", "updates", "tracked"):
        record.collection(name).clear()
    record.draws.clear()
    for metric in model.metrics:
        metric.reset_state()
    features, labels = features_and_labels()
    outcome = Outcome([], {}, [])
    if mode == TRAIN:
        model.train_step((features, labels))
        steps = record.collection("steps")
        outcome.loss = steps[0][2] if steps else None
        outcome.train = {"steps": tuple(steps), "updates": tuple(record.collection("updates"))}
    elif mode == EVAL:
        results = model.test_step((features, labels))
        outcome.loss = record.collection("tracked")[-1] if record.collection("tracked") else None
        outcome.metrics = {name: value for name, value in sorted(results.items()) if name != "loss"}
    else:
        outcome.predictions = tidy(model.predict_step(features))
    outcome.draws = list(record.draws)
    return outcome


def legacy_names(
    conversion: Conversion, model: Layer, record: Record, legacy: Outcome
) -> tuple[dict[Any, str], list[str]]:
    """Label of a Keras variable -> legacy variable name, and what is wrong with the weight map."""
    (creation,) = [m["creation"] for m in conversion.models]
    live = LiveModel(model)
    problems: list[str] = []
    try:
        pairs = weightmap.expand(creation, live)
    except weightmap.MapError as error:
        return {}, [f"the weight map does not fit\n  {error}"]
    names: dict[Any, str] = {}
    place = list(legacy.variables)
    for index, pair in enumerate(pairs):
        variable = live.at(pair.path)
        if not isinstance(variable, Tensor):
            problems.append(f"the weight map names {pair.path}, which is no variable")
            continue
        name = pair.legacy
        if "*" in name and index < len(place):
            name = place[index]
        names[variable.args[0]] = name
    unmapped = [label for label in record.variables if label not in names]
    if unmapped:
        problems.append(f"variables without a legacy name\n  {unmapped}")
    if not problems and [p.legacy for p in pairs if "*" not in p.legacy] != [
        n for n, p in zip(place, pairs, strict=False) if "*" not in p.legacy
    ]:
        problems.append(
            f"the weight map names other variables\n  it says {[p.legacy for p in pairs]}\n  the program makes {place}"
        )
    return names, problems


def renamed(outcome: Outcome, names: Mapping[Any, str], record: Record) -> Outcome:
    """The outcome with every variable under its legacy name."""
    seen: dict[int, Tensor] = {}

    def change(tensor: Tensor) -> Tensor | None:
        if tensor.op == "variable":
            return make("variable", names.get(tensor.args[0], tensor.args[0]), tensor.static, static=tensor.static)
        return None

    def deep(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: deep(item) for key, item in value.items()}
        return rewrite(value, change, seen)

    owners = []
    for owner in record.owners:
        label = owner.label
        parts = [name for full, name in names.items() if tuple(full[:2]) == tuple(label[:2])]
        scope = parts[0] if owner.kind == "raw" and parts else parts[0].rsplit("/", 1)[0] if parts else str(label)
        owners.append(dataclasses.replace(owner, label=scope))
    scopes = {tuple(o.label[:2]): r.label for o, r in zip(record.owners, owners, strict=True)}
    train = deep(outcome.train)
    if train:
        train["updates"] = tuple(sorted(scopes.get(tuple(label[:2]), str(label)) for label in train["updates"]))
        trained = [label for label in record.variables if "moving_" not in str(label)]
        everything = _named(tuple(trained), names)
        train["steps"] = tuple(
            (kind, settings, loss, None if _named(variables, names) == everything else variables)
            for kind, settings, loss, variables in train["steps"]
        )
    return Outcome(
        owners,
        {names.get(label, label): shape for label, shape in record.variables.items()},
        outcome.draws,
        deep(outcome.predictions),
        deep(outcome.loss),
        deep(outcome.metrics),
        train,
    )


def _named(variables: tuple[Any, ...], names: Mapping[Any, str]) -> tuple[str, ...]:
    return tuple(sorted(str(names.get(label, label)) for label in variables))


def staging_differences(
    conversion: Conversion, params: Mapping[str, Any], legacy: Mapping[str, Outcome]
) -> tuple[list[str], dict[str, Outcome]]:
    """Everything in which the migrated program differs from the legacy one, and its outcomes."""
    results, problems = run_staged(conversion, params, legacy)
    if results[TRAIN].error:
        return [f"the migrated program raises {results[TRAIN].error}"], results
    found = list(problems)
    for mode, staged in results.items():
        before = legacy[mode]
        if mode != TRAIN:
            # The Keras model holds what any mode needs: its variables are compared in TRAIN, where all exist.
            before = dataclasses.replace(before, owners=staged.owners, variables=staged.variables)
        else:
            before = by_name(before)
            staged = by_name(staged)
        difference = sandbox.difference(before, staged)
        if difference:
            found.append(f"in {mode} {difference}")
    return found, results


def by_name(outcome: Outcome) -> Outcome:
    """Owners and variables sorted by name: Keras makes weights at the first call, in the order of the calls."""
    return dataclasses.replace(
        outcome,
        owners=sorted(outcome.owners, key=lambda o: str(o.label)),
        variables=dict(sorted(outcome.variables.items(), key=lambda item: str(item[0]))),
    )

"""Ties legacy variables to the variables of a live Keras model, and carries values across."""

# ruff: noqa: B905 -- zip() has no `strict` in Python 3.7

from __future__ import annotations

import fnmatch
import importlib.util
import os
import sys
from typing import Any, Dict, List, Optional, Tuple

import keras
import numpy

from . import permute


def load_weightmap() -> Any:
    """The module migrator/weightmap.py, by its path: the package itself is not importable here."""
    name = "migrator_worker_weightmap"
    if name not in sys.modules:
        here = os.path.dirname(os.path.abspath(__file__))
        spec = importlib.util.spec_from_file_location(name, os.path.join(here, "..", "..", "weightmap.py"))
        assert spec is not None and spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


class LiveModel(object):
    """Answers weightmap.expand's questions about a Keras model."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def get(self, path: str) -> Any:
        found = self.model
        for step in path.split(".") if path else []:
            found = _step(found, step)
            if found is None:
                return None
        return found

    def length(self, path: str) -> Optional[int]:
        found = self.get(path)
        return len(found) if isinstance(found, (list, tuple)) else None

    def exists(self, path: str) -> bool:
        return self.get(path) is not None

    def name(self, path: str) -> str:
        found = self.get(path)
        if found is None:
            raise load_weightmap().MapError("the model has no layer at %s" % path)
        return str(found.name)

    def kind(self, path: str) -> str:
        return type(self.get(path)).__name__

    def uncalled(self, path: str) -> bool:
        return isinstance(self.get(path), keras.layers.Layer) and not self.get(path).built


def _step(found: Any, step: str) -> Any:
    if isinstance(found, (list, tuple)):
        return found[int(step)] if step.isdigit() and int(step) < len(found) else None
    if isinstance(found, dict):
        return found.get(step)
    if hasattr(found, step):
        return getattr(found, step)
    if isinstance(found, keras.Sequential) or hasattr(found, "operations"):
        # In a functional model layers are known by name only; in any other, a name that Keras made up says nothing.
        return next((layer for layer in found.layers if layer.name == step), None)
    return None


class Tie(object):
    """Legacy variables (usually one) that become Keras variables (usually one), by a permutation or unchanged."""

    def __init__(self, legacy: List[str], paths: List[str], variables: List[Any], cell: Optional[permute.Cell]) -> None:
        self.legacy = legacy
        self.paths = paths
        self.variables = variables
        self.cell = cell

    def to_keras(self, values: Dict[str, Any], kind: str) -> List[Any]:
        """The legacy values as they stand in the Keras variables. `kind`: "weight", "gradient" or "move"."""
        arrays = [values[name] for name in self.legacy]
        if self.cell is None:
            return [numpy.reshape(arrays[0], self.variables[0].shape)]
        return self.cell.to_keras(arrays, kind)


class Ties(object):
    """The whole tie between two models, with what it leaves out on either side."""

    def __init__(self, ties: List[Tie], problems: List[str], guessed: bool) -> None:
        self.ties = ties
        self.problems = problems
        self.guessed = guessed

    def names(self) -> List[str]:
        return [name for tie in self.ties for name in tie.legacy]

    def variables(self) -> List[Tuple[str, Any]]:
        return [pair for tie in self.ties for pair in zip(tie.paths, tie.variables)]

    def assign(self, values: Dict[str, Any]) -> None:
        """Copies legacy values into the Keras model."""
        for tie in self.ties:
            for variable, value in zip(tie.variables, tie.to_keras(values, "weight")):
                variable.assign(numpy.asarray(value, dtype=as_numpy(variable).dtype))

    def read(self) -> Dict[str, Any]:
        """The Keras values by object path."""
        return {path: as_numpy(variable) for path, variable in self.variables()}

    def expected(self, values: Dict[str, Any], kind: str) -> Dict[str, Any]:
        """Legacy values by Keras object path; ties with an unknown value are left out."""
        found: Dict[str, Any] = {}
        for tie in self.ties:
            if all(name in values for name in tie.legacy):
                found.update(zip(tie.paths, tie.to_keras(values, kind)))
        return found


def as_numpy(variable: Any) -> Any:
    return numpy.asarray(variable.numpy() if hasattr(variable, "numpy") else variable)


def tie_by_map(model: Any, creation: Any, shapes: Dict[str, Tuple[int, ...]]) -> Ties:
    """Ties by the codemod's own map. `shapes`: the legacy variables that must be tied, in creation order."""
    weightmap = load_weightmap()
    live = LiveModel(model)
    problems: List[str] = []
    try:
        pairs = weightmap.expand(creation, live)
    except weightmap.MapError as error:
        return Ties([], ["the weight map does not fit the model: %s" % error], False)
    free = dict(shapes)
    ties: List[Optional[Tie]] = []
    # Known names first, so that a wildcard cannot take what belongs to another.
    for wildcards in (False, True):
        for index, pair in enumerate(pairs):
            if not wildcards:
                ties.append(None)
            if ("*" in pair.legacy) == wildcards:
                ties[index] = _tie(pair, live, free, problems)
    return Ties([tie for tie in ties if tie is not None], problems, False)


def _tie(pair: Any, live: LiveModel, free: Dict[str, Tuple[int, ...]], problems: List[str]) -> Optional[Tie]:
    found = live.get(pair.path)
    if found is None:
        problems.append("the model has nothing at %s" % pair.path)
        return None
    if pair.permute:
        cell = permute.Cell(pair.permute, found, pair.forget_bias)
        names = _match_scope(pair.legacy, cell.legacy, free)
        paths = ["%s.%s" % (pair.path, name) for name in cell.keras]
        variables = [getattr(found, name) for name in cell.keras]
        if names is None:
            problems.append("no legacy variables %s under %s for %s" % (cell.legacy, pair.legacy, pair.path))
            return None
        if not cell.fits(free[names[0]]):
            problems.append("%s has shape %s, not that of %s" % (names[0], list(free[names[0]]), pair.path))
            return None
        for name in names:
            del free[name]
        return Tie(names, paths, variables, cell)
    shape = tuple(found.shape)
    for name in free:
        if fnmatch.fnmatchcase(name, pair.legacy) and _same_shape(free[name], shape):
            del free[name]
            return Tie([name], [pair.path], [found], None)
    problems.append("no legacy variable %s of shape %s for %s" % (pair.legacy, list(shape), pair.path))
    return None


def _match_scope(scope: str, parts: List[str], free: Dict[str, Tuple[int, ...]]) -> Optional[List[str]]:
    for name in free:
        if fnmatch.fnmatchcase(name, "%s/%s" % (scope, parts[0])):
            prefix = name[: -len(parts[0])]
            if all(prefix + part in free for part in parts):
                return [prefix + part for part in parts]
    return None


def _same_shape(legacy: Tuple[int, ...], other: Tuple[int, ...]) -> bool:
    """Equal, or equal but for dimensions of one (a weight of shape [n] kept as [n, 1])."""
    return tuple(legacy) == tuple(other) or [d for d in legacy if d != 1] == [d for d in other if d != 1]


def untied(model: Any, ties: Ties) -> List[Any]:
    """The model's own variables that no tie holds, apart from random seeds and metrics."""
    tied = {id(variable) for _, variable in ties.variables()}
    metrics = {id(v) for metric in model.metrics for v in metric.variables}
    found = []
    for variable in model.variables:
        if id(variable) not in tied and id(variable) not in metrics and "seed_generator" not in variable.path:
            found.append(variable)
    return found

"""Ties between two models that nobody mapped: by name, shape and order of creation. Said to be guessed."""

from __future__ import annotations

import inspect
from typing import Any, Dict, List, Tuple

import keras

from . import permute
from .transplant import Tie, Ties, untied

_SAME = {"weights": "kernel", "biases": "bias", "W": "kernel", "b": "bias", "embedding_weights": "embeddings"}
_CELLS = {"LSTMCell": "lstm", "GRUCell": "gru", "SimpleRNNCell": "rnn"}
_SERIAL: Dict[int, int] = {}
ALIVE: List[Any] = []  # every Keras variable, in the order in which they were made


def install() -> None:
    """Counts Keras variables as they are made: lists of a model's variables are not in creation order."""
    owner: Any = next(cls for cls in inspect.getmro(keras.Variable) if "__init__" in vars(cls))
    plain = owner.__init__

    def init(self: Any, *arguments: Any, **options: Any) -> None:
        if id(self) not in _SERIAL:
            _SERIAL[id(self)] = len(_SERIAL)
            ALIVE.append(self)  # an id is only an id while its object lives
        plain(self, *arguments, **options)

    owner.__init__ = init


def tie_by_guess(model: Any, shapes: Dict[str, Tuple[int, ...]]) -> Ties:
    """`shapes`: the legacy trainable and moving variables in creation order."""
    free = dict(shapes)
    ties = _cells(model, free)
    done = Ties(list(ties), [], True)
    variables = sorted(untied(model, done), key=lambda variable: _SERIAL.get(id(variable), 0))
    rest = {_short(variable): variable for variable in variables}
    by_name = {name: _by_name(name, shape, rest) for name, shape in free.items()}
    if all(by_name.values()) and len(set(by_name.values())) == len(by_name):
        for name, path in by_name.items():
            ties.append(Tie([name], [str(path)], [rest[str(path)]], None))
        return Ties(ties, [], True)
    for name, shape in free.items():
        kind = _kind(name)
        alike = [p for p, v in rest.items() if tuple(v.shape) == tuple(shape)]
        same_kind = [p for p in alike if _kind(p) == kind] or alike
        if same_kind:
            ties.append(Tie([name], [same_kind[0]], [rest.pop(same_kind[0])], None))
    return Ties(ties, [], True)


def _cells(model: Any, free: Dict[str, Tuple[int, ...]]) -> List[Tie]:
    found = []
    for layer in model._flatten_layers():
        kind = _CELLS.get(type(layer).__name__)
        if kind is None or not layer.built:
            continue
        cell = permute.Cell(kind, layer, 1.0 if kind == "lstm" else 0.0)
        width = cell.inputs + cell.units
        for name in list(free):
            prefix = name[: -len(cell.legacy[0])]
            parts = [prefix + part for part in cell.legacy]
            if name.endswith("cell/" + cell.legacy[0]) and free[name][0] == width and all(p in free for p in parts):
                for part in parts:
                    del free[part]
                variables = [getattr(layer, attribute) for attribute in cell.keras]
                found.append(Tie(parts, [v.path for v in variables], variables, cell))
                break
    return found


def _short(variable: Any) -> str:
    return str(variable.path)


def _by_name(name: str, shape: Tuple[int, ...], rest: Dict[str, Any]) -> str:
    wanted = "/".join(name.split("/")[:-1] + [_kind(name)])
    for path, variable in rest.items():
        if (path == wanted or path.endswith("/" + wanted)) and tuple(variable.shape) == tuple(shape):
            return path
    return ""


def _kind(name: str) -> str:
    last = name.split("/")[-1]
    return _SAME.get(last, last)

"""The weight map: which legacy variable is which Keras variable, written by `lower` and expanded on the live model.

The contract is in docs/architecture.md, "Weight map". Nothing but the standard library is imported here: the verifier's
workers and the checkpoint converter load this file by its path, in interpreters that do not have this package.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol


class MapError(ValueError):
    """The map does not fit the object it is expanded on."""


class Live(Protocol):
    """Answers about the object that a map describes. Paths are dotted: "encoder.units.0"."""

    def length(self, path: str) -> int | None:
        """The number of elements when the attribute is a list, else None."""

    def exists(self, path: str) -> bool:
        """Whether the attribute is there and not None."""

    def name(self, path: str) -> str:
        """The `.name` of the Keras layer there."""

    def kind(self, path: str) -> str:
        """The name of the class of the object there."""

    def uncalled(self, path: str) -> bool:
        """Whether a layer is there that was never called, in a model that was."""


@dataclasses.dataclass(frozen=True)
class ModelMap:
    """One converted model_fn: its place before and after, and the tree of what it creates, in creation order."""

    unit: str
    legacy: Mapping[str, Any]
    target: Mapping[str, Any]
    creation: Sequence[Mapping[str, Any]]

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> ModelMap:
        """Reads the JSON form."""
        return cls(data.get("unit", ""), data.get("legacy", {}), data.get("target", {}), data.get("creation", ()))

    def data(self) -> dict[str, Any]:
        """The JSON form."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class Pair:
    """One line of an expanded map: a legacy variable name (`*` where it cannot be known) and a Keras variable's path.

    With `permute` the pair stands for a recurrent cell: `legacy` is the scope of its variables, `path` the object that
    holds kernel, recurrent_kernel and bias; `forget_bias` None is the one that the object says its biases begin with.
    """

    legacy: str
    path: str
    permute: str | None = None
    forget_bias: float | None = 0.0


def expand(creation: Sequence[Mapping[str, Any]], live: Live) -> list[Pair]:
    """The pairs of a creation tree, in creation order. Raises MapError when the tree does not fit the object."""
    scopes = _Scopes()
    return list(_nodes(creation, "", "", _Trip(), scopes, live))


@dataclasses.dataclass(frozen=True)
class _Trip:
    """Where in the enclosing loops a node is: `number` fills names, `indices` index the lists of the current object."""

    number: int | None = None
    indices: tuple[int, ...] = ()

    def fill(self, name: str) -> str:
        return name if self.number is None else name.replace("{i}", str(self.number))

    def into(self, number: int) -> _Trip:
        return _Trip(number, (*self.indices, number))

    def inside_object(self) -> _Trip:
        """An owning object has attributes of its own: the loops around it do not index them."""
        return _Trip(self.number)

    def place(self, path: str, attribute: str) -> str:
        return ".".join([*([path] if path else []), attribute, *map(str, self.indices)])


class _Scopes:
    """TF1's counting of default names: how often each scope was opened since its parent was entered."""

    def __init__(self) -> None:
        self._opened: dict[str, int] = {}

    def enter(self, parent: str, name: str, default: bool) -> str:
        """Opens a scope under `parent` and returns its full name; a default name gets the next free number."""
        full = _join(parent, name)
        if default and self._opened.get(full):
            number = 1
            while self._opened.get(f"{full}_{number}"):
                number += 1
            full = f"{full}_{number}"
        self._opened[full] = self._opened.get(full, 0) + 1
        return full

    def leave(self, full: str) -> None:
        """Forgets what was opened inside: the next activation of the scope counts anew."""
        for name in self._opened:
            if name.startswith(full + "/"):
                self._opened[name] = 0


def _nodes(
    creation: Sequence[Mapping[str, Any]], path: str, scope: str, trip: _Trip, scopes: _Scopes, live: Live
) -> Iterator[Pair]:
    for node in creation:
        if "unread" in node:
            continue  # variables that the Keras model does without
        if "loop" in node:
            yield from _loop(node["loop"], path, scope, trip, scopes, live)
        elif "optional" in node:
            yield from _nodes(_present(node["optional"], path, trip, live), path, scope, trip, scopes, live)
        elif "with" in node:
            inner = scopes.enter(scope, trip.fill(_known(node["with"])), node.get("default", False))
            yield from _nodes(node["creation"], path, inner, trip, scopes, live)
            scopes.leave(inner)
        elif "shared" not in node:
            yield from _object(node, path, scope, trip, scopes, live)
        elif "attr" in node:
            # entered again: no new variables, but default names are counted
            for _ in _object(node, path, scope, trip, scopes, live):
                pass


def _object(node: Mapping[str, Any], path: str, scope: str, trip: _Trip, scopes: _Scopes, live: Live) -> Iterator[Pair]:
    here = trip.place(path, node["attr"])
    if "variable" in node:
        # one that is made on the first call has a holder, and may never have been asked for
        where = f"{here}.{node['held']}" if "held" in node else here
        if "held" in node and not live.exists(where):
            return
        yield Pair(_join(scope, trip.fill(_known(node["variable"]))), where)
    elif "creation" in node:
        # An owning object. Without a scope of its own it creates in the scope it stands in.
        inner = scope
        if node.get("scope") is not None:
            inner = scopes.enter(scope, trip.fill(node["scope"]), node.get("default", False))
        yield from _nodes(_creation(node, here, live), here, inner, trip.inside_object(), scopes, live)
        if inner != scope:
            scopes.leave(inner)
    else:
        yield from _layer(node, here, scope, trip, scopes, live)


def _creation(node: Mapping[str, Any], here: str, live: Live) -> Sequence[Mapping[str, Any]]:
    """What an owning object creates; of several classes that it may be of, what its own creates."""
    for other in node.get("otherwise", ()):
        if live.kind(here) == other["class"]:
            found: Sequence[Mapping[str, Any]] = other["creation"]
            return found
    creation: Sequence[Mapping[str, Any]] = node["creation"]
    return creation


def _layer(node: Mapping[str, Any], here: str, scope: str, trip: _Trip, scopes: _Scopes, live: Live) -> Iterator[Pair]:
    if live.uncalled(here):
        return  # TensorFlow 1 did not make it: its default name was not counted
    name = node.get("scope")
    name = trip.fill(name) if name is not None else live.name(here)
    anywhere = name.startswith("*")  # a Keras layer: numbered over the whole graph, under the open name scope
    full = name if anywhere else scopes.enter(scope, name, node.get("default", False))
    if node.get("permute"):
        holder = f"{here}.cell" if live.exists(f"{here}.cell") else here
        known = node.get("forget_bias", 0.0)
        yield Pair(full, holder, node["permute"], None if known is None else float(known))
    else:
        for variable, attribute in node.get("weights", {}).items():
            where = f"{here}.{attribute}"
            if where.endswith(
                ".*"
            ):  # a list of variables, as many as the layer has: the first star is each one's own name
                places = [f"{where[:-1]}{number}" for number in range(live.length(where[:-2]) or 0)]
                yield from (Pair(f"{full}/{variable.replace('*', live.name(place), 1)}", place) for place in places)
                continue
            if live.exists(where):  # a layer without bias has None there, and the legacy one no variable
                yield Pair(f"{full}/{variable}", where)
    if not anywhere:
        scopes.leave(full)


def _loop(
    nodes: Sequence[Mapping[str, Any]], path: str, scope: str, trip: _Trip, scopes: _Scopes, live: Live
) -> Iterator[Pair]:
    for number in range(_trips(nodes, path, trip, live)):
        yield from _nodes(nodes, path, scope, trip.into(number), scopes, live)


def _trips(nodes: Sequence[Mapping[str, Any]], path: str, trip: _Trip, live: Live) -> int:
    """How often a loop ran: the length of the lists that it filled."""
    lengths = {}
    for attribute in _attributes(nodes):
        length = live.length(trip.place(path, attribute))
        if length is None and live.exists(trip.place(path, attribute)):
            raise MapError(f"{trip.place(path, attribute)} is filled in a loop but is not a list")
        lengths[attribute] = length or 0
    if len(set(lengths.values())) > 1:
        raise MapError(f"lists that one loop filled differ in length: {lengths}")
    return next(iter(lengths.values()), 0)


def _attributes(nodes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for node in nodes:
        if "shared" in node:
            continue
        if "attr" in node:
            yield node["attr"]
        else:
            for inner in ("loop", "optional", "creation"):
                yield from _attributes(node.get(inner, ()))


def _present(nodes: Sequence[Mapping[str, Any]], path: str, trip: _Trip, live: Live) -> list[Mapping[str, Any]]:
    """The nodes whose attributes are there; scopes and loops without any were never entered."""
    found: list[Mapping[str, Any]] = []
    for node in nodes:
        if "attr" in node:
            found += [node] if live.exists(trip.place(path, node["attr"])) else []
            continue
        key = next((k for k in ("loop", "optional", "creation") if k in node), None)
        inner = _present(node[key], path, trip, live) if key else []
        if inner and key:
            found.append({**node, key: inner})
    return found


def _known(name: str | None) -> str:
    return "*" if name is None else name


def _join(scope: str, name: str) -> str:
    return f"{scope}/{name}" if scope and name else scope or name

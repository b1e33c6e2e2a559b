"""Methods in which a model and its layers tell the names that their variables had in TensorFlow 1."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from migrator.lower.reading.owner import Owner

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context

Node = dict[str, Any]
COUNTERS = "ijklmn"


class Unnamed(Exception):
    """A variable whose legacy name cannot be told; carries why."""


@dataclasses.dataclass(frozen=True)
class Place:
    """Where in the method a node is told: its indentation, the loops around it, and what holds each list's element."""

    indent: str
    depth: int = 0
    holders: tuple[tuple[str, str], ...] = ()

    def deeper(self) -> Place:
        """Inside one more block."""
        return dataclasses.replace(self, indent=self.indent + "    ")

    def object(self, attribute: str) -> str:
        """The expression of an attribute's object."""
        return dict(self.holders).get(attribute, f"self.{attribute}")

    def text(self, name: str) -> str:
        """A name as source; the number of a trip is filled in."""
        if "{i}" not in name:
            return repr(name)
        return "f" + repr(name.replace("{i}", "{" + COUNTERS[self.depth - 1] + "}"))


def names_method(creation: Sequence[Node], indent: str = "    ") -> list[str]:
    """`legacy_names` of one class, from the creation tree of its weight map. Raises Unnamed."""
    lines = list(told(creation, Place(indent * 2)))
    doc = f'{indent * 2}"""Tells the names that the variables had in TensorFlow 1."""'
    return [f"{indent}def legacy_names(self, names):", doc, *(lines or [])]


def told(nodes: Sequence[Node], place: Place) -> Iterator[str]:
    """The statements for some nodes of a creation tree."""
    for node in nodes:
        if "loop" in node:
            yield from loop(node["loop"], place)
        elif "optional" in node:
            yield from optional(node["optional"], place)
        elif "with" in node:
            inner = list(told(node["creation"], place.deeper()))
            if inner:
                yield scope_line(place, node["with"], node.get("default", False), node.get("expression"))
                yield from inner
        elif "shared" in node:
            inner = list(owned(node, place.deeper())) if "attr" in node else []
            if inner:
                yield f"{place.indent}with names.again():"
                yield from inner
        else:
            yield from owned(node, place)


def optional(nodes: Sequence[Node], place: Place) -> Iterator[str]:
    """The statements for what may not have been made: each object is asked for where it is named."""
    deeper = place.deeper()
    for node in nodes:
        first = next(attributes([node]), None)
        if "optional" in node:
            yield from optional(node["optional"], place)
        elif first is not None and (inner := list(told([node], deeper))):
            yield f"{place.indent}if {there(first, place)}:"
            yield from inner


def there(attribute: str, place: Place) -> str:
    """A test whether an object that may not have been made is there."""
    held = dict(place.holders).get(attribute)
    return f"{held} is not None" if held else f"getattr(self, {attribute!r}, None) is not None"


def scope_line(place: Place, name: str | None, default: bool, expression: str | None = None) -> str:
    """The statement that enters a scope; one whose name is computed has an expression for it."""
    if expression is not None:
        return f"{place.indent}with names.scope({expression}):"
    if name is None or "*" in name:
        raise Unnamed("a scope has a name that is computed")
    return f"{place.indent}with names.scope({place.text(name)}{', default=True' if default else ''}):"


def owned(node: Node, place: Place) -> Iterator[str]:
    """The statements for one variable, layer or object of layers."""
    held = place.object(node["attr"])
    if "variable" in node:
        name = node["variable"]
        if name is None or "*" in name:
            raise Unnamed(f"the variable `{node['attr']}` has a name that is computed")
        yield f"{place.indent}names.variable({place.text(name)}, {held}{'.' + node['held'] if 'held' in node else ''})"
    elif "creation" in node:
        if not node["creation"] and not node.get("otherwise"):
            return
        if node.get("class") in ("DynamicRNN", "BidirectionalRNN"):
            raise Unnamed(f"the recurrent layer `{node['attr']}` keeps its weights in another order")
        if node.get("scope") is not None:
            yield scope_line(place, node["scope"], node.get("default", False))
            place = place.deeper()
        yield f"{place.indent}{held}.legacy_names(names)"
    else:
        yield from layer(node, held, place)


def layer(node: Node, held: str, place: Place) -> Iterator[str]:
    """The statement for one layer with weights."""
    weights: dict[str, str] = node.get("weights", {})
    scope = node.get("scope")
    if node.get("permute"):
        raise Unnamed(f"the recurrent layer `{node['attr']}` keeps its weights in another order")
    if scope is not None and "*" in scope or any("*" in name for name in weights):
        raise Unnamed(f"the Keras layer `{node['attr']}` was numbered over the whole graph")
    if not weights:
        return
    name = place.text(scope) if scope is not None else f"{held}.name"
    same = all(name == path for name, path in weights.items())
    shown = repr(list(weights)) if same else repr(weights)
    yield f"{place.indent}names.layer({held}, {name}, {shown}{', default=True' if node.get('default') else ''})"


def loop(nodes: Sequence[Node], place: Place) -> Iterator[str]:
    """A loop over the lists that a loop filled."""
    found = list(dict.fromkeys(attributes(nodes)))
    if not found or place.depth >= len(COUNTERS):
        return
    counter = COUNTERS[place.depth]
    items = [f"{name.replace('.', '_')}_{counter}" for name in found]
    sources = [place.object(name) for name in found]
    held = dict(place.holders) | dict(zip(found, items, strict=True))
    inner = dataclasses.replace(place.deeper(), depth=place.depth + 1, holders=tuple(held.items()))
    lines = list(told(nodes, inner))
    if not lines:
        return
    if any("{" + counter + "}" in line for line in lines):
        head = items[0] if len(items) == 1 else f"({', '.join(items)})"
        over = sources[0] if len(sources) == 1 else f"zip({', '.join(sources)})"
        yield f"{place.indent}for {counter}, {head} in enumerate({over}):"
    else:
        over = sources[0] if len(sources) == 1 else f"zip({', '.join(sources)})"
        yield f"{place.indent}for {', '.join(items)} in {over}:"
    yield from lines


def attributes(nodes: Sequence[Node]) -> Iterator[str]:
    """The attributes of one object that some nodes describe."""
    for node in nodes:
        if "shared" in node:
            continue
        if "attr" in node:
            yield node["attr"]
            continue
        for inner in ("loop", "optional", "creation"):
            yield from attributes(node.get(inner, ()))


def name_owners(ctx: Context) -> None:
    """Give every layer class of a unit its `legacy_names`. Raises Unnamed."""
    for owner in ctx.owners.values():
        if isinstance(owner, Owner) and not owner.names_told and owner.creation:
            owner.names_told = True
            method = names_method(owner.creation)
            owner.text = owner.text.rstrip("\n") + "\n\n" + "\n".join(method)

"""Symbolic tensors: hash-consed expressions with static shapes, so that two programs compare by identity of results.

Both fakes (`fake_tf`, `fake_keras`) build expressions only through this module. Equal operations on equal operands are
one object, for as long as `forget()` is not called.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

Shape = tuple[int | None, ...] | None
_table: dict[Any, Tensor] = {}


class Dimension(int):
    """A known dimension as TensorFlow 1 gives it: an int that also has `.value`."""

    @property
    def value(self) -> int:
        return int(self)


class UnknownDimension:
    """An unknown dimension as TensorFlow 1 gives it: arithmetic stays unknown, `.value` is None."""

    value = None

    def __repr__(self) -> str:
        return "Dimension(None)"


class StaticShape:
    """What `tensor.shape` and `tensor.get_shape()` return."""

    def __init__(self, dims: tuple[int | None, ...], legacy: bool = True) -> None:
        self._dims = dims
        self._legacy = legacy

    def _wrap(self, dim: int | None) -> Any:
        if not self._legacy:
            return dim
        return UnknownDimension() if dim is None else Dimension(dim)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return StaticShape(self._dims[key], self._legacy)
        return self._wrap(self._dims[key])

    def __len__(self) -> int:
        return len(self._dims)

    def __iter__(self) -> Iterator[Any]:
        return iter([self._wrap(d) for d in self._dims])

    @property
    def ndims(self) -> int:
        return len(self._dims)

    rank = ndims

    def as_list(self) -> list[int | None]:
        return list(self._dims)


class Tensor:
    """One expression: an operation and its operands (tensors, constants, tuples of these)."""

    __slots__ = ("args", "key", "op", "static")
    __array_priority__ = 100

    def __init__(self, op: str, args: tuple[Any, ...], static: Shape, key: Any) -> None:
        self.op = op
        self.args = args
        self.static = static
        self.key = key

    @property
    def shape(self) -> StaticShape:
        if self.static is None:
            raise ValueError(f"unknown rank of {self.op}")
        return StaticShape(self.static, legacy=current().legacy)

    def get_shape(self) -> StaticShape:
        return self.shape

    @property
    def name(self) -> str:
        return f"{self.args[0]}:0" if self.op == "variable" else f"{self.op}:0"

    @property
    def dtype(self) -> str:
        return "float32"

    def __bool__(self) -> bool:
        raise TypeError("using a symbolic tensor as a Python bool is not allowed")

    def __iter__(self) -> Iterator[Any]:
        raise TypeError("a symbolic tensor is not iterable")

    def __getitem__(self, key: Any) -> Tensor:
        return make("getitem", self, freeze(key), static=_item_shape(self.static, key))

    def __repr__(self) -> str:
        return show(self)

    def __add__(self, other: Any) -> Tensor:
        return elementwise("add", self, other)

    def __radd__(self, other: Any) -> Tensor:
        return elementwise("add", other, self)

    def __sub__(self, other: Any) -> Tensor:
        return elementwise("subtract", self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return elementwise("subtract", other, self)

    def __mul__(self, other: Any) -> Tensor:
        return elementwise("multiply", self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return elementwise("multiply", other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return elementwise("divide", self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return elementwise("divide", other, self)

    def __pow__(self, other: Any) -> Tensor:
        return elementwise("pow", self, other)

    def __neg__(self) -> Tensor:
        return elementwise("negative", self)

    def __gt__(self, other: Any) -> Tensor:
        return elementwise("greater", self, other)

    def __lt__(self, other: Any) -> Tensor:
        return elementwise("less", self, other)


@dataclasses.dataclass
class Owner:
    """What creates variables together: one layer, or one raw variable. `settings` are what its weights depend on."""

    label: Any
    kind: str
    settings: tuple[Any, ...]
    listed: bool = dataclasses.field(default=False, compare=False)


@dataclasses.dataclass
class Record:
    """What one run of a program did, in order. `legacy` says which shape objects tensors hand out."""

    legacy: bool = True
    owners: list[Owner] = dataclasses.field(default_factory=list)
    variables: dict[Any, Shape] = dataclasses.field(default_factory=dict)
    draws: list[tuple[Any, ...]] = dataclasses.field(default_factory=list)
    collections: dict[str, list[Any]] = dataclasses.field(default_factory=dict)

    def draw(self, *what: Any) -> int:
        """Note one random draw and return its ordinal."""
        self.draws.append(what)
        return len(self.draws) - 1

    def collection(self, name: str) -> list[Any]:
        return self.collections.setdefault(name, [])


_records: list[Record] = [Record()]


def current() -> Record:
    """The record of the program that runs now."""
    return _records[-1]


class recording:
    """`with recording(record):` programs inside note their doings there."""

    def __init__(self, record: Record) -> None:
        self.record = record

    def __enter__(self) -> Record:
        _records.append(self.record)
        return self.record

    def __exit__(self, *exc: object) -> None:
        _records.pop()


def forget() -> None:
    """Drop all expressions made so far; tensors from before no longer compare equal to new ones."""
    _table.clear()


def freeze(value: Any) -> Any:
    """A hashable form of an operand."""
    if isinstance(value, (Tensor, int, float, str)) or value is None:
        return value
    if isinstance(value, (list, tuple)):
        return tuple(freeze(v) for v in value)
    if isinstance(value, dict):
        return tuple((k, freeze(v)) for k, v in value.items())
    if isinstance(value, slice):
        return ("slice", value.start, value.stop, value.step)
    if isinstance(value, StaticShape):
        return tuple(value.as_list())
    return value


def make(op: str, *args: Any, static: Shape = None) -> Tensor:
    """The one tensor of this operation on these operands."""
    frozen = tuple([freeze(a) for a in args])
    key = (op, frozen)
    found = _table.get(key)
    if found is None:
        found = _table[key] = Tensor(op, frozen, static, key)
    return found


def shape_of(value: Any) -> Shape:
    """The static shape of an operand; a Python number is a scalar."""
    return value.static if isinstance(value, Tensor) else ()


def elementwise(op: str, *operands: Any) -> Tensor:
    """An operation on broadcast operands."""
    static: Shape = ()
    for operand in operands:
        static = broadcast(static, shape_of(operand))
    return make(op, *operands, static=static)


def broadcast(a: Shape, b: Shape) -> Shape:
    """The shape of an element-wise result; raises ValueError where TensorFlow would."""
    if a is None or b is None:
        return None
    length = max(len(a), len(b))
    left, right = (1,) * (length - len(a)) + a, (1,) * (length - len(b)) + b
    dims: list[int | None] = []
    for x, y in zip(left, right, strict=True):
        if x == 1 or y == 1:
            dims.append(y if x == 1 else x)
        elif x is None or y is None:
            dims.append(x if y is None else y)
        elif x != y:
            raise ValueError(f"dimensions must be equal, but are {x} and {y}")
        else:
            dims.append(x)
    return tuple(dims)


def _item_shape(static: Shape, key: Any) -> Shape:
    if static is None:
        return None
    keys = key if isinstance(key, tuple) else (key,)
    dims: list[int | None] = []
    for position, dim in enumerate(static):
        if position >= len(keys):
            dims.append(dim)
        elif isinstance(keys[position], slice):
            part = keys[position]
            whole = part == slice(None)
            dims.append(dim if whole else None if dim is None else len(range(*part.indices(dim))))
    return tuple(dims)


def rewrite(value: Any, change: Callable[[Tensor], Tensor | None], seen: dict[int, Tensor] | None = None) -> Any:
    """The value with every tensor for which `change` answers replaced; the rest rebuilt around it."""
    seen = {} if seen is None else seen
    if isinstance(value, tuple):
        return tuple(rewrite(v, change, seen) for v in value)
    if not isinstance(value, Tensor):
        return value
    if id(value) not in seen:
        new = change(value)
        if new is None:
            new = make(value.op, *(rewrite(a, change, seen) for a in value.args), static=value.static)
        seen[id(value)] = new
    return seen[id(value)]


def walk(value: Any) -> Iterator[Tensor]:
    """Every tensor below a value, each once."""
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Tensor):
            if id(item) in seen:
                continue
            seen.add(id(item))
            yield item
            waiting.extend(reversed(item.args))
        elif isinstance(item, (tuple, list)):
            waiting.extend(reversed(item))
        elif isinstance(item, dict):
            waiting.extend(reversed(item.values()))


def show(value: Any, names: dict[int, str] | None = None) -> str:
    """Readable text of an expression; `names`: what to print for tensors listed elsewhere."""
    if isinstance(value, Tensor):
        if names is not None and id(value) in names:
            return names[id(value)]
        if value.op in ("variable", "input"):
            return f"<{value.args[0]}>"
        return f"{value.op}({', '.join(show(a, names) for a in value.args)})"
    if isinstance(value, tuple):
        return f"({', '.join(show(v, names) for v in value)})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k!r}: {show(v, names)}" for k, v in value.items()) + "}"
    return repr(value)


def listing(value: Any) -> list[str]:
    """An expression as lines, every tensor that is used more than once on a line of its own."""
    uses: dict[int, int] = {}
    tensors = list(walk(value))
    for tensor in tensors:
        for operand in _operands(tensor.args):
            uses[id(operand)] = uses.get(id(operand), 0) + 1
    names: dict[int, str] = {}
    lines: list[str] = []
    for tensor in _bottom_up(value):
        if uses.get(id(tensor), 0) > 1 and tensor.op not in ("variable", "input"):
            lines.append(f"t{len(lines)} = {show(tensor, names)}")
            names[id(tensor)] = f"t{len(lines) - 1}"
    return [*lines, show(value, names)]


def _operands(args: Any) -> Iterator[Tensor]:
    for item in args:
        if isinstance(item, Tensor):
            yield item
        elif isinstance(item, tuple):
            yield from _operands(item)


def _bottom_up(value: Any, seen: set[int] | None = None) -> Iterator[Tensor]:
    seen = set() if seen is None else seen
    if isinstance(value, (tuple, list)):
        for item in value:
            yield from _bottom_up(item, seen)
    elif isinstance(value, dict):
        yield from _bottom_up(tuple(value.values()), seen)
    elif isinstance(value, Tensor) and id(value) not in seen:
        seen.add(id(value))
        yield from _bottom_up(value.args, seen)
        yield value

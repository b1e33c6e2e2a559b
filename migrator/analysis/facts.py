"""What the evaluation of a model_fn found out, per syntax node: values by mode, callees, activations, creations."""

from __future__ import annotations

import ast
import dataclasses
import functools
from typing import TYPE_CHECKING

from migrator.analysis.values import (
    Function,
    Result,
    Scope,
    Stage,
    Value,
    depends_on_mode,
    join,
    join_all,
    stage_of,
    truth,
)

if TYPE_CHECKING:
    from migrator.source.module import Module

MODES = ("train", "eval", "infer")

Trip = tuple[tuple[ast.AST, int | None], ...]  # the loops around, outermost first, and the number of each one's trip


@dataclasses.dataclass(frozen=True)
class Refusal:
    """A reason why a unit cannot be converted, at a line."""

    rule: str
    path: str
    line: int
    message: str


@dataclasses.dataclass(eq=False)
class Creation:
    """One variable-owning library call in one activation. `name` may hold `*` where it cannot be known."""

    call: ast.Call
    name: str
    reused: bool
    mode: str
    frame: Frame | None = None  # the activation that the call stands in
    trip: Trip = ()
    shared: frozenset[ast.AST] = frozenset()  # the loops of unknown length whose trips all use these variables
    sure: bool = True  # the name does not depend on what a branch skips
    before: frozenset[object] = frozenset()  # what was made under that name before, where its number is not known


@dataclasses.dataclass(eq=False)
class Frame:
    """One activation of a function: the call, its arguments, and what it created, callees included."""

    function: Function | None
    module: Module
    call: ast.Call | None
    mode: str
    parent: Frame | None
    arguments: dict[str, Value] = dataclasses.field(default_factory=dict)
    creations: list[Creation] = dataclasses.field(default_factory=list)
    returned: Value | None = None
    scope: Scope | None = None
    supposed: bool = False  # the call does not really happen
    trip: Trip = ()  # on which it is called

    def on_path(self, node: ast.AST) -> int:
        """How many activations of this definition are under way, this one included."""
        frame: Frame | None = self
        count = 0
        while frame is not None:
            count += frame.function is not None and frame.function.node is node
            frame = frame.parent
        return count


@dataclasses.dataclass(eq=False)
class Facts:
    """The result of evaluating one model_fn in every mode."""

    values: dict[ast.AST, dict[str, Value]] = dataclasses.field(default_factory=dict)
    reached: dict[ast.AST, set[str]] = dataclasses.field(default_factory=dict)
    callees: dict[ast.Call, list[Value]] = dataclasses.field(default_factory=dict)
    activations: dict[ast.Call, list[Frame]] = dataclasses.field(default_factory=dict)
    frames: dict[ast.AST, list[Frame]] = dataclasses.field(default_factory=dict)  # by definition
    refusals: list[Refusal] = dataclasses.field(default_factory=list)
    creations: dict[str, list[Creation]] = dataclasses.field(default_factory=dict)  # by mode, in order
    applied: dict[tuple[ast.Call, str], ast.Call] = dataclasses.field(default_factory=dict)  # see spec_functions
    changes: dict[ast.Call, set[str]] = dataclasses.field(default_factory=dict)  # names whose objects a call changes
    static_changes: set[ast.Call] = dataclasses.field(default_factory=set)  # those of what construction may read
    inputs_changed: set[str] = dataclasses.field(default_factory=set)  # parameters of the model_fn, changed in place
    set_by_mode: dict[ast.AST, str] = dataclasses.field(default_factory=dict)  # stores of a branch on the mode, by name
    entered: dict[ast.AST, set[str]] = dataclasses.field(default_factory=dict)  # scopes entered again: names inside
    kept_unknown: set[ast.AST] = dataclasses.field(default_factory=set)  # keep a tensor in an object that is not known
    scopes: dict[ast.AST, Scope] = dataclasses.field(default_factory=dict)  # comprehension -> the names inside it
    written: dict[tuple[ast.Call, str], ast.Call] = dataclasses.field(default_factory=dict)  # see written.call
    repeats: dict[ast.Call, int] = dataclasses.field(default_factory=dict)  # calls of `slim.repeat`, how often
    under_defaults: set[ast.Call] = dataclasses.field(default_factory=set)  # what they take of a scope's is known
    repeated: set[ast.expr] = dataclasses.field(default_factory=set)  # arguments that a scope gives to many calls
    normalizers: dict[ast.Call, list[ast.Call | str]] = dataclasses.field(default_factory=dict)  # see arg_scopes
    phases: dict[str, set[bool | None]] = dataclasses.field(default_factory=dict)  # see phases, by mode
    _joined: dict[ast.AST, Value] = dataclasses.field(default_factory=dict)  # what `value` gave for all modes

    def record(self, node: ast.AST, mode: str, value: Value) -> None:
        """Add one evaluation of an expression."""
        if self._joined:
            self._joined.clear()
        by_mode = self.values.get(node)
        if by_mode is None:
            self.values[node] = {mode: value}
        else:
            by_mode[mode] = join(by_mode[mode], value) if mode in by_mode else value

    def value(self, node: ast.AST, mode: str | None = None) -> Value | None:
        """What the expression may be in a mode, or in any; None when it was never evaluated there."""
        by_mode = self.values.get(node)
        if not by_mode:
            return None
        if mode:
            return by_mode.get(mode)
        if node not in self._joined:
            self._joined[node] = join_all(by_mode.values())
        return self._joined[node]

    @functools.cached_property
    def results(self) -> dict[str, list[Result]]:
        """Symbol -> what its calls gave, wherever that is surely it. To be asked for when the evaluation is over."""
        found: dict[str, list[Result]] = {}
        for by_mode in self.values.values():
            for value in by_mode.values():
                if isinstance(value, Result):
                    found.setdefault(value.symbol, []).append(value)
        return found

    def stage(self, node: ast.AST) -> Stage:
        """The latest stage of the expression over all modes and activations."""
        return max((stage_of(v) for v in self.values.get(node, {}).values()), default=Stage.STATIC)

    def mode_dependent(self, node: ast.AST) -> bool:
        """True when the expression differs between modes."""
        return any(depends_on_mode(v) for v in self.values.get(node, {}).values())

    def true_in(self, node: ast.AST) -> frozenset[str] | None:
        """The modes in which the expression holds; None when some mode leaves it open."""
        found = set()
        for mode, value in self.values.get(node, {}).items():
            holds = truth(value)
            if holds is None:
                return None
            if holds:
                found.add(mode)
        return frozenset(found)

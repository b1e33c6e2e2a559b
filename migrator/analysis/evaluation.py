"""The state of one evaluation, which its parts share: facts, mode, open scopes, the active frame, what is created."""

from __future__ import annotations

import abc
import ast
from typing import TYPE_CHECKING

from migrator.analysis import scopes, sites, trips
from migrator.analysis.facts import Creation, Facts, Frame, Refusal
from migrator.analysis.scopes import ScopeStack
from migrator.analysis.soundness import active
from migrator.analysis.values import Function, Scope, Symbol, Value, constant_text, is_none

if TYPE_CHECKING:
    from migrator.analysis.told import Told
    from migrator.rulebook import Rulebook
    from migrator.source.module import Module
    from migrator.source.project import Project


class Evaluation(abc.ABC):
    """One evaluation: its state, and what its parts ask of the whole."""

    def __init__(self, project: Project, rules: Rulebook) -> None:
        self.project = project
        self.rules = rules
        self.modules: dict[str, Scope] = {}
        self.functions: dict[ast.AST, Function] = {}  # every definition met, with its scope
        self.evaluated: dict[tuple[ast.AST | Told, ...], Facts] = {}  # the facts of model_fns, in every mode
        self.all_calls = 0
        self.told: Told = frozenset()  # parameters that an earlier run found to tell the mode
        self.untrained: Told = frozenset()  # parameters that tell it in other model_fns, and are False in this one
        self.begin("", Facts())

    def begin(self, mode: str, facts: Facts) -> None:
        """Start the evaluation of one graph."""
        self.mode = mode
        self.facts = facts
        self.scopes = ScopeStack()
        self.arg_scopes: list[scopes.Table] = [{}]  # the defaults of the open arg_scopes, innermost last
        self.kept_scopes: dict[int, tuple[Value, scopes.Table]] = {}  # those of arg_scopes under a name
        self.frame: Frame | None = None
        self.weak = 0  # > 0 while a branch that may not run is evaluated: heap writes are then joins
        self.calls = 0
        self.module_level = 0
        self.bound_at_top: dict[ast.stmt, dict[str, Value]] = {}  # what a statement binds to names that are bound again
        self.supposed_stores: list[tuple[dict[str, Value], str, Value]] = []
        self.supposing = 0  # > 0 while code is evaluated that does not run here
        self.by_mode: Frame | None = None  # the activation in a branch that the mode decided
        self.called_layers: dict[int, tuple[Value, ast.Call, str]] = {}  # layer objects called, by identity
        self.phase: bool | None = False  # the learning phase of tf.keras; None: not known
        self.trip: list[tuple[ast.AST, int | None]] = []  # the open loops, and the number of each one's trip
        self.loops: dict[tuple[object, ...], trips.Loop] = {}  # those of unknown length, by the way that leads there

    def callee_name(self, node: ast.expr) -> str:
        """The library name that a call calls; "" for anything else."""
        called = self.facts.callees.get(node, []) if isinstance(node, ast.Call) else []
        return called[0].name if len(called) == 1 and isinstance(called[0], Symbol) else ""

    def unknown_loop(self, node: ast.AST) -> trips.Loop:
        """A loop of unknown length: the same one wherever the same calls and the same trips lead to it."""
        return self.loops.setdefault((node, self.calls_here(), *self.trip), trips.Loop(node))

    @property
    def current_function(self) -> ast.AST | None:
        """The function that is being evaluated."""
        return self.frame.function.node if self.frame is not None and self.frame.function is not None else None

    def calls_here(self) -> tuple[ast.Call | None, ...]:
        """The calls under way, innermost first."""
        found: list[ast.Call | None] = []
        frame = self.frame
        while frame is not None:
            found.append(frame.call)
            frame = frame.parent
        return tuple(found)

    def create_object(self, call: ast.Call, layer: Value, name: Value | None, base: str) -> None:
        """Record the call of a layer object: the first makes its variables, every later one uses them again.

        An object made in a loop of unknown length stands for many: the same call on it is a call on another one.
        """
        known = self.called_layers.get(id(layer)) if active("layer-object") else None
        if known is None or known[1] is call:
            full = self.create(call, name, base)
            self.called_layers[id(layer)] = (layer, call, full)
        elif not self.supposing:
            self.add_creation(Creation(call, known[2], True, self.mode, self.frame, tuple(self.trip)))

    def create(self, call: ast.Call, name: Value | None, base: str, reuse: str = "no") -> str:
        """Record that a library call makes variables; their full legacy name, "" when the call does not really run."""
        if self.supposing:
            return ""
        given = constant_text(name)
        if base.startswith("*"):
            full = self.scopes.numbered(base if given is None else f"*{given}*")
            before = self.scopes.made_before(full, call)
            self.add_creation(Creation(call, full, False, self.mode, self.frame, tuple(self.trip), before=before))
            return full
        if self.scopes.top.defaults and call not in self.facts.under_defaults and self.frame is not None:
            message = "a variable_scope gives it a default initializer or regularizer, which it may take"
            self.refuse("scope-defaults", call, message, self.frame.module)
        self.scopes.conditions = self.weak - self.scopes.loops
        sure = name is None or given is not None or is_none(name) is True
        if given is None and name is not None and is_none(name) is not True:
            local = "*"
        elif given is None and reuse == "yes":
            self.scopes.open(base)
            local = base  # the first of that kind, whatever was made since
        elif given is None:
            sure = self.scopes.certain(base)
            local = self.scopes.default(base)
        else:
            self.scopes.open(given)
            local = given
        apart = trips.of(name) if given is None and name is not None else self.scopes.numbered_apart(local)
        shared = self.scopes.shared(apart, sure)
        place = (call, *self.calls_here())
        full, reused = self.scopes.create(local, reuse, place, tuple(self.trip), shared is not None)
        if reused is None:
            module = self.frame.module if self.frame is not None else None
            message = "whether one trip of a loop uses the variables of another is not known"
            if module is not None:
                self.refuse("reuse-unknown", call, message, module)
            reused = False
        everywhere = frozenset(loop.node for loop in shared or () if isinstance(loop, trips.Loop))
        made = Creation(call, full, reused, self.mode, self.frame, tuple(self.trip), everywhere, sure)
        made.before = self.scopes.made_before(full, call)
        self.add_creation(made)
        return full

    def add_creation(self, creation: Creation) -> None:
        """Record a creation for the graph and for every activation under way."""
        self.facts.creations.setdefault(self.mode, []).append(creation)
        frame = self.frame
        while frame is not None:
            frame.creations.append(creation)
            frame = frame.parent

    def refuse(self, rule: str, node: ast.AST, message: str, module: Module, supposed: bool = False) -> None:
        """Record a reason against converting what is being evaluated.

        What is only supposed is refused by the lowering where it cannot be written; `supposed` refuses it here.
        """
        if self.supposing and not supposed:
            return
        refusal = Refusal(rule, module.path, getattr(node, "lineno", 1), message)
        if refusal not in self.facts.refusals:
            self.facts.refusals.append(refusal)

    # ------------------------------------------------------------------------------------------- the whole
    @abc.abstractmethod
    def bind(self, name: str, value: Value, scope: Scope) -> None:
        """Bind a name; global and nonlocal names are bound where they live."""

    @abc.abstractmethod
    def block(self, statements: list[ast.stmt], scope: Scope) -> bool:
        """Evaluate statements in order; False when control surely does not reach the end."""

    @abc.abstractmethod
    def eval(self, node: ast.expr, scope: Scope) -> Value:
        """The abstract value of an expression; recorded in the facts."""

    @abc.abstractmethod
    def assign(self, target: ast.expr, value: Value, scope: Scope) -> None:
        """Assign to a name, attribute, subscript or tuple of them."""

    @abc.abstractmethod
    def call_value(self, site: sites.Site, callee: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """What calling a value gives."""

    @abc.abstractmethod
    def call_function(
        self, function: Function, site: sites.Site | None, args: list[Value], kwargs: dict[str, Value]
    ) -> Value:
        """What running a function of the program gives; it may run without a call in sight."""

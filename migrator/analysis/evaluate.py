"""Abstract evaluation of Python: statements and expressions of one model_fn in one mode, callees included."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from migrator.analysis import calls, changes, lookup, trips
from migrator.analysis.facts import Creation, Facts, Frame, Refusal
from migrator.analysis.scopes import ScopeStack
from migrator.analysis.soundness import active
from migrator.analysis.told import Told
from migrator.analysis.values import (
    NONE,
    Choice,
    ClassRef,
    Const,
    Function,
    Instance,
    Mapping,
    Member,
    Opaque,
    Partial,
    Result,
    Scope,
    Sequence,
    Stage,
    Symbol,
    Value,
    depends_on_mode,
    is_none,
    join,
    join_all,
    options,
    same,
    stage_of,
    truth,
    unknown,
)
from migrator.rulebook import Rulebook
from migrator.source.module import Module
from migrator.source.project import Project
from migrator.source.syntax import descendants

UNROLL = 24  # a loop over this many known items is evaluated trip by trip
CALLS = 6_000  # evaluated calls of one model_fn and mode
DEPTH = 40  # nested activations

OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


class Evaluator:
    """Evaluates functions of a project; holds the state of one run: facts, mode, open scopes, active frame."""

    def __init__(self, project: Project, rules: Rulebook) -> None:
        self.project = project
        self.rules = rules
        self.modules: dict[str, Scope] = {}
        self.functions: dict[ast.AST, Function] = {}  # every definition met, with its scope
        self.evaluated: dict[tuple[ast.AST, ...], Facts] = {}  # the facts of model_fns, in every mode
        self.all_calls = 0
        self.told: Told = frozenset()  # parameters that an earlier run found to tell the mode
        self.begin("", Facts())

    def begin(self, mode: str, facts: Facts) -> None:
        """Start the evaluation of one graph."""
        self.mode = mode
        self.facts = facts
        self.scopes = ScopeStack()
        self.frame: Frame | None = None
        self.weak = 0  # > 0 while a branch that may not run is evaluated: heap writes are then joins
        self.calls = 0
        self.module_level = 0
        self.supposed_stores: list[tuple[dict[str, Value], str, Value]] = []
        self.supposing = 0  # > 0 while code is evaluated that does not run here
        self.by_mode: Frame | None = None  # the activation in a branch that the mode decided
        self.called_layers: dict[int, tuple[Value, ast.Call, str]] = {}  # layer objects called, by identity

    # ------------------------------------------------------------------------------------------------- statements
    def block(self, statements: list[ast.stmt], scope: Scope) -> bool:
        """Evaluate statements in order; False when control surely does not reach the end."""
        for statement in statements:
            self.facts.reached.setdefault(statement, set()).add(self.mode)
            if not self.statement(statement, scope):
                return False
        return True

    def statement(self, node: ast.stmt, scope: Scope) -> bool:
        """Evaluate one statement; False when control does not reach the next."""
        match node:
            case ast.Assign():
                value = self.eval(node.value, scope)
                for target in node.targets:
                    self.assign(target, value, scope)
            case ast.AnnAssign():
                if node.value is not None:
                    self.assign(node.target, self.eval(node.value, scope), scope)
            case ast.AugAssign():
                self.augment(node, scope)
            case ast.Expr():
                self.eval(node.value, scope)
            case ast.Return():
                value = self.eval(node.value, scope) if node.value else NONE
                if self.frame is not None:
                    before = self.frame.returned
                    self.frame.returned = value if before is None else join(before, value)
                return False
            case ast.If():
                return self.branch(node, scope)
            case ast.For():
                self.loop(node, scope)
            case ast.While():
                self.while_loop(node, scope)
            case ast.With():
                return self.with_block(node, scope)
            case ast.FunctionDef():
                self.bind(node.name, self.define(node, scope), scope)
            case ast.ClassDef():
                self.bind(node.name, self.define_class(node, scope), scope)
            case ast.Import() | ast.ImportFrom():
                lookup.bind_import(self, node, scope)
            case ast.Global():
                top = scope
                while top.parent is not None:
                    top = top.parent
                scope.outer_names.update(dict.fromkeys(node.names, top))
            case ast.Nonlocal():
                for name in node.names:
                    outer = scope.parent
                    while outer is not None and name not in outer.names:
                        outer = outer.parent
                    if outer is not None:
                        scope.outer_names[name] = outer
            case ast.Try():
                return self.try_block(node, scope)
            case ast.Raise():
                if node.exc is not None:
                    self.eval(node.exc, scope)
                return False
            case ast.Assert():
                self.eval(node.test, scope)
            case ast.Delete():
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        scope.names.pop(target.id, None)
            case ast.Continue() | ast.Break():
                return False
            case ast.Pass():
                pass
            case _:
                self.refuse(
                    "unknown-statement", node, f"a {type(node).__name__} statement is not analysed", scope.module
                )
        return True

    def branch(self, node: ast.If, scope: Scope) -> bool:
        """An `if`: one side when the test is certain, else both and their join."""
        test = self.eval(node.test, scope)
        holds = truth(test)
        if holds is not None:
            if depends_on_mode(test):
                outer, self.by_mode = self.by_mode, self.frame
                falls = self.block(node.body if holds else node.orelse, scope)
                self.by_mode = outer
                return falls
            # the other side stays in the program: it needs facts too, but nothing it does happens
            supposed = self.suppose(node.orelse if holds else node.body, scope)
            falls = self.block(node.body if holds else node.orelse, scope)
            self.add_alternatives(scope, supposed)
            return falls
        before = dict(scope.names)
        self.weak += 1
        falls_a = self.block(node.body, scope)
        after_a = scope.names
        scope.names = dict(before)
        falls_b = self.block(node.orelse, scope)
        self.weak -= 1
        if falls_a and falls_b:
            scope.names = merge(after_a, scope.names)
        elif falls_a:
            scope.names = after_a
        return falls_a or falls_b

    def add_alternatives(self, scope: Scope, supposed: list[tuple[dict[str, Value], str, Value]]) -> None:
        """Functions that the other side of a branch would have chosen: callers of the choice must suit them too."""
        for holder, name, value in supposed:
            current = holder.get(name)
            if isinstance(current, (Function, ClassRef, Partial, Choice)) and not same(current, value):
                holder[name] = join(current, value)

    def suppose(self, statements: list[ast.stmt], scope: Scope) -> list[tuple[dict[str, Value], str, Value]]:
        """Evaluate statements that do not run here, for the facts of their expressions; the callables they assign."""
        before = dict(scope.names)
        outer_stores, self.supposed_stores = self.supposed_stores, []
        returned = self.frame.returned if self.frame is not None else None
        self.weak += 1
        self.supposing += 1
        self.block(statements, scope)
        self.supposing -= 1
        self.weak -= 1
        stores, self.supposed_stores = self.supposed_stores, outer_stores
        chosen = {k: v for k, v in scope.names.items() if isinstance(v, (Function, ClassRef, Partial))}
        scope.names = before
        if self.frame is not None:
            self.frame.returned = returned
        return stores + [(scope.names, k, v) for k, v in chosen.items() if before.get(k) is not v]

    def loop(self, node: ast.For, scope: Scope) -> None:
        """A `for`: trip by trip over known items, else its body until nothing changes."""
        iterable = self.eval(node.iter, scope)
        if isinstance(iterable, Sequence) and not iterable.open and len(iterable.items) <= UNROLL:
            for item in iterable.items:
                self.assign(node.target, item, scope)
                before = dict(scope.names)
                self.block(node.body, scope)
                if leaves_early(node.body):
                    scope.names = merge(before, scope.names)
            self.block(node.orelse, scope)
            return
        loop = object()
        item = trips.counter(self.callee_name(node.iter), element(iterable), loop)
        self.repeat(lambda: self.assign(node.target, item, scope), node.body, scope, loop)
        self.block(node.orelse, scope)

    def callee_name(self, node: ast.expr) -> str:
        """The library name that a call calls; "" for anything else."""
        called = self.facts.callees.get(node, []) if isinstance(node, ast.Call) else []
        return called[0].name if len(called) == 1 and isinstance(called[0], Symbol) else ""

    def while_loop(self, node: ast.While, scope: Scope) -> None:
        """A `while`: its trip count is not known."""
        self.repeat(lambda: self.eval(node.test, scope), node.body, scope)
        self.block(node.orelse, scope)

    def repeat(self, head: Callable[[], object], body: list[ast.stmt], scope: Scope, loop: object = None) -> None:
        """Evaluate a loop body to a fixpoint: names before, and after any number of trips, are joined."""
        self.weak += 1
        self.scopes.looping.append(loop or object())
        for _trip in range(3):
            before = dict(scope.names)
            head()
            self.block(body, scope)
            scope.names = merge(before, scope.names)
            if before.keys() == scope.names.keys() and all(same(v, scope.names[k]) for k, v in before.items()):
                break
        self.scopes.looping.pop()
        self.weak -= 1

    def with_block(self, node: ast.With, scope: Scope) -> bool:
        """A `with`: variable scopes are entered for naming, other managers are only evaluated."""
        entered = 0
        for item in node.items:
            manager = self.eval(item.context_expr, scope)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, manager, scope)
            if isinstance(manager, Result) and manager.symbol == "tensorflow.variable_scope":
                self.enter_scope(manager)
                entered += 1
        falls = self.block(node.body, scope)
        for _ in range(entered):
            self.scopes.leave()
        return falls

    def enter_scope(self, manager: Result) -> None:
        """Enter a variable_scope by its evaluated arguments."""
        bound = manager.bound
        name, default = bound.get("name_or_scope"), bound.get("default_name")
        again = calls.scope_again(self, name) if isinstance(name, Result) else None
        if again is not None:
            self.facts.entered.setdefault(manager.call, set()).add(relative(again.path, self.scopes.prefix()))
            self.scopes.enter_again(again, reuse_of(bound.get("reuse")), manager)
            return
        self.scopes.enter(
            scope_name(name),
            scope_name(default) if name is None or is_none(name) else None,
            reuse_of(bound.get("reuse")),
            manager,
            trips.of(name),
        )

    def try_block(self, node: ast.Try, scope: Scope) -> bool:
        """A `try`: a handler may start after any statement of the body."""
        self.weak += 1
        states = [dict(scope.names)]
        falls = True
        for statement in node.body:
            self.facts.reached.setdefault(statement, set()).add(self.mode)
            falls = self.statement(statement, scope)
            states.append(dict(scope.names))
            if not falls:
                break
        if falls:
            falls = self.block(node.orelse, scope)
        ends = [scope.names] if falls else []
        for handler in node.handlers:
            start = states[0]
            for state in states[1:] if active("handler-join") else []:
                start = merge(start, state)
            scope.names = dict(start)
            if handler.name:
                scope.names[handler.name] = Opaque(Stage.STATIC)
            if self.block(handler.body, scope):
                ends.append(scope.names)
        self.weak -= 1
        merged = ends[0] if ends else scope.names
        for end in ends[1:]:
            merged = merge(merged, end)
        scope.names = merged
        return self.block(node.finalbody, scope) and bool(ends)

    # ------------------------------------------------------------------------------------------------ definitions
    def define(self, node: ast.FunctionDef, scope: Scope) -> Value:
        """The function of a def statement: defaults evaluated now, decorators applied."""
        seen = scope if active("late-binding") else Scope(scope.module, dict(scope.names), scope.parent)
        plain = Function(node, seen, self.defaults(node, scope))
        self.functions[node] = plain
        function: Value = plain
        for decorator in reversed(node.decorator_list):
            function = calls.decorate(self, decorator, self.eval(decorator, scope), function)
        return function

    def defaults(self, node: ast.FunctionDef | ast.Lambda, scope: Scope) -> dict[str, Value]:
        """Default values, as of the definition."""
        arguments = node.args
        positional = [*arguments.posonlyargs, *arguments.args]
        found = {
            p.arg: self.eval(d, scope)
            for p, d in zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True)
        }
        for parameter, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            if default is not None:
                found[parameter.arg] = self.eval(default, scope)
        return found

    def define_class(self, node: ast.ClassDef, scope: Scope) -> ClassRef:
        """The class of a class statement; its body is evaluated in a scope of its own."""
        bases = tuple(self.eval(base, scope) for base in node.bases)
        body = Scope(scope.module, {}, scope)
        ref = ClassRef(node, scope, bases, body.names)
        self.block(node.body, body)
        ref.members = body.names
        for member in body.names.values():
            if isinstance(member, Function):
                # methods see the scope around the class, not the class body
                member.scope, member.owner = scope, ref
        return ref

    # ------------------------------------------------------------------------------------------------ assignment
    def bind(self, name: str, value: Value, scope: Scope) -> None:
        """Bind a name; global and nonlocal names are bound where they live."""
        home = scope.outer_names.get(name)
        if home is not None and active("outer-write"):
            changes.written_outside(self, name, scope)
        if home is None:
            scope.names[name] = value
        elif self.weak and name in home.names:
            home.names[name] = join(home.names[name], value)
        else:
            home.names[name] = value

    def assign(self, target: ast.expr, value: Value, scope: Scope) -> None:
        """Assign to a name, attribute, subscript or tuple of them."""
        match target:
            case ast.Name():
                self.facts.record(target, self.mode, value)
                self.bind(target.id, value, scope)
            case ast.Tuple() | ast.List():
                for child, item in zip(target.elts, unpack(value, len(target.elts)), strict=True):
                    self.assign(child, item, scope)
            case ast.Starred():
                self.assign(target.value, unknown(value), scope)
            case ast.Attribute():
                base = self.eval(target.value, scope)
                self.facts.record(target, self.mode, value)
                for option in options(base):
                    changes.params_set(self, target, option, value, scope)
                    if isinstance(option, Instance) and self.supposing:
                        if isinstance(value, (Function, ClassRef, Partial)):
                            self.supposed_stores.append((option.attrs, target.attr, value))
                    elif isinstance(option, Instance):
                        changes.attribute_set(self, target, option, target.attr, value, scope)
                        value = changes.set_by_mode(self, target, base, value, scope)
                        old = option.attrs.get(target.attr)
                        option.attrs[target.attr] = join(old, value) if self.weak and old is not None else value
            case ast.Subscript():
                base, key = self.eval(target.value, scope), self.eval(target.slice, scope)
                for option in options(base):
                    changes.attributes_set(self, target, option, value, scope)
                    changes.changed(self, target, option, [value], scope)
                    calls.store_item(self, option, key, value)

    def augment(self, node: ast.AugAssign, scope: Scope) -> None:
        """`x += y`: a new version of the name; lists grow in place."""
        load = ast.copy_location(as_load(node.target), node.target)
        left = self.eval(load, scope)
        self.facts.values.setdefault(node.target, {}).update(self.facts.values.pop(load, {}))
        right = self.eval(node.value, scope)
        if isinstance(left, Sequence) and left.kind is list and isinstance(node.op, ast.Add):
            if active("in-place-add"):
                changes.changed(self, node, left, [right], scope)
                calls.extend(self, left, right)
                return
        self.assign(node.target, binary(node.op, left, right), scope)

    # ----------------------------------------------------------------------------------------------- expressions
    def eval(self, node: ast.expr, scope: Scope) -> Value:
        """The abstract value of an expression; recorded in the facts."""
        value = self.expression(node, scope)
        if (not self.module_level or not self.mode) and (not self.supposing or node not in self.facts.values):
            self.facts.record(node, self.mode, value)
        return value

    def expression(self, node: ast.expr, scope: Scope) -> Value:
        """The value by node type; a node type that is not known is a refusal, never a guess."""
        match node:
            case ast.Constant():
                return Const(node.value)
            case ast.Name():
                return lookup.name(self, node.id, scope)
            case ast.Attribute():
                return lookup.attribute(self, self.eval(node.value, scope), node.attr, node)
            case ast.Call():
                return self.call(node, scope)
            case ast.BinOp():
                return binary(node.op, self.eval(node.left, scope), self.eval(node.right, scope))
            case ast.UnaryOp():
                return self.unary(node, scope)
            case ast.BoolOp():
                return self.boolean(node, scope)
            case ast.Compare():
                return self.compare(node, scope)
            case ast.IfExp():
                return self.conditional(node, scope)
            case ast.Tuple() | ast.List():
                return self.display(node, scope)
            case ast.Set():
                items = [self.eval(e, scope) for e in node.elts]
                return Sequence(items, tuple, mode=any(map(depends_on_mode, items)))
            case ast.Dict():
                return self.dictionary(node, scope)
            case ast.Subscript():
                return calls.item(self, self.eval(node.value, scope), self.eval(node.slice, scope))
            case ast.Slice():
                parts = [self.eval(p, scope) for p in (node.lower, node.upper, node.step) if p is not None]
                return unknown(*parts)
            case ast.Lambda():
                return Function(node, scope, self.defaults(node, scope))
            case ast.JoinedStr():
                return self.formatted(node, scope)
            case ast.FormattedValue():
                return self.eval(node.value, scope)
            case ast.ListComp() | ast.GeneratorExp() | ast.SetComp() | ast.DictComp():
                return self.comprehension(node, scope)
            case ast.Starred():
                return self.eval(node.value, scope)
            case ast.NamedExpr():
                value = self.eval(node.value, scope)
                self.assign(node.target, value, scope)
                return value
        self.refuse("unknown-expression", node, f"a {type(node).__name__} expression is not analysed", scope.module)
        return Opaque(Stage.CALL, "not analysed")

    def call(self, node: ast.Call, scope: Scope) -> Value:
        """Evaluate callee and arguments in Python's order, then the call."""
        callee = self.eval(node.func, scope)
        if isinstance(callee, Member) and isinstance(node.func, ast.Attribute):
            callee = calls.applied_layer(self, callee)
        args: list[Value] = []
        exact = True
        for argument in node.args:
            value = self.eval(argument, scope)
            if isinstance(argument, ast.Starred):
                if isinstance(value, Sequence) and not value.open:
                    args.extend(value.items)
                else:
                    exact = False
                    args.append(value if isinstance(value, Result) else unknown(value))
            else:
                args.append(value)
        kwargs: dict[str, Value] = {}
        for keyword in node.keywords:
            value = self.eval(keyword.value, scope)
            if keyword.arg is not None:
                kwargs[keyword.arg] = value
            elif isinstance(value, Mapping) and not value.open and all(isinstance(k, str) for k in value.items):
                kwargs.update(value.items)
            else:
                exact = False
                kwargs["**"] = unknown(value)
        if not self.module_level or not self.mode:
            known = self.facts.callees.setdefault(node, [])
            if not (self.supposing and known) and not any(k is callee or one_callee(k, callee) for k in known):
                known.append(callee)
        return calls.call(self, calls.Site(node, scope, exact), callee, args, kwargs)

    def unary(self, node: ast.UnaryOp, scope: Scope) -> Value:
        """`not` of a certain truth, and signs of numbers."""
        value = self.eval(node.operand, scope)
        if isinstance(node.op, ast.Not):
            holds = truth(value)
            return unknown(value) if holds is None else Const(not holds, mode=depends_on_mode(value))
        if isinstance(value, Const) and isinstance(value.value, (int, float)):
            sign = -1 if isinstance(node.op, ast.USub) else 1
            if isinstance(node.op, (ast.USub, ast.UAdd)):
                return Const(sign * value.value, mode=value.mode)
        return unknown(value)

    def boolean(self, node: ast.BoolOp, scope: Scope) -> Value:
        """`and` / `or`: the deciding operand when certain, else one of those that may decide."""
        stop_at = isinstance(node.op, ast.Or)
        candidates: list[Value] = []
        mode = False
        for index, operand in enumerate(node.values):
            value = self.eval(operand, scope)
            mode = mode or depends_on_mode(value)
            holds = truth(value)
            last = index == len(node.values) - 1
            if holds is stop_at or last:
                candidates.append(value)
                break
            if holds is None:
                candidates.append(value)
        if len(candidates) == 1:
            value = candidates[0]
            return Const(value.value, mode=mode) if isinstance(value, Const) else value
        return unknown(*candidates) if not mode else with_mode(unknown(*candidates))

    def compare(self, node: ast.Compare, scope: Scope) -> Value:
        """Chained comparisons pairwise; certain when every pair is, or one surely fails."""
        values = [self.eval(v, scope) for v in (node.left, *node.comparators)]
        results = [compare_pair(op, a, b) for op, a, b in zip(node.ops, values, values[1:], strict=False)]
        mode = any(depends_on_mode(v) for v in values)
        if not active("chained-comparison"):
            results = results[:1]
        if any(r is False for r in results):
            return Const(False, mode=mode)
        if all(r is True for r in results):
            return Const(True, mode=mode)
        return unknown(*values)

    def conditional(self, node: ast.IfExp, scope: Scope) -> Value:
        """A conditional expression."""
        test = self.eval(node.test, scope)
        holds = truth(test)
        if holds is not None:
            value = self.eval(node.body if holds else node.orelse, scope)
            if depends_on_mode(test) and isinstance(value, (Const, Opaque)):
                return with_mode(value)
            return value
        self.weak += 1
        value = join(self.eval(node.body, scope), self.eval(node.orelse, scope))
        self.weak -= 1
        return unknown(value, test) if isinstance(value, (Const, Opaque)) else value

    def display(self, node: ast.Tuple | ast.List, scope: Scope) -> Value:
        """A tuple or list display."""
        items: list[Value] = []
        exact = True
        for element_node in node.elts:
            value = self.eval(element_node, scope)
            if not isinstance(element_node, ast.Starred):
                items.append(value)
            elif isinstance(value, Sequence) and not value.open:
                items.extend(value.items)
            else:
                items.append(unknown(value))
                exact = False
        return Sequence(items, list if isinstance(node, ast.List) else tuple, not exact)

    def dictionary(self, node: ast.Dict, scope: Scope) -> Value:
        """A dict display; unknown keys make it open."""
        items: dict[Any, Value] = {}
        exact = True
        for key_node, value_node in zip(node.keys, node.values, strict=True):
            key = self.eval(key_node, scope) if key_node is not None else None
            value = self.eval(value_node, scope)
            if isinstance(key, Const) and hashable(key.value):
                items[key.value] = value
            elif key is None and isinstance(value, Mapping):
                items.update(value.items)
                exact = exact and not value.open
            else:
                exact = False
        return Mapping(items, not exact)

    def formatted(self, node: ast.JoinedStr, scope: Scope) -> Value:
        """An f-string: known when all its parts are."""
        parts = [self.eval(v, scope) for v in node.values]
        plain = all(not isinstance(v, ast.FormattedValue) or v.format_spec is None for v in node.values)
        if plain and all(isinstance(p, Const) for p in parts):
            text = "".join(str(p.value) for p in parts if isinstance(p, Const))
            return Const(text, mode=any(p.mode for p in parts))
        return trips.marked(unknown(*parts), frozenset().union(*(trips.of(p) for p in parts)))

    def comprehension(self, node: ast.expr, scope: Scope) -> Value:
        """A comprehension: a loop with a frame of its own."""
        assert isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp))
        inner = Scope(scope.module, {}, scope)
        self.facts.scopes[node] = inner
        first = node.generators[0]
        iterable = self.eval(first.iter, scope)
        self.facts.record(first.iter, self.mode, iterable)
        known = isinstance(iterable, Sequence) and not iterable.open and len(iterable.items) <= UNROLL
        keys: list[Value] = []
        results: list[Value] = []
        exact = known and len(node.generators) == 1 and not isinstance(node, ast.SetComp)
        items = iterable.items if isinstance(iterable, Sequence) and known else [element(iterable)]
        if not known:
            loop = object()
            self.weak += 1
            self.scopes.looping.append(loop)
            items = [trips.counter(self.callee_name(first.iter), items[0], loop)]
        for item in items:
            self.assign(first.target, item, inner)
            for generator in node.generators[1:]:
                self.assign(generator.target, element(self.eval(generator.iter, inner)), inner)
            tests = [self.eval(test, inner) for generator in node.generators for test in generator.ifs]
            if any(truth(t) is False for t in tests):
                continue
            exact = exact and all(truth(t) is True for t in tests)
            if isinstance(node, ast.DictComp):
                keys.append(self.eval(node.key, inner))
                results.append(self.eval(node.value, inner))
            else:
                results.append(self.eval(node.elt, inner))
        if not known:
            self.weak -= 1
            self.scopes.looping.pop()
        if isinstance(node, ast.DictComp):
            found = {
                k.value: v for k, v in zip(keys, results, strict=True) if isinstance(k, Const) and hashable(k.value)
            }
            return Mapping(found, not (exact and len(found) == len(keys)))
        return Sequence(results if exact else [join_all(results)] if results else [], list, not exact)

    # ---------------------------------------------------------------------------------------------------- effects
    def create_object(self, call: ast.Call, layer: Value, name: Value | None, base: str) -> None:
        """Record the call of a layer object: the first makes its variables, every later one uses them again.

        An object made in a loop of unknown length stands for many: the same call on it is a call on another one.
        """
        known = self.called_layers.get(id(layer)) if active("layer-object") else None
        if known is None or known[1] is call:
            full = self.create(call, name, base)
            self.called_layers[id(layer)] = (layer, call, full)
        elif not self.supposing:
            self.add_creation(Creation(call, known[2], True, self.mode))

    def create(self, call: ast.Call, name: Value | None, base: str, reuse: str = "no") -> str:
        """Record that a library call makes variables; their full legacy name, "" when the call does not really run."""
        if self.supposing:
            return ""
        given = scope_name(name)
        if base.startswith("*"):
            full = self.scopes.numbered(base if given is None else f"*{given}*")
            self.add_creation(Creation(call, full, False, self.mode))
            return full
        if given is None and name is not None and is_none(name) is not True:
            local = "*"
        elif given is None and reuse == "yes":
            self.scopes.open(base)
            local = base  # the first of that kind, whatever was made since
        elif given is None:
            local = self.scopes.default(base)
        else:
            self.scopes.open(given)
            local = given
        apart = trips.of(name) if given is None and name is not None else self.scopes.numbered_apart(local)
        full, reused = self.scopes.create(local, reuse, call, apart)
        if reused is None:
            module = self.frame.module if self.frame is not None else None
            message = "whether one trip of a loop uses the variables of another is not known"
            if module is not None:
                self.refuse("reuse-unknown", call, message, module)
            reused = False
        self.add_creation(Creation(call, full, reused, self.mode))
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


# ---------------------------------------------------------------------------------------------------------- pieces
def merge(a: dict[str, Value], b: dict[str, Value]) -> dict[str, Value]:
    """Names after either of two paths."""
    merged = dict(a)
    for name, value in b.items():
        merged[name] = join(a[name], value) if name in a else value
    return merged


def one_callee(a: Value, b: Value) -> bool:
    """True for two values of one function, class or library name: they are made anew each time they are looked up."""
    return isinstance(a, (Function, ClassRef, Symbol)) and same(a, b)


def leaves_early(body: list[ast.stmt]) -> bool:
    """True when a statement of the loop body may leave the trip or the loop."""
    return any(isinstance(n, (ast.Break, ast.Continue)) for s in body for n in descendants(s))


def element(iterable: Value) -> Value:
    """What one item of an iterable may be."""
    match iterable:
        case Sequence():
            return join_all(iterable.items) if iterable.items else Opaque(Stage.STATIC)
        case Mapping():
            return join_all([Const(k) for k in iterable.items]) if iterable.items else Opaque(Stage.STATIC)
        case Result():
            return part_of(iterable, "*")
        case Choice():
            return join_all([element(option) for option in iterable.options])
    return unknown(iterable)


def unpack(value: Value, count: int) -> list[Value]:
    """The items of a value assigned to `count` targets."""
    if isinstance(value, Sequence) and not value.open and len(value.items) == count:
        return value.items
    if isinstance(value, Result):
        return [part_of(value, index) for index in range(count)]
    if isinstance(value, Sequence) and value.items:
        return [join_all(value.items)] * count
    return [unknown(value)] * count


def part_of(value: Result, key: Any) -> Result:
    """A subscript or attribute of a call's result, still known to come from that call."""
    return Result(value.symbol, value.call, value.bound, value.stage, value.module, (*value.part, key), mode=value.mode)


def binary(op: ast.operator, left: Value, right: Value) -> Value:
    """A binary operation: computed when both are constants, else unknown of the later stage."""
    mode = depends_on_mode(left) or depends_on_mode(right)
    if isinstance(left, Const) and isinstance(right, Const) and type(op) in OPERATORS:
        if isinstance(left.value, (int, float, str, tuple)) and not huge(op, left.value, right.value):
            try:
                return Const(OPERATORS[type(op)](left.value, right.value), mode=mode)
            except (TypeError, ValueError, ArithmeticError):
                return unknown(left, right)
    text = isinstance(op, ast.Mod) and isinstance(left, Const) and isinstance(left.value, str)
    if (text or isinstance(op, (ast.Add, ast.Sub))) and trips.of(left) | trips.of(right):
        return trips.joined(left, right, unknown(left, right))
    if isinstance(op, ast.Mod) and isinstance(left, Const) and isinstance(right, Sequence):
        if all(isinstance(i, Const) for i in right.items) and not right.open:
            try:
                return Const(left.value % tuple(i.value for i in right.items if isinstance(i, Const)), mode=mode)
            except (TypeError, ValueError):
                return unknown(left, right)
    if isinstance(op, ast.Add) and isinstance(left, Sequence) and isinstance(right, Sequence):
        return Sequence([*left.items, *right.items], left.kind, left.open or right.open)
    return unknown(left, right)


def huge(op: ast.operator, left: Any, right: Any) -> bool:
    """True for operations whose result could be too large to compute here."""
    if isinstance(op, ast.Pow):
        return not (isinstance(right, (int, float)) and abs(right) < 64)
    return isinstance(op, ast.Mult) and not (isinstance(left, (int, float)) and isinstance(right, (int, float)))


def compare_pair(op: ast.cmpop, left: Value, right: Value) -> bool | None:
    """One comparison, when certain."""
    if isinstance(op, (ast.Is, ast.IsNot)):
        if isinstance(right, Const) and right.value is None:
            holds = is_none(left)
        elif isinstance(left, Const) and isinstance(right, Const):
            holds = left.value == right.value and type(left.value) is type(right.value)
        else:
            return None
        return holds if holds is None or isinstance(op, ast.Is) else not holds
    if isinstance(op, (ast.In, ast.NotIn)):
        inside = contains(right, left)
        return inside if inside is None or isinstance(op, ast.In) else not inside
    if isinstance(left, Const) and isinstance(right, Const):
        try:
            return bool(COMPARISONS[type(op)](left.value, right.value))
        except TypeError:
            return None
    return None


def contains(container: Value, item: Value) -> bool | None:
    """Whether a constant is in a container, when certain."""
    if not isinstance(item, Const) or not hashable(item.value):
        return None
    if isinstance(container, Mapping):
        return True if item.value in container.items else None if container.open else False
    if isinstance(container, Sequence):
        found = [compare_pair(ast.Eq(), item, option) for option in container.items]
        if True in found:
            return True
        return None if None in found or container.open else False
    if isinstance(container, Const) and isinstance(container.value, str) and isinstance(item.value, str):
        return item.value in container.value
    return None


def with_mode(value: Value) -> Value:
    """The same value, marked as dependent on the mode."""
    if isinstance(value, Const):
        return Const(value.value, mode=True)
    return Opaque(stage_of(value), mode=True)


def hashable(value: object) -> bool:
    """True for constants that can be dict keys."""
    return isinstance(value, (str, int, float, bool, tuple, bytes, type(None)))


def as_load(target: ast.expr) -> ast.expr:
    """A load of an assignment target."""
    match target:
        case ast.Name():
            return ast.Name(target.id, ast.Load())
        case ast.Attribute():
            return ast.Attribute(target.value, target.attr, ast.Load())
        case ast.Subscript():
            return ast.Subscript(target.value, target.slice, ast.Load())
    return target


def relative(path: str, prefix: str) -> str:
    """A scope's name as it is inside another; "*" where it lies elsewhere."""
    inside = path.startswith(prefix) or f"{path}/" == prefix
    return path[len(prefix) :] if inside else "*"


def scope_name(value: Value | None) -> str | None:
    """The name given to a scope or layer, when it is a known string."""
    return value.value if isinstance(value, Const) and isinstance(value.value, str) else None


def reuse_of(value: Value | None) -> str:
    """The reuse flag of a variable_scope."""
    if value is None or is_none(value):
        return "no"
    if isinstance(value, Const):
        return {True: "yes", False: "no", "auto": "auto"}.get(value.value, "unknown")
    return "unknown"

"""Statements under abstract evaluation: branches, loops, scopes, definitions, and what assignments bind."""

from __future__ import annotations

import ast
from collections.abc import Callable

from migrator.analysis import arg_scopes, calls, changes, library_calls, lookup, operations, scope_defaults, trips
from migrator.analysis.evaluation import Evaluation
from migrator.analysis.operations import binary, element, merge, unpack
from migrator.analysis.soundness import active
from migrator.analysis.values import (
    NONE,
    Choice,
    ClassRef,
    Const,
    Function,
    Instance,
    Opaque,
    Partial,
    Result,
    Scope,
    Sequence,
    Stage,
    Value,
    constant_text,
    depends_on_mode,
    is_none,
    join,
    options,
    same,
    stage_of,
    truth,
    unknown,
)
from migrator.source.syntax import descendants

UNROLL = 24  # a loop over this many known items is evaluated trip by trip


class Statements(Evaluation):
    """The statements' half of the evaluation."""

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
        # where construction decides, one side makes variables or the other does; a size may be another at each call
        mark = len(self.scopes.log) if stage_of(test) == Stage.STATIC else None
        self.weak += 1
        falls_a = self.block(node.body, scope)
        after_a = scope.names
        scope.names = dict(before)
        other = self.scopes.undo(mark) if mark is not None else []
        falls_b = self.block(node.orelse, scope)
        self.weak -= 1
        if mark is not None and falls_a and not falls_b:
            self.scopes.ended.append(self.scopes.undo(mark))
        if falls_b and not falls_a:
            self.scopes.ended.append(other)
        else:
            self.scopes.redo(other)
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
            for number, item in enumerate(iterable.items):
                self.trip.append((node, number))
                self.assign(node.target, item, scope)
                before, ended = dict(scope.names), len(self.scopes.ended)
                self.block(node.body, scope)
                self.scopes.meet(ended)
                if leaves_early(node.body):
                    scope.names = merge(before, scope.names)
                self.trip.pop()
            self.block(node.orelse, scope)
            return
        loop = self.unknown_loop(node)
        item = trips.counter(self.callee_name(node.iter), element(iterable), loop)
        self.repeat(lambda: self.assign(node.target, item, scope), node.body, scope, loop)
        self.block(node.orelse, scope)

    def while_loop(self, node: ast.While, scope: Scope) -> None:
        """A `while`: its trip count is not known."""
        self.repeat(lambda: self.eval(node.test, scope), node.body, scope, self.unknown_loop(node))
        self.block(node.orelse, scope)

    def repeat(self, head: Callable[[], object], body: list[ast.stmt], scope: Scope, loop: trips.Loop) -> None:
        """Evaluate a loop body to a fixpoint: names before, and after any number of trips, are joined."""
        self.weak += 1
        self.scopes.looping.append(loop)
        self.trip.append((loop.node, None))
        for _round in range(3):
            before, ended = dict(scope.names), len(self.scopes.ended)
            head()
            self.block(body, scope)
            self.scopes.meet(ended)
            scope.names = merge(before, scope.names)
            if before.keys() == scope.names.keys() and all(same(v, scope.names[k]) for k, v in before.items()):
                break
        self.trip.pop()
        self.scopes.looping.pop()
        self.weak -= 1

    def with_block(self, node: ast.With, scope: Scope) -> bool:
        """A `with`: variable scopes are entered for naming, arg_scopes for defaults; others are only evaluated."""
        entered, opened = 0, len(self.arg_scopes)
        for item in node.items:
            manager = self.eval(item.context_expr, scope)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, manager, scope)
            if isinstance(manager, Result) and manager.symbol == "tensorflow.variable_scope":
                self.enter_scope(manager)
                entered += 1
            if self.mode and any(arg_scopes.is_scope(option) for option in options(manager)):
                arg_scopes.enter(self, manager, item.context_expr, scope.module)
        falls = self.block(node.body, scope)
        for _ in range(entered):
            self.scopes.leave()
        del self.arg_scopes[opened:]
        return falls

    def enter_scope(self, manager: Result) -> None:
        """Enter a variable_scope by its evaluated arguments."""
        bound = manager.bound
        name, default = bound.get("name_or_scope"), bound.get("default_name")
        again = library_calls.scope_again(self, name) if isinstance(name, Result) else None
        start = again if again is not None else self.scopes.top
        defaults = scope_defaults.opened(self, manager, start.defaults)
        self.scopes.conditions = self.weak - self.scopes.loops
        if again is not None:
            self.facts.entered.setdefault(manager.call, set()).add(relative(again.path, self.scopes.prefix()))
            self.scopes.enter_again(again, reuse_of(bound.get("reuse")), manager)
            self.scopes.top.defaults = defaults
            return
        self.scopes.enter(
            constant_text(name),
            constant_text(default) if name is None or is_none(name) else None,
            reuse_of(bound.get("reuse")),
            manager,
            trips.of(name),
        )
        self.scopes.top.defaults = defaults

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
                    operations.store_item(self, option, key, value)

    def augment(self, node: ast.AugAssign, scope: Scope) -> None:
        """`x += y`: a new version of the name; lists grow in place."""
        load = ast.copy_location(as_load(node.target), node.target)
        left = self.eval(load, scope)
        self.facts.values.setdefault(node.target, {}).update(self.facts.values.pop(load, {}))
        right = self.eval(node.value, scope)
        if isinstance(left, Sequence) and left.kind is list and isinstance(node.op, ast.Add):
            if active("in-place-add"):
                changes.changed(self, node, left, [right], scope)
                operations.extend(self, left, right)
                return
        self.assign(node.target, binary(node.op, left, right), scope)


def leaves_early(body: list[ast.stmt]) -> bool:
    """True when a statement of the loop body may leave the trip or the loop."""
    return any(isinstance(n, (ast.Break, ast.Continue)) for s in body for n in descendants(s))


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


def reuse_of(value: Value | None) -> str:
    """The reuse flag of a variable_scope."""
    if value is None or is_none(value):
        return "no"
    if isinstance(value, Const):
        return {True: "yes", False: "no", "auto": "auto"}.get(value.value, "unknown")
    return "unknown"

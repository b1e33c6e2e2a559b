"""Abstract evaluation of Python: statements and expressions of one model_fn in one mode, callees included."""

from __future__ import annotations

import ast
from typing import Any

from migrator.analysis import arg_scopes, calls, lookup, operations, repeats, scope_defaults, sites, trips
from migrator.analysis.operations import as_key, binary, compare_pair, element, hashable, one_callee, with_mode
from migrator.analysis.soundness import active
from migrator.analysis.statements import UNROLL, Statements
from migrator.analysis.values import (
    Const,
    Function,
    Mapping,
    Member,
    Opaque,
    Result,
    Scope,
    Sequence,
    Stage,
    Value,
    depends_on_mode,
    join,
    join_all,
    truth,
    unknown,
)


class Evaluator(Statements):
    """Evaluates functions of a project: the expressions' half, and the whole."""

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
                value = lookup.name(self, node.id, scope)
                if self.mode and lookup.is_rebound(self, node.id, scope):
                    message = f"`{node.id}` is bound again while the program runs: what the model reads depends on when"
                    self.refuse("rebound", node, message, scope.module)
                return value
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
                return operations.item(self, self.eval(node.value, scope), self.eval(node.slice, scope))
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
        if self.mode and not self.module_level:
            callee, args = repeats.repeated(self, callee, node, args, kwargs, scope.module)
            callee = arg_scopes.applied(self, callee, node, scope.module)
            callee = scope_defaults.applied(self, callee, node, args, kwargs)
            arg_scopes.note_normalizer(self, callee, node, args, kwargs)
        if not self.module_level or not self.mode:
            known = self.facts.callees.setdefault(node, [])
            if not (self.supposing and known) and not any(k is callee or one_callee(k, callee) for k in known):
                known.append(callee)
        return self.call_value(sites.Site(node, scope, exact), callee, args, kwargs)

    def call_value(self, site: sites.Site, callee: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """What calling a value gives."""
        return calls.call(self, site, callee, args, kwargs)

    def call_function(
        self, function: Function, site: sites.Site | None, args: list[Value], kwargs: dict[str, Value]
    ) -> Value:
        """What running a function of the program gives; it may run without a call in sight."""
        return calls.call_function(self, function, site, args, kwargs)

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
        others: list[Value] = []
        exact = True
        for key_node, value_node in zip(node.keys, node.values, strict=True):
            key = as_key(self.eval(key_node, scope)) if key_node is not None else None
            value = self.eval(value_node, scope)
            if isinstance(key, Const) and hashable(key.value):
                items[key.value] = value
            elif key is None and isinstance(value, Mapping):
                items.update(value.items)
                others += [value.rest] if value.rest is not None else []
                exact = exact and not value.open
            else:
                others.append(value)
                exact = False
        return Mapping(items, not exact, join_all(others) if others else None)

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
            loop = self.unknown_loop(node)
            self.weak += 1
            self.scopes.looping.append(loop)
            items = [trips.counter(self.callee_name(first.iter), items[0], loop)]
        for number, item in enumerate(items):
            self.trip.append((node, number if known else None))
            self.assign(first.target, item, inner)
            for generator in node.generators[1:]:
                self.assign(generator.target, element(self.eval(generator.iter, inner)), inner)
            tests = [self.eval(test, inner) for generator in node.generators for test in generator.ifs]
            if any(truth(t) is False for t in tests):
                self.trip.pop()
                continue
            exact = exact and all(truth(t) is True for t in tests)
            if isinstance(node, ast.DictComp):
                keys.append(self.eval(node.key, inner))
                results.append(self.eval(node.value, inner))
            else:
                results.append(self.eval(node.elt, inner))
            self.trip.pop()
        if not known:
            self.weak -= 1
            self.scopes.looping.pop()
        if isinstance(node, ast.DictComp):
            found = {
                k.value: v for k, v in zip(keys, results, strict=True) if isinstance(k, Const) and hashable(k.value)
            }
            pairs = zip(keys, results, strict=True)
            others = [v for k, v in pairs if not (isinstance(k, Const) and hashable(k.value))]
            return Mapping(found, not (exact and len(found) == len(keys)), join_all(others) if others else None)
        return Sequence(results if exact else [join_all(results)] if results else [], list, not exact)

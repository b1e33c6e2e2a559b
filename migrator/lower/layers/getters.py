"""Custom getters of variable scopes: those that give every float32 variable as it is change nothing."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Function, Result, Value, options
from migrator.lower.reading.definitions import one_definition
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module

SCOPE = "tensorflow.variable_scope"
LOW_PRECISION = frozenset({"float16", "half", "bfloat16"})


def check(ctx: Context, module: Module, where: ast.AST, getter: Value) -> bool:
    """True for a getter that gives float32 variables as they are; what it does for other types is noted."""
    function = one_definition(getter)
    if function is None:
        return False
    body = [s for s in getattr(function.node, "body", []) if not is_text(s)] if is_plain(function) else []
    if not body:
        return False
    own = parameters(function)
    if len(body) == 1 and passes_on(body[0], own):
        return True
    if len(body) == 2 and isinstance(body[0], ast.If) and not body[0].orelse:
        test, rest = body[0].test, body[1:]
    elif len(body) == 1 and isinstance(body[0], ast.If):
        test, rest = body[0].test, body[0].orelse
    else:
        return False
    if len(rest) != 1 or not passes_on(rest[0], own) or not asks_for_low_precision(function.scope.module, test):
        return False
    message = "variables stay float32, and so does what the layers compute: keras.config.set_dtype_policy lowers it"
    ctx.note("low-precision", "warning", module, where, message)
    return True


def is_plain(function: Function) -> bool:
    """True for a def without decorators."""
    return isinstance(function.node, ast.FunctionDef) and not function.node.decorator_list


def is_text(node: ast.stmt) -> bool:
    """True for a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def parameters(function: Function) -> list[str]:
    """The getter's parameters in order, without the object it belongs to; those with stars as they are written."""
    a = function.node.args
    names = [p.arg for p in (*a.posonlyargs, *a.args)][1 if function.bound is not None else 0 :]
    names += [f"*{a.vararg.arg}"] if a.vararg is not None else []
    names += [f"{p.arg}=" for p in a.kwonlyargs]
    return names + ([f"**{a.kwarg.arg}"] if a.kwarg is not None else [])


def passes_on(node: ast.stmt, own: list[str]) -> bool:
    """True for `return getter(name, shape, dtype, *args, **kwargs)`: all that it was given, and nothing else."""
    call = node.value if isinstance(node, ast.Return) else None
    if not isinstance(call, ast.Call) or not own or not isinstance(call.func, ast.Name) or call.func.id != own[0]:
        return False
    given = [f"*{ast.unparse(a.value)}" if isinstance(a, ast.Starred) else ast.unparse(a) for a in call.args]
    for keyword in call.keywords:
        if keyword.arg is None:
            given.append(f"**{ast.unparse(keyword.value)}")
        elif ast.unparse(keyword.value) != keyword.arg:
            return False
        else:
            given.append(keyword.arg)
    order = [name.rstrip("=") for name in own[1:]]
    positional = given[: len(call.args)]
    return sorted(given) == sorted(order) and positional == order[: len(positional)]


def asks_for_low_precision(module: Module, test: ast.expr) -> bool:
    """True for `dtype in (tf.float16, ...)` and `dtype == tf.float16`."""
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.left, ast.Name):
        return False
    if test.left.id != "dtype":
        return False
    if isinstance(test.ops[0], (ast.Eq, ast.Is)):
        return is_low(test.comparators[0])
    listed = held(module, test.comparators[0])
    found = listed.elts if isinstance(listed, (ast.Tuple, ast.List, ast.Set)) else []
    return isinstance(test.ops[0], ast.In) and bool(found) and all(is_low(item) for item in found)


def held(module: Module, node: ast.expr) -> ast.expr:
    """What a name of the module is assigned once; any other expression as it is."""
    if not isinstance(node, ast.Name):
        return node
    stores = [n for n in ast.walk(module.tree) if isinstance(n, ast.Name) and n.id == node.id]
    stores = [n for n in stores if isinstance(n.ctx, ast.Store)]
    found = [s.value for s in module.tree.body if isinstance(s, ast.Assign) and s.targets[0] in stores]
    return found[0] if len(found) == len(stores) == 1 else node


def is_low(node: ast.expr) -> bool:
    """True for a type of sixteen bits."""
    return isinstance(node, ast.Attribute) and node.attr in LOW_PRECISION


def scope_methods(ctx: Context, module: Module, cls: ast.ClassDef) -> set[ast.stmt]:
    """The methods of a class that only give the scope of a `with`, or the getter of such a scope: neither is needed."""
    methods = [member for member in cls.body if isinstance(member, ast.FunctionDef)]
    entered = {i.context_expr for n in descendants(module.tree) if isinstance(n, ast.With) for i in n.items}
    scopes: set[ast.stmt] = set()
    for method in methods:
        frames = ctx.facts.frames.get(method, [])
        given = [option for f in frames if f.returned is not None for option in options(f.returned)]
        opened = bool(given) and all(isinstance(o, Result) and o.symbol == SCOPE and not o.part for o in given)
        if opened and all(frame.call in entered for frame in frames):
            scopes.add(method)
    inside = {n for scope in scopes for n in descendants(scope)}
    for method in methods:
        named = [n for n in every(module.tree, ast.Attribute) if n.attr == method.name]
        if named and all(n in inside for n in named) and not ctx.facts.frames.get(method):
            scopes.add(method)
    return scopes

"""The values that the code shows for parameters by name: defaults of arguments and flags, HParams, keys of tables."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Any

_BAGS = ("config", "param", "option", "flags", "settings")
_PARAMS = ("params", "hparams", "flags", "args", "FLAGS")


def find(trees: Iterable[ast.Module]) -> dict[str, Any]:
    """Name -> literal value, the first one shown counting; a name that selects from a table gets one of its keys."""
    found: dict[str, Any] = {}
    selected: dict[str, list[Any]] = {}
    for tree in trees:
        tables = _tables(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                for name, value in _of_call(node):
                    found.setdefault(name, value)
            elif isinstance(node, ast.ClassDef) and any(word in node.name.lower() for word in _BAGS):
                for name, value in _of_class(node):
                    found.setdefault(name, value)
            elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in tables:
                name = _parameter(node.slice)
                if name:
                    selected.setdefault(name, tables[node.value.id])
    for name, keys in selected.items():
        if keys and found.get(name) not in keys:
            found[name] = keys[0]
    return found


def _of_call(call: ast.Call) -> Iterator[tuple[str, Any]]:
    """`add_argument("--name", default=1)`, `DEFINE_integer("name", 1, ...)`, `HParams(name=1)`."""
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    named = {k.arg: k.value for k in call.keywords if k.arg}
    if called == "HParams":
        for name, node in named.items():
            value = _literal(node)
            if value is not None:
                yield name, value
    elif called == "add_argument":
        value = _literal(named.get("default"))
        choices = _literal(named.get("choices"))
        if value is None and choices:
            value = choices[0]
        for option in map(_literal, call.args):
            if isinstance(option, str) and option.startswith("--") and value is not None:
                yield option[2:].replace("-", "_"), value
    elif called.startswith("DEFINE_") or called == "add_hparam":
        flag = _literal(call.args[0]) if call.args else None
        value = _literal(call.args[1]) if len(call.args) > 1 else _literal(named.get("default"))
        if isinstance(flag, str) and value is not None:
            yield flag, value


def _of_class(node: ast.ClassDef) -> Iterator[tuple[str, Any]]:
    """The defaults of a constructor's arguments, and the attributes set in the class's body."""
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            a = statement.args
            given = zip(a.args[len(a.args) - len(a.defaults) :], a.defaults, strict=True)
            for parameter, default in (*given, *zip(a.kwonlyargs, a.kw_defaults, strict=True)):
                if _literal(default) is not None:
                    yield parameter.arg, _literal(default)
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            if _literal(statement.value) is not None:
                yield statement.targets[0].id, _literal(statement.value)


def _tables(tree: ast.Module) -> dict[str, list[Any]]:
    """The names of dictionaries written out, with their keys."""
    found: dict[str, list[Any]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict) and isinstance(node.targets[0], ast.Name):
            keys = [_literal(key) for key in node.value.keys]
            found[node.targets[0].id] = [key for key in keys if key is not None]
    return found


def _parameter(node: ast.expr) -> str:
    """`params["name"]`, `params.name`: the name."""
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in _PARAMS:
        name = _literal(node.slice)
        return name if isinstance(name, str) else ""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in _PARAMS:
        return node.attr
    return ""


def _literal(node: ast.expr | None) -> Any:
    try:
        return ast.literal_eval(node) if node is not None else None
    except (ValueError, TypeError, SyntaxError):
        return None

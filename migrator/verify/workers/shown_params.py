"""What the code shows at an Estimator construction, evaluated loosely: the model_fn and the parameters it is given."""

from __future__ import annotations

import ast
import inspect
import io
import types
from typing import Any, Dict, List, Optional

from .loose_modules import alarm
from .made_params import UNKNOWN, Params, guess
from .program import OutOfTime

_DEPTH = 3
_SECONDS = 20.0
_NONE = ast.parse("None", mode="eval").body


class Shown(object):
    """What the code shows at an Estimator construction: the model_fn and the parameters, as far as they evaluate."""

    def __init__(self) -> None:
        self.model_fn: Any = None
        self.params: Optional[Any] = None


def shown(module: types.ModuleType, construction: Dict[str, Any]) -> Shown:
    """Evaluates the construction's arguments among the statements of its function that they depend on."""
    found = Shown()
    assert module.__file__ is not None
    with io.open(module.__file__, "rb") as stream:
        tree = ast.parse(stream.read())
    wanted = [ast.parse(construction[part], mode="eval").body for part in ("model_fn", "params") if construction[part]]
    names = _namespace(module, tree, construction["line"], wanted, _DEPTH)
    found.model_fn = _evaluate(construction["model_fn"], names)
    if construction["params"]:
        found.params = _evaluate(construction["params"], names)
        body = ast.parse(construction["params"], mode="eval").body
        if found.params is None and isinstance(body, ast.Dict):
            found.params = _items_of(body, names)
    return found


def value_at(module: types.ModuleType, place: Dict[str, Any]) -> Any:
    """The value of an expression that stands on a line of the module's file, or None."""
    assert module.__file__ is not None
    with io.open(module.__file__, "rb") as stream:
        tree = ast.parse(stream.read())
    body = ast.parse(place["source"], mode="eval").body
    return _evaluate(body, _namespace(module, tree, place["line"], [body], _DEPTH))


def _evaluate(source: Any, names: Dict[str, Any]) -> Any:
    """The value of an expression, or None."""
    tree = ast.Expression(ast.parse(source, mode="eval").body if isinstance(source, str) else source)
    restore = alarm(_SECONDS)
    try:
        value = eval(compile(tree, "<params>", "eval"), names)
    except (Exception, SystemExit, OutOfTime):  # the boundary to code that is not ours
        return None
    finally:
        restore()
    return None if type(value).__name__ == "StandIn" else value


def _namespace(module: types.ModuleType, tree: ast.Module, line: int, wanted: List[ast.expr], depth: int) -> Any:
    """The module's names with those that the function around `line` has there."""
    names = dict(module.__dict__)
    inside = _functions_around(tree, line)
    needed = {n.id for node in wanted for n in ast.walk(node) if isinstance(n, ast.Name)}
    for function in inside:
        _bind(module, tree, function, names, depth)
        _run(_path_to(function.body, line), needed, names, function.body)
    if not inside:
        return names
    return names


def _functions_around(tree: ast.Module, line: int) -> List[ast.FunctionDef]:
    found = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.lineno <= line <= _last(n)]
    return sorted(found, key=lambda node: node.lineno)


def _last(node: ast.AST) -> int:
    return max([getattr(n, "lineno", 0) for n in ast.walk(node)])


def _bind(module: types.ModuleType, tree: ast.Module, function: ast.FunctionDef, names: Any, depth: int) -> None:
    """Gives the parameters of a function values: those of a call in the same file, its defaults, or a guess."""
    parameters = [p.arg for p in function.args.args]
    defaults = dict(zip(parameters[len(parameters) - len(function.args.defaults) :], function.args.defaults))  # noqa: B905
    given: Dict[str, ast.expr] = dict(defaults)
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and _called(n.func) == function.name]
    calls = [call for call in calls if not function.lineno <= call.lineno <= _last(function)]
    outer = names
    if calls and depth:
        arguments = list(calls[0].args)
        places = parameters[1:] if parameters[:1] == ["self"] else parameters
        given.update(zip(places, arguments))  # noqa: B905
        given.update((k.arg, k.value) for k in calls[0].keywords if k.arg)
        outer = _namespace(module, tree, calls[0].lineno, list(given.values()), depth - 1)
    for name in parameters:
        if name == "self":
            names[name] = _instance(module, tree, function, depth)
            continue
        value = _evaluate(given[name], outer) if name in given else None
        if value is None and name not in given:
            value = [] if "argv" in name else guess(name)
        if value is not UNKNOWN:
            names[name] = value


def _instance(module: types.ModuleType, tree: ast.Module, method: ast.FunctionDef, depth: int) -> Any:
    """An object of the class that a method belongs to, made as the file makes one, or with guessed arguments."""
    owner = next((n for n in ast.walk(tree) if isinstance(n, ast.ClassDef) and method in n.body), None)
    cls = getattr(module, owner.name, None) if owner is not None else None
    if cls is None:
        return None
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and _called(n.func) == cls.__name__]
    if calls and depth:
        made = _evaluate(calls[0], _namespace(module, tree, calls[0].lineno, [calls[0]], depth - 1))
        if made is not None:
            return made
    try:
        return cls(*guessed_arguments(cls))
    except Exception:  # the boundary to code that is not ours
        return None


def guessed_arguments(cls: Any) -> List[Any]:
    """Arguments for a constructor, by the names of its parameters."""
    found = []
    for parameter in list(inspect.signature(cls).parameters.values()):
        if parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            value = guess(parameter.name)
            found.append(Params({}) if value is UNKNOWN else value)
    return found


def _called(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _path_to(body: List[ast.stmt], line: int) -> List[ast.stmt]:
    """The statements that come before the one on `line`, those inside the statements around it included."""
    found: List[ast.stmt] = []
    for node in body:
        if node.lineno > line:
            break
        if _last(node) < line:
            found.append(node)
            continue
        for field in ("body", "orelse", "finalbody"):
            inner = getattr(node, field, None)
            if isinstance(inner, list) and inner and inner[0].lineno <= line <= max(_last(n) for n in inner):
                found += _path_to(inner, line)
        if not isinstance(node, (ast.If, ast.With, ast.Try, ast.For, ast.While, ast.FunctionDef, ast.ClassDef)):
            found.append(node)  # the statement of the construction itself may begin on an earlier line
            found.pop()
    return found


def _run(statements: List[ast.stmt], needed: Any, names: Dict[str, Any], _body: Any) -> None:
    """Runs those statements that the needed names depend on, each loosely."""
    needed = set(needed)
    chosen: List[ast.stmt] = []
    for node in reversed(statements):
        if _touches(node, needed):
            chosen.insert(0, node)
            needed |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    for node in chosen:
        restore = alarm(_SECONDS)
        one = ast.parse("")
        one.body = [node]
        try:
            exec(compile(one, "<construction>", "exec"), names)
        except (Exception, SystemExit, OutOfTime):  # the boundary to code that is not ours
            _assign_partly(node, names)
        finally:
            restore()


def _assign_partly(node: ast.stmt, names: Dict[str, Any]) -> None:
    """Of a dictionary that cannot be made whole, the items that can."""
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    value = node.value if isinstance(node, ast.Assign) else None
    if not isinstance(target, ast.Name) or value is None:
        return
    if isinstance(value, ast.Dict):
        names[target.id] = _items_of(value, names)
    elif isinstance(value, ast.Call) and value.keywords and not value.args:
        if _called(value.func) in ("dict", "HParams", "Namespace"):
            given = {k.arg: _evaluate(k.value, names) for k in value.keywords if k.arg}
            names[target.id] = Params({name: got for name, got in given.items() if got is not None})


def _items_of(value: ast.Dict, names: Dict[str, Any]) -> Dict[Any, Any]:
    found = {}
    for key, item in zip(value.keys, value.values):  # noqa: B905 -- zip() has no `strict` in Python 3.7
        got = _evaluate(item, names)
        if key is not None and (got is not None or ast.dump(item) == ast.dump(_NONE)):
            found[_evaluate(key, names)] = got
    return found


def _touches(node: ast.stmt, needed: Any) -> bool:
    """Whether a statement binds one of the names, or calls a method on it or sets a part of it."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store) and inner.id in needed:
            return True
        if isinstance(inner, (ast.FunctionDef, ast.ClassDef)) and inner.name in needed:
            return True
        if isinstance(inner, ast.alias) and (inner.asname or inner.name).split(".")[0] in needed:
            return True
        held: Any = inner.func if isinstance(inner, ast.Call) else inner
        if isinstance(held, (ast.Attribute, ast.Subscript)):
            changed = isinstance(inner, ast.Call) or isinstance(held.ctx, ast.Store)
            if changed and isinstance(held.value, ast.Name) and held.value.id in needed:
                return True
    return False

"""The parameters of a model_fn whose program is not run: evaluated where the code shows them, else made up by name."""

from __future__ import annotations

import ast
import io
import os
import re
import types
from typing import Any, Dict, List, Optional, Tuple

from .loose_modules import alarm
from .program import OutOfTime

_DEPTH = 3
_SECONDS = 20.0
UNKNOWN = object()

# What a parameter is called tells what it may be. The first that is found in the name counts.
_BY_NAME: Tuple[Tuple[str, Any], ...] = (
    (r"feature_columns|columns$", "columns"),
    (r"decay_steps|warmup|num_steps|train_steps|max_steps|steps", 100),
    (r"decay.*rate|rate.*decay|decay_factor", 0.96),
    (r"learning.?rate|(^|_)lr$", 0.01),
    (r"momentum|beta", 0.9),
    (r"keep", 0.8),
    (r"drop", 0.2),
    (r"weight_decay|(^|_)l[12](_|$)|reg|decay|lambda", 1e-3),
    (r"epsilon", 1e-6),
    (r"clip|norm", 1.0),
    (r"hidden_units|hidden_layers$|layers$|units$|filters$|sizes$|dims$", [8, 6]),
    (r"num_.*layers|n_layers|depth", 2),
    (r"class|labels|num_outputs|targets", 3),
    (r"vocab|buckets", 20),
    (r"embed", 6),
    (r"batch", 8),
    (r"len", 10),
    (r"data_format", "channels_last"),
    (r"optimizer", "Adam"),
    (r"path|dir|file", ""),
    (r"scope|name", "model"),
    (r"^(use|is|has|do|with|enable)_", False),
    (r"size|units|dim|hidden|filters|channels|width|num|^n_|count", 8),
)


class Params(dict):  # type: ignore[type-arg]
    """Parameters that can be read by key and by attribute; one that is unknown is made up, and told in `guessed`."""

    def __init__(self, values: Dict[str, Any], guesses: bool = True) -> None:
        super(Params, self).__init__(values)
        self.__dict__["guessed"] = {}
        self.__dict__["guesses"] = guesses

    def __missing__(self, key: Any) -> Any:
        value = guess(str(key)) if self.__dict__["guesses"] else UNKNOWN
        if value is UNKNOWN:
            raise KeyError(key)
        self.__dict__["guessed"][key] = value
        self[key] = value
        return value

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(name) from error

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __deepcopy__(self, memo: Any) -> "Params":
        return self

    def __copy__(self) -> "Params":
        return self

    def values(self) -> Any:
        return super(Params, self).values()


def guess(name: str) -> Any:
    """A value that a parameter of this name may have."""
    for pattern, value in _BY_NAME:
        if re.search(pattern, name.lower()):
            if value == "columns":
                return _columns()
            return list(value) if isinstance(value, list) else value
    return UNKNOWN


def _columns() -> List[Any]:
    import tensorflow as tf

    return [tf.feature_column.numeric_column(key) for key in ("first", "second", "third")]


def columns_in(value: Any) -> List[Any]:
    """The feature columns among parameters."""
    if hasattr(value, "_fields") and type(value).__name__.endswith("Column"):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return [column for item in list(items) for column in columns_in(item)]


def leaves_of(columns: List[Any]) -> Dict[str, Any]:
    """What feature columns tell of the features that they read, as hints."""
    found: Dict[str, Any] = {}
    for column in columns:
        inner = column
        while hasattr(inner, "categorical_column") or hasattr(inner, "source_column"):
            inner = getattr(inner, "categorical_column", None) or inner.source_column
        for key, shape in inner.parse_example_spec.items():
            sizes = list(getattr(shape, "shape", [1]))
            leaf: Dict[str, Any] = {"dtype": shape.dtype.name, "shape": sizes}
            if hasattr(inner, "vocabulary_list"):
                leaf["choices"] = [getattr(word, "decode", lambda word=word: word)() for word in inner.vocabulary_list]
            if hasattr(inner, "number_buckets"):
                leaf["high"] = inner.number_buckets
            found[key] = leaf
    return found


class Shown(object):
    """What the code shows at an Estimator construction: the model_fn and the parameters, as far as they evaluate."""

    def __init__(self) -> None:
        self.model_fn: Any = None
        self.params: Optional[Any] = None
        self.missing: List[str] = []


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
            found.params = {}
            for key, value in zip(body.keys, body.values):  # noqa: B905 -- zip() has no `strict` in Python 3.7
                if isinstance(key, ast.Constant):
                    got = _evaluate(value, names)
                    if got is None and not (isinstance(value, ast.Constant) and value.value is None):
                        found.missing.append(str(key.value))
                    else:
                        found.params[key.value] = got
    if isinstance(found.params, dict):  # a list that was to be filled in a loop over data that are not there
        empty = [key for key, value in found.params.items() if value == [] and "column" in str(key)]
        found.params = {key: value for key, value in found.params.items() if key not in empty}
    return found


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
        value = _evaluate(given[name], outer) if name in given else None
        if value is None and name not in given:
            value = [] if "argv" in name else guess(name)
        if value is not UNKNOWN:
            names[name] = value


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
            continue
        finally:
            restore()


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


def portable(value: Any) -> Any:
    """The value as plain data that the other runtime can rebuild; raises TypeError for what cannot be carried over."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if type(value).__name__ == "FlagValues" or hasattr(value, "flag_values_dict"):
        return {"as": "attributes", "items": _items(value.flag_values_dict())}
    if isinstance(value, dict):
        return {"as": "dict", "items": _items(value)}
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return {"as": type(value).__name__, "items": [portable(item) for item in value]}
    if type(value).__module__ == "numpy":
        return {"as": "numpy", "items": value.tolist(), "dtype": str(value.dtype)}
    if hasattr(value, "_fields") and type(value).__name__.endswith("Column"):
        from tensorflow.python.feature_column import serialization

        return {"as": "column", "items": serialization.serialize_feature_column(value)}
    plain = value.values() if hasattr(value, "set_hparam") else getattr(value, "__dict__", None)
    if isinstance(plain, dict) and (hasattr(value, "set_hparam") or type(value).__name__ == "Namespace"):
        return {"as": "attributes", "items": _items(plain)}
    raise TypeError("a %s cannot be carried over to the other runtime" % type(value).__name__)


def _items(values: Any) -> List[Any]:
    """The items of a mapping that can be carried over: what is left out is missed where it is read."""
    found = []
    for key, value in values.items():
        try:
            found.append([key, portable(value)])
        except TypeError:
            continue
    return found


def rebuilt(value: Any) -> Any:
    """The value that `portable` took apart."""
    if not isinstance(value, dict):
        return value
    kind, items = value["as"], value["items"]
    if kind in ("dict", "attributes"):
        return Params({key: rebuilt(item) for key, item in items}, guesses=False)
    if kind == "numpy":
        import numpy

        return numpy.asarray(items, value["dtype"])
    if kind == "column":
        from tensorflow.python.feature_column import serialization

        return serialization.deserialize_feature_column(items)
    made = [rebuilt(item) for item in items]
    return tuple(made) if kind == "tuple" else made


def path_of(root: str, module: Any) -> str:
    """The path of a module's file under the root."""
    return os.path.relpath(module.__file__, root).replace(os.sep, "/")

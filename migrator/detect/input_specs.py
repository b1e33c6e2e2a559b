"""What the code shows about a model_fn's inputs: where it is given its parameters, and the shapes its data may have.

Found on syntax alone, as plain JSON data for the verifier's workers, which try what is said here. A wrong or missing
hint costs tries, never a wrong verdict: both programs get the same inputs.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from migrator.conversion import ModelMap
from migrator.detect import param_defaults

Hints = dict[str, Any]

_DTYPES = {
    **{name: name for name in ("float16", "float32", "float64", "int8", "uint8", "int32", "int64", "bool", "string")},
    "float": "float32",
    "int": "int64",
    "str": "string",
}
_SHAPED = {"FixedLenFeature": (0, 1), "placeholder": (1, 0), "VarLenFeature": (9, 0), "TensorSpec": (0, 1)}
_MOST_SIZE = 1024
_MOST_WORDS = 40


def find(before: Mapping[str, str], after: Mapping[str, str], maps: Sequence[ModelMap]) -> dict[str, Hints]:
    """Unit id -> hints. `before` and `after` are the Python files of both programs, path -> text."""
    old, new = _trees(before), _trees(after)
    found: dict[str, Hints] = {}
    for model in maps:
        legacy, target = model["legacy"], model["target"]
        path, name = str(legacy["path"]), str(legacy["name"]).rpartition(".")[2]
        function = _definition(old.get(path), name, int(legacy["line"]))
        builder = _builder(new, str(target["path"]), str(target["name"]), name)
        construction = _construction(old, path, name)
        if builder is not None and builder["outer"] and construction is not None:
            builder["reference"] = _reference(old, new, construction, builder["name"])
        found[str(model["unit"])] = {
            "legacy": {**legacy, "name": name},
            "target": dict(target),
            "outer": _outer(old.get(path), function) if function is not None else None,
            "builder": builder,
            "construction": construction,
            "parameters": _parameters(function) if function is not None else [],
            **_data(old, path, function),
        }
    return found


def _trees(sources: Mapping[str, str]) -> dict[str, ast.Module]:
    trees: dict[str, ast.Module] = {}
    for path, text in sources.items():
        try:
            trees[path] = ast.parse(text)
        except (SyntaxError, ValueError):
            continue
    return trees


def _definition(tree: ast.Module | None, name: str, line: int) -> ast.FunctionDef | None:
    """The function of that name nearest to the line."""
    named = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == name] if tree else []
    return min(named, key=lambda node: abs(node.lineno - line), default=None)


def _parameters(function: ast.FunctionDef) -> list[str]:
    a = function.args
    return [p.arg for p in (*a.posonlyargs, *a.args, *a.kwonlyargs)]


def _outer(tree: ast.Module | None, function: ast.FunctionDef) -> list[list[str]]:
    """What a function stands in, from the outside: ["class", name] or ["def", name]."""

    def search(body: ast.AST, way: list[list[str]]) -> list[list[str]] | None:
        for child in ast.iter_child_nodes(body):
            if child is function:
                return way
            inner = way
            if isinstance(child, ast.ClassDef):
                inner = [*way, ["class", child.name]]
            elif isinstance(child, ast.FunctionDef):
                inner = [*way, ["def", child.name]]
            found = search(child, inner)
            if found is not None:
                return found
        return None

    return (search(tree, []) if tree is not None else None) or []


# --------------------------------------------------------------------------------------------------------- builders
def _builder(trees: Mapping[str, ast.Module], path: str, class_name: str, legacy_name: str) -> dict[str, Any] | None:
    """The function of the migrated program that returns the compiled model; one in `path` may only delegate to it."""
    if path not in trees:
        return None
    own = any(isinstance(n, ast.ClassDef) and n.name == class_name for n in ast.walk(trees[path]))
    places = [path] if own else [other for other in trees if other == path or _imports_it(trees, path, other)]
    makers = [(at, node) for at in places for node in _calling(trees[at], {class_name})]
    makers += [(path, node) for node in _calling(trees[path], {node.name for _, node in makers})]
    if not makers:
        return None
    at, function = max(makers, key=lambda one: (one[0] == path, _spoken(one[1].name) == _spoken(legacy_name)))
    required = len(function.args.args) - len(function.args.defaults)
    return {
        "path": at,
        "name": function.name,
        "outer": _outer(trees[at], function),
        "parameters": _parameters(function),
        "required": [p.arg for p in function.args.args[:required]],
    }


def _calling(tree: ast.Module, names: set[str]) -> list[ast.FunctionDef]:
    """The builders in a file that call one of the names."""
    found = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name.startswith("build_")]
    return [n for n in found if names & {_name(call.func) for call in ast.walk(n) if isinstance(call, ast.Call)}]


def _imports_it(trees: Mapping[str, ast.Module], path: str, other: str) -> bool:
    """Whether a file imports from a module of the other one's name."""
    name = other.rpartition("/")[2].removesuffix(".py")
    imports = [n for n in ast.walk(trees[path]) if isinstance(n, (ast.Import, ast.ImportFrom))]
    return any(re.search(rf"\b{re.escape(name)}\b", ast.unparse(node)) for node in imports)


def _spoken(name: str) -> str:
    """What is left of `build_cnn` and of `cnn_model_fn`."""
    words = [word for word in name.lower().removeprefix("build_").split("_") if word not in ("model", "fn")]
    return "".join(words)


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


# ----------------------------------------------------------------------------------------------------- construction
def _construction(trees: Mapping[str, ast.Module], path: str, name: str) -> dict[str, Any] | None:
    """Where an Estimator is given this model_fn: the file, the line, and the source of its model_fn and params."""
    found: list[tuple[tuple[bool, bool], dict[str, Any]]] = []
    for at, tree in trees.items():
        if at != path and not _imports_it(trees, at, path):
            continue
        for call in ast.walk(tree):
            if not isinstance(call, ast.Call) or not _name(call.func).endswith("Estimator"):
                continue
            arguments = {k.arg: k.value for k in call.keywords if k.arg}
            given = arguments.get("model_fn") or (call.args[0] if call.args else None)
            if given is None or not _mentions(given, name, path, at):
                continue
            params = arguments.get("params") or (call.args[3] if len(call.args) > 3 else None)
            found.append(
                (
                    (at == path, params is not None),
                    {
                        "path": at,
                        "line": call.lineno,
                        "kind": ast.unparse(call.func),
                        "model_fn": ast.unparse(given),
                        "params": ast.unparse(params) if params is not None else None,
                    },
                )
            )
    return max(found, key=lambda item: item[0])[1] if found else None


def _mentions(node: ast.expr, name: str, path: str, at: str) -> bool:
    """Whether an expression names the function, or (in the same file) calls something that may give it."""
    named = {_name(n) for n in ast.walk(node) if isinstance(n, (ast.Name, ast.Attribute))}
    return name in named or (isinstance(node, ast.Call) and at == path)


def _reference(
    old: Mapping[str, ast.Module], new: Mapping[str, ast.Module], construction: Mapping[str, Any], builder: str
) -> dict[str, Any] | None:
    """Where the migrated program gets hold of a builder that stands in a class or function: the file, line, source."""
    path = str(construction["path"])
    if path not in new:
        return None
    around = _around(old[path], int(construction["line"]))
    body: ast.AST = new[path]
    for name in around:
        inner = [n for n in ast.walk(body) if isinstance(n, (ast.FunctionDef, ast.ClassDef)) and n.name == name]
        if not inner:
            return None
        body = inner[0]
    given = ast.parse(str(construction["model_fn"]), mode="eval").body
    for node in ast.walk(body):
        held = isinstance(node, ast.Attribute) and node.attr == builder
        made = isinstance(given, ast.Call) and isinstance(node, ast.Call) and _name(node.func) == _name(given.func)
        if isinstance(node, ast.expr) and (held or made):
            return {"path": path, "line": node.lineno, "source": ast.unparse(node)}
    return None


def _around(tree: ast.Module, line: int) -> list[str]:
    """The names of the classes and functions around a line, from the outside."""
    found = [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.ClassDef))]
    found = [n for n in found if n.lineno <= line <= (n.end_lineno or n.lineno)]
    return [node.name for node in sorted(found, key=lambda node: node.lineno)]


# ------------------------------------------------------------------------------------------------------------- data
def _data(trees: Mapping[str, ast.Module], path: str, function: ast.FunctionDef | None) -> Hints:
    """The keys with their shapes, the sizes and the words that the model's file shows, then those of other files."""
    order = sorted(trees, key=lambda other: (other != path, other))
    leaves: dict[str, dict[str, Any]] = {}
    sizes: dict[int, None] = {}
    words: dict[str, None] = {}
    for other in order[:40]:
        constants = _constants(trees[other])
        for key, leaf in _leaves(trees[other], constants):
            leaves.setdefault(key, leaf)
        if other == path:
            sizes.update(dict.fromkeys(_sizes(trees[other])))
            words.update(dict.fromkeys(_words(trees[other])))
    return {
        "features": _use_of(function, "features"),
        "labels": _use_of(function, "labels"),
        "params": _params_use(function),
        "leaves": leaves,
        "sizes": list(sizes),
        "words": list(words)[:_MOST_WORDS],
        "defaults": _plain(param_defaults.find(trees[other] for other in order[:40])),
    }


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that JSON carries unchanged."""
    return {name: value for name, value in values.items() if isinstance(value, (bool, int, float, str, list))}


def _use_of(function: ast.FunctionDef | None, name: str) -> str:
    """How a parameter is used: "dict" where it is subscripted by a text, else "" (nothing can be said)."""
    if function is None:
        return ""
    for node in ast.walk(function):
        inside = node.value if isinstance(node, (ast.Subscript, ast.Attribute)) else None
        if not isinstance(inside, ast.Name) or inside.id != name:
            continue
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.slice, ast.Constant)
            and isinstance(node.slice.value, str)
        ):
            return "dict"
        if isinstance(node, ast.Attribute):
            return "dict" if node.attr in ("get", "keys", "items", "values", "pop", "copy") else "tensor"
    return ""


def _params_use(function: ast.FunctionDef | None) -> str:
    """Whether `params` is read by attribute or by key."""
    nodes = list(ast.walk(function)) if function is not None else []
    for node in nodes:
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in ("params", "hparams")
        ):
            if node.attr not in ("get", "keys", "items", "values", "pop", "update", "copy"):
                return "attributes"
    return "keys"


def _constants(tree: ast.Module) -> dict[str, Any]:
    """Module-level names of numbers."""
    found: dict[str, Any] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = _value(node.value, found)
            if value is not None:
                found[node.targets[0].id] = value
    return found


def _value(node: ast.expr, constants: Mapping[str, Any]) -> Any:
    """A number, or a list of numbers and None; None where it is not written out."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        return node.value
    if isinstance(node, ast.Name):
        return constants.get(node.id)
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_value(item, constants) for item in node.elts]
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left, constants), _value(node.right, constants)
        if isinstance(left, (int, float)) and isinstance(right, (int, float)):
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, (ast.Div, ast.FloorDiv)) and right:
                return left // right
            if isinstance(node.op, ast.Pow) and 0 <= right < 8:
                return left**right
    return None


def _leaves(tree: ast.Module, constants: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the file says of a feature by name: parse specs, placeholders, columns."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                leaf = _shaped(value, constants) if isinstance(value, ast.Call) else None
                if isinstance(key, ast.Constant) and isinstance(key.value, str) and leaf is not None:
                    yield key.value, leaf
        elif isinstance(node, ast.Call):
            column = _column(node, constants)
            if column is not None:
                yield column
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            leaf = _shaped(node.value, constants)
            if leaf is not None and isinstance(node.targets[0], ast.Name):
                yield node.targets[0].id, leaf


def _shaped(call: ast.Call, constants: Mapping[str, Any]) -> dict[str, Any] | None:
    """The leaf of a FixedLenFeature or a placeholder; a leading None is the batch."""
    kind = _name(call.func)
    if kind not in _SHAPED:
        return None
    named = {k.arg: k.value for k in call.keywords if k.arg}
    places = dict(enumerate(call.args))
    at_shape, at_dtype = _SHAPED[kind]
    shape_node, dtype_node = named.get("shape", places.get(at_shape)), named.get("dtype", places.get(at_dtype))
    dtype = _DTYPES.get(_name(dtype_node)) if dtype_node is not None else None
    shape = _value(shape_node, constants) if shape_node is not None else None
    shape = [shape] if isinstance(shape, int) else shape
    if shape is not None and kind in ("placeholder", "TensorSpec"):
        shape = shape[1:] if shape and shape[0] is None else shape
    if isinstance(shape, list) and not all(isinstance(size, int) for size in shape):
        shape = None
    return {"dtype": dtype, "shape": shape} if dtype or shape is not None else None


def _column(call: ast.Call, constants: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The leaf that a feature column reads."""
    name = _name(call.func)
    named = {k.arg: k.value for k in call.keywords if k.arg}
    key = named.get("key", call.args[0] if call.args else None)
    if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
        return None
    if name == "numeric_column":
        shape = _value(named["shape"], constants) if "shape" in named else None
        shape = [shape] if isinstance(shape, int) else shape
        return key.value, {"dtype": "float32", "shape": shape or [1]}
    if name.startswith("categorical_column_with_"):
        whole = name.endswith("identity")
        leaf: dict[str, Any] = {"dtype": "int64" if whole else "string", "shape": [1]}
        bound = named.get("num_buckets", call.args[1] if whole and len(call.args) > 1 else None)
        if whole and bound is not None and isinstance(_value(bound, constants), int):
            leaf["high"] = _value(bound, constants)
        vocabulary = named.get("vocabulary_list", call.args[1] if len(call.args) > 1 and "list" in name else None)
        if isinstance(vocabulary, (ast.List, ast.Tuple)):
            values = [item.value for item in vocabulary.elts if isinstance(item, ast.Constant)]
            leaf["choices"] = values
            leaf["dtype"] = "int64" if values and all(isinstance(v, int) for v in values) else "string"
        return key.value, leaf
    return None


def _sizes(tree: ast.Module) -> list[int]:
    """The whole numbers in the text that may be a size, the commonest first."""
    counts: dict[int, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) is int and 1 < node.value <= _MOST_SIZE:
            counts[node.value] = counts.get(node.value, 0) + 1
    return sorted(counts, key=lambda size: -counts[size])


def _words(tree: ast.Module) -> list[str]:
    """The texts in lists of texts: vocabularies stand so."""
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.List, ast.Tuple)) and node.elts:
            if all(isinstance(item, ast.Constant) and isinstance(item.value, str) for item in node.elts):
                found += [str(item.value) for item in node.elts if isinstance(item, ast.Constant)]
    return found

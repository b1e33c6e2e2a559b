"""What canned estimators of tf.contrib.learn are given: what must have its default, and whose columns they are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from migrator.plain.estimators import Network
from migrator.plain.found import Site, Staying, symbol_of
from migrator.plain.learn_estimators import TWICE, UNCHANGED
from migrator.source.inventory import import_aliases
from migrator.source.syntax import every, is_none_literal

CORE = "tensorflow.feature_column."
CONTRIB = "tensorflow.contrib.layers."
INFERRED = "tensorflow.contrib.learn.infer_real_valued_columns_from_input"
COLUMN = re.compile(r"_column$|^sparse_column_with_")
ACTIVATIONS = ("relu", "tanh", "sigmoid")  # those that a text may name


def check(site: Site, bound: Mapping[str, ast.expr], networks: Sequence[Network]) -> None:
    """Raises Staying for arguments that change what was measured."""
    for name, why in UNCHANGED.items():
        given = bound.get(name)
        if given is not None and not (isinstance(given, ast.Constant) and given.value in (None, False)):
            raise Staying(f"argument `{name}`: {why}")
    fixed = bound.get("fix_global_step_increment_bug")
    if len(networks) > 1 and not (isinstance(fixed, ast.Constant) and fixed.value is True):
        raise Staying(TWICE)


def has_own_columns(site: Site) -> bool:
    """True where the columns are those of tf.contrib.layers, False for tf.feature_column's. Raises Staying.

    Those of tf.contrib.layers stand in another order before the first layer.
    """
    modules = [module for path in site.project.sources if (module := site.project.module(path)) is not None]
    for looked in ([site.module], modules):
        libraries = set().union(*(column_libraries(module.tree) for module in looked))
        if len(libraries) == 1:
            return libraries == {CONTRIB}
        if libraries:
            raise Staying("its feature columns may be those of tf.contrib.layers or of tf.feature_column")
    raise Staying("where its feature columns are made is not in sight")


def column_libraries(tree: ast.Module) -> set[str]:
    """The libraries whose columns a file makes."""
    return {CORE if symbol.startswith(CORE) else CONTRIB for _, symbol in column_calls(tree)}


def column_calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """The calls of a file that make feature columns, with the library's name for what they call."""
    aliases = import_aliases(tree)
    for node in tree.body:  # fc = tf.feature_column
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            aliases |= {node.targets[0].id: name} if (name := symbol_of(node.value, aliases)) else {}
    for call in every(tree, ast.Call):
        symbol = symbol_of(call.func, aliases)
        library = next((one for one in (CORE, CONTRIB) if symbol.startswith(one)), None)
        if symbol == INFERRED or library is not None and COLUMN.search(symbol.removeprefix(library)):
            yield call, symbol


def are_bare(site: Site) -> bool:
    """True where the features are one tensor: its column has the empty name."""
    for path in site.project.sources:
        module = site.project.module(path)
        for call, symbol in column_calls(module.tree) if module is not None else ():
            named = [k.value for k in call.keywords if k.arg == "column_name"] or call.args[:1]
            if symbol == INFERRED or named and isinstance(named[0], ast.Constant) and named[0].value == "":
                return True
    return False


def activation(tf: str, given: ast.expr | None, network: Network) -> str | None:
    """The activation that is not written as an expression; None where it is."""
    if given is None or is_none_literal(given) and network.activation != "activation_fn":
        return f"{tf}.nn.relu"
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        if given.value not in ACTIVATIONS:
            raise Staying(f"argument `{network.activation}`: {given.value!r} names no activation")
        return f"{tf}.nn.{given.value}"
    return None


def linear_weights(site: Site) -> Mapping[str, str]:
    """The weights of a linear model as tf.contrib.layers names them, for the map; none for tf.feature_column's.

    They are `linear/<column>/weights`; a column of numbers has `weight`, and the one of a bare tensor no name.
    """
    if not has_own_columns(site):
        return {}
    return {"/weight" if are_bare(site) else "*/weight*": "column_weights.*", "bias_weight": "bias"}


def with_own_names(creation: Sequence[Any], weights: Mapping[str, str]) -> list[Any]:
    """A weight map with these names of the linear model."""
    found = []
    for node in creation:
        if node.get("with") == "linear":
            node = {**node["creation"][0], "scope": "linear", "default": False, "weights": dict(weights)}
        found.append(node)
    return found

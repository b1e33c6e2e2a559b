"""What canned estimators of tf.contrib.learn are given: what must have its default, and whose columns they are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from migrator.plain.estimators import Network
from migrator.plain.found import Site, Staying, is_exported, symbol_of
from migrator.plain.learn_estimators import FIX, UNCHANGED
from migrator.source.inventory import import_aliases
from migrator.source.syntax import every, is_none_literal

CORE = "tensorflow.feature_column."
CONTRIB = "tensorflow.contrib.layers."
INFERRED = "tensorflow.contrib.learn.infer_real_valued_columns_from_input"
COLUMN = re.compile(r"_column$|^sparse_column_with_")
READS = re.compile(r"real_valued_column|sparse_column_with_")  # those that read a feature by its name
ACTIVATIONS = ("relu", "tanh", "sigmoid")  # those that a text may name


def check(site: Site, bound: Mapping[str, ast.expr], networks: Sequence[Network]) -> None:
    """Raises Staying for arguments that change what was measured."""
    for name, why in UNCHANGED.items():
        given = bound.get(name)
        if given is not None and not (isinstance(given, ast.Constant) and given.value in (None, False)):
            raise Staying(f"argument `{name}`: {why}")
    if is_exported(site):
        raise Staying("it is exported, with signatures that were not measured")
    if any(n.scope == "linear" for n in networks) and is_frozen(site):
        raise Staying(
            "argument `trainable` of a column: a linear or combined estimator trains its weights all the same"
        )


def counts_twice(bound: Mapping[str, ast.expr], networks: Sequence[Network]) -> bool:
    """True where both optimizers count each batch. Raises Staying where that is not told."""
    fixed = bound.get(FIX, ast.Constant(False))
    if not isinstance(fixed, ast.Constant) or not isinstance(fixed.value, bool):
        raise Staying(f"argument `{FIX}`: it must be True or False")
    return len(networks) > 1 and not fixed.value


def is_frozen(site: Site) -> bool:
    """True where some column says whether its weights are trained."""
    return any(keyword.arg == "trainable" for call, _ in columns_in_sight(site) for keyword in call.keywords)


def has_own_columns(site: Site) -> bool:
    """True where the columns are those of tf.contrib.layers, False for tf.feature_column's. Raises Staying.

    Those of tf.contrib.layers stand in another order before the first layer.
    """
    libraries = {CORE if symbol.startswith(CORE) else CONTRIB for _, symbol in columns_in_sight(site)}
    if not libraries:
        raise Staying("where its feature columns are made is not in sight")
    if len(libraries) > 1:
        raise Staying("its feature columns may be those of tf.contrib.layers or of tf.feature_column")
    return libraries == {CONTRIB}


def columns_in_sight(site: Site) -> list[tuple[ast.Call, str]]:
    """What makes feature columns in the file of an estimator, or in all files where that one makes none."""
    modules = [module for path in site.project.sources if (module := site.project.module(path)) is not None]
    return list(column_calls(site.module.tree)) or [one for module in modules for one in column_calls(module.tree)]


def column_calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """The calls of a file that make feature columns, with the library's name for what they call."""
    aliases = dict(import_aliases(tree))
    for node in tree.body:  # fc = tf.feature_column
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            aliases |= {node.targets[0].id: name} if (name := symbol_of(node.value, aliases)) else {}
    for call in every(tree, ast.Call):
        symbol = symbol_of(call.func, aliases)
        library = next((one for one in (CORE, CONTRIB) if symbol.startswith(one)), None)
        if symbol == INFERRED or library is not None and COLUMN.search(symbol.removeprefix(library)):
            yield call, symbol


def are_bare(site: Site) -> bool:
    """True where the features are one tensor: its column has the empty name. Raises Staying where only some have it."""
    found = {is_nameless(call, symbol) for call, symbol in columns_in_sight(site) if READS.search(symbol)}
    if len(found) > 1:
        raise Staying("some of its feature columns have names, others read features that are one tensor")
    return found == {True}


def is_nameless(call: ast.Call, symbol: str) -> bool:
    """True for a column with the empty name, and for those that are made of an array."""
    named = [k.value for k in call.keywords if k.arg == "column_name"] or call.args[:1]
    return symbol == INFERRED or bool(named) and isinstance(named[0], ast.Constant) and named[0].value == ""


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

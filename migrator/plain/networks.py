"""The networks of a canned estimator and their optimizers, as the template of its model_fn is told of them."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from migrator.plain import found, learned
from migrator.plain.carried import Carrier, going, resolved
from migrator.plain.estimators import OPTIMIZERS, Canned, Network
from migrator.plain.found import Site, Staying
from migrator.source.inventory import import_aliases
from migrator.source.syntax import is_none_literal


def networks_of(site: Site, canned: Canned, bound: Mapping[str, ast.expr]) -> list[Network]:
    """The networks that a construction has: those that are given columns. Raises Staying where it has none."""
    given = {name for name, node in bound.items() if not is_none_literal(node)}
    networks = [n for n in canned.networks if not n.columns or n.columns in given]
    if not networks:
        raise Staying("it has no feature columns")
    if found.is_learner(site.symbol):
        learned.check(site, bound, networks)
    return networks


def described_network(
    site: Site,
    carrier: Carrier,
    tf: str,
    network: Network,
    bound: Mapping[str, ast.expr],
    count: int,
    dropped: list[ast.Assign],
) -> dict[str, Any]:
    """What the template needs to know of a network."""
    activation = bound.get(network.activation)
    if found.is_learner(site.symbol):
        written = learned.activation(tf, activation, network)
    else:
        default = activation is None or count > 1 and is_none_literal(activation)
        written = f"{tf}.nn.relu" if default else None
    dropout = bound.get(network.dropout)
    combiner = bound.get(network.combiner)
    if network.units and (network.units not in bound or is_none_literal(bound[network.units])):
        raise Staying(f"required argument `{network.units}` is missing")
    return {
        "scope": network.scope,
        "columns": network.columns,
        "units": network.units,
        "logits": "logits" if count == 1 else f"{network.scope}_logits",
        "activation": written if written is not None or activation is None else carrier.text(activation),
        "norm": network.scope == "dnn" and flag(bound, "batch_norm"),
        "dropout": None if dropout is None or is_none_literal(dropout) else carrier.text(dropout),
        "combiner": None if combiner is None else carrier.text(combiner),
        "optimizer": optimizer(site, carrier, tf, network, bound.get(network.optimizer), dropped),
    }


def optimizer(
    site: Site, carrier: Carrier, tf: str, network: Network, given: ast.expr | None, dropped: list[ast.Assign]
) -> str:
    """The optimizer of a network as an expression. Raises Staying where it cannot be followed."""
    count = f'len(params["{network.columns}"])'
    default = "Adagrad" if network.scope == "dnn" else "Ftrl"
    omitted = given is None and found.is_learner(site.symbol)  # whose default is None
    if omitted or given is not None and is_none_literal(given):
        if network.without is None:
            raise Staying(f"argument `{network.optimizer}`: None is no optimizer")
        return f"{tf}.train.{OPTIMIZERS[default]}({network.without.format(count)})"
    node = ast.Constant(default) if given is None else resolved(site, given)
    if isinstance(node, ast.Constant):
        if node.value not in OPTIMIZERS:
            raise Staying(f"argument `{network.optimizer}`: {node.value!r} names no optimizer")
        return f"{tf}.train.{OPTIMIZERS[node.value]}({network.rate.format(count)})"
    dropped += going(site, given, f"argument `{network.optimizer}`: other code reads the optimizer too")
    if isinstance(node, ast.Name) and is_own_function(site, node.id):
        return f"{node.id}()"
    if isinstance(node, ast.Lambda) and not node.args.args:
        node = node.body
    symbol = found.symbol_of(node.func, import_aliases(site.module.tree)) if isinstance(node, ast.Call) else ""
    own = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and is_own_function(site, node.func.id)
    if not (own or symbol.startswith(("tensorflow.train.", "tensorflow.contrib."))):
        raise Staying(f"argument `{network.optimizer}`: which optimizer it is cannot be followed")
    return carrier.text(node)


def is_own_function(site: Site, name: str) -> bool:
    """True for a function at the top of the file, under a name that means nothing else."""
    bound = [name for holder in (*site.around, site.module.tree) for n in found.bound_in(holder) if n == name]
    return len(bound) == 1 and any(isinstance(n, ast.FunctionDef) and n.name == name for n in site.module.tree.body)


def flag(bound: Mapping[str, ast.expr], name: str) -> bool:
    """A flag given as a literal. Raises Staying for any other."""
    given = bound.get(name)
    if given is None:
        return False
    if not (isinstance(given, ast.Constant) and isinstance(given.value, bool)):
        raise Staying(f"argument `{name}`: it must be True or False")
    return given.value

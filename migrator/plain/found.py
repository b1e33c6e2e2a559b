"""Constructions of canned estimators: where they stand, and their arguments by name."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator, Mapping

from migrator.plain import learn_estimators
from migrator.plain.estimators import ESTIMATORS, GIVEN, KERAS, KERAS_MODULE, MAKING, MODULE, Canned, staying
from migrator.rulebook.binding import parameters
from migrator.source.inventory import import_aliases
from migrator.source.module import Module
from migrator.source.names import canonical
from migrator.source.project import Project
from migrator.source.syntax import children, descendants, every

EXPORTING = ("export_savedmodel", "export_saved_model", "Exporter(", "make_export_strategy")
SPEC = "create_estimator_spec"  # of a head
MARKS = (
    *("Classifier", "Regressor", "Estimator", "KMeans", "WALS"),
    *("model_to_estimator", SPEC, "compute_gradients", "layers.stack", "Model("),
)


class Staying(Exception):
    """Why a construction stays as it is, in words for a person."""


@dataclasses.dataclass(frozen=True, eq=False)
class Site:
    """The construction of a canned estimator. `around`: the functions it stands in, outermost first."""

    project: Project
    module: Module
    call: ast.Call
    symbol: str
    statement: ast.stmt
    around: tuple[ast.AST, ...]

    @property
    def name(self) -> str:
        """The estimator's own name."""
        return self.symbol.rpartition(".")[2]

    @property
    def place(self) -> tuple[str, int]:
        """Path and line."""
        return self.module.path, self.call.lineno


def sites(project: Project, module: Module) -> Iterator[Site]:
    """The canned estimators that a file makes, in the order of its lines."""
    aliases = import_aliases(module.tree)
    for call in sorted((n for n in every(module.tree, ast.Call)), key=lambda n: n.lineno):
        symbol = symbol_of(call.func, aliases)
        if is_known(symbol) or staying(symbol) is not None:
            statement = next(s for s in module.tree.body if call in descendants(s))
            yield Site(project, module, call, symbol, statement, functions_around(statement, call))


def functions_around(node: ast.AST, wanted: ast.AST) -> tuple[ast.AST, ...]:
    """The functions between a node and one inside of it, outermost first, the first node among them."""
    found: list[ast.AST] = []
    while node is not wanted:
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            found.append(node)
        node = next(child for child in children(node) if wanted in descendants(child))
    return tuple(found)


def symbol_of(node: ast.AST, aliases: Mapping[str, str]) -> str:
    """The canonical library name that an expression spells; "" for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name) and node.id in aliases:
        return canonical(".".join([aliases[node.id], *reversed(parts)]))
    return ""


def canned_of(site: Site) -> Canned:
    """What is known of a site's estimator. Raises Staying."""
    if not is_known(site.symbol):
        raise Staying(staying(site.symbol) or "this estimator is not covered yet")
    return learn_estimators.ESTIMATORS[site.name] if is_learner(site.symbol) else ESTIMATORS[site.name]


def is_known(symbol: str) -> bool:
    """True for an estimator that can be written out; those that are given their head were in contrib before."""
    for module in (MODULE, MAKING, KERAS_MODULE):
        canned = ESTIMATORS.get(symbol.removeprefix(module)) if symbol.startswith(module) else None
        if canned is not None:
            return (canned.head == KERAS) == (module == KERAS_MODULE) and (module != MAKING or canned.head == GIVEN)
    return is_learner(symbol)


def is_learner(symbol: str) -> bool:
    """True for an estimator of tf.contrib.learn that can be written out."""
    learn = learn_estimators.LEARN
    return symbol.startswith(learn) and symbol.removeprefix(learn) in learn_estimators.ESTIMATORS


def arguments(site: Site) -> dict[str, ast.expr]:
    """A construction's arguments by name. Raises Staying where they cannot be told apart."""
    return arguments_of(site.call, canned_of(site).signature)


def arguments_of(call: ast.Call, signature: str) -> dict[str, ast.expr]:
    """A call's arguments by the names of a signature. Raises Staying where they cannot be told apart."""
    known = parameters(signature)
    if any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
        raise Staying("arguments passed with * or ** cannot be told apart")
    if len(call.args) > len(known.positional):
        raise Staying("it is given more arguments than it takes")
    bound = dict(zip(known.positional, call.args, strict=False))
    for keyword in call.keywords:
        name = keyword.arg or ""
        if name not in known.names or name in bound:
            raise Staying(f"argument `{name}` is not one of TensorFlow 1.15's, or is given twice")
        bound[name] = keyword.value
    missing = next((name for name in known.names if name not in known.defaults and name not in bound), None)
    if missing is not None:
        raise Staying(f"required argument `{missing}` is missing")
    return bound


def bound_in(holder: ast.AST, apart: frozenset[ast.AST] = frozenset()) -> list[str]:
    """The names that a function and those inside it bind, parameters among them, as often as they do.

    `apart`: nodes that do not count.
    """
    nodes = [n for n in descendants(holder) if n not in apart]
    found = [n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)]
    found += [n.arg for n in nodes if isinstance(n, ast.arg)]
    found += [n.name for n in nodes if isinstance(n, (ast.FunctionDef, ast.ClassDef)) and n is not holder]
    for node in nodes:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found += [(alias.asname or alias.name).split(".")[0] for alias in node.names]
        if isinstance(node, ast.ExceptHandler) and node.name:
            found.append(node.name)
    return found


def names_used(holder: ast.AST) -> set[str]:
    """The names that a function or file binds or reads."""
    return {*bound_in(holder), *(n.id for n in every(holder, ast.Name))}


def library(site: Site) -> str:
    """What the file calls TensorFlow. Raises Staying where it has no name for all of it."""
    for name, means in import_aliases(site.module.tree).items():
        if means in ("tensorflow", "tensorflow.compat.v1") and not any(name in bound_in(f) for f in site.around):
            return name
    raise Staying("the file has no name for TensorFlow itself: import it as a whole")


def free_name(wanted: str, used: set[str]) -> str:
    """A name, or with the first number that makes it one that is not used."""
    number, name = 2, wanted
    while name in used:
        name = f"{wanted}_{number}"
        number += 1
    return name


def is_exported(site: Site) -> bool:
    """True where some file of the project may write a SavedModel."""
    return any(mark in text for text in site.project.sources.values() for mark in EXPORTING)


def is_alone(module: Module, node: ast.stmt) -> bool:
    """True when a statement has its lines for itself."""
    before = module.lines[node.lineno - 1][: node.col_offset]
    end = module.lines[(node.end_lineno or node.lineno) - 1]
    after = end[len(end.encode()[: node.end_col_offset].decode(errors="replace")) :].strip()
    return not before.strip() and (not after or after.startswith("#"))

"""The functions that make what Estimators, trainings, evaluations and predictions are given: columns, params, files."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Function, options
from migrator.lower.programs.input_arguments import enclosing
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.detect.program import Construction, Use
    from migrator.lower.programs.group import Group

# they go, or are read on their own: what makes them may go too
APART = frozenset({"hooks", "saving_listeners", "train_monitors", "eval_hooks", "config", "run_config"})
BINDING = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.For, ast.NamedExpr, ast.withitem, ast.comprehension)


def argument_makers(group: Group) -> dict[ast.AST, Function]:
    """The functions by definition, with all that they call, in any file of the project."""
    found: dict[ast.AST, Function] = {}
    items: list[Construction | Use] = [*group.constructions.values(), *group.uses.values()]
    waiting: list[tuple[ast.AST, ast.Call]] = [(enclosing(item.module, item.call), item.call) for item in items]
    for holder, call in waiting:  # which grows meanwhile
        nodes = made_of(holder, call)
        for node in nodes:
            called(group, node, found)
        if {n.arg for n in every(holder, ast.arg)} & {n.id for node in nodes for n in every(node, ast.Name)}:
            waiting += [way for way in calls_of(group, holder) if way not in waiting]
    return found


def calls_of(group: Group, holder: ast.AST) -> list[tuple[ast.AST, ast.Call]]:
    """The calls of a function, each with the function that it stands in, or itself where it stands in none."""
    frames = [frame for frame in group.ctx.facts.frames.get(holder, []) if frame.call is not None]
    outer = [frame.parent.function.node if frame.parent and frame.parent.function else frame.call for frame in frames]
    return [(around, frame.call) for around, frame in zip(outer, frames, strict=True) if around and frame.call]


def made_of(holder: ast.AST, call: ast.Call) -> list[ast.AST]:
    """The arguments of a call, and what the function around it, or the top of the file, binds to names in them."""
    nodes: list[ast.AST] = [*call.args, *(k.value for k in call.keywords if k.arg not in APART)]
    known: set[str] = set()
    apart = {n for inner in every(holder, ast.FunctionDef) if inner is not holder for n in descendants(inner)}
    bindings = [node for kind in BINDING for node in every(holder, kind) if node not in apart]
    for node in nodes:  # which grows meanwhile
        names = {n.id for n in taken(node) if isinstance(n, ast.Name)} - known
        known |= names
        nodes += [made for made in bindings if made not in nodes and names & bound_by(made)]
    return nodes


def taken(node: ast.AST) -> list[ast.AST]:
    """The nodes of what is bound or given, without hooks and configurations; of a loop, what it goes over."""
    inside = node.iter if isinstance(node, (ast.For, ast.comprehension)) else node
    apart = {n for k in every(inside, ast.keyword) if k.arg in APART for n in descendants(k)}
    return [n for n in descendants(inside) if n not in apart]


def bound_by(node: ast.AST) -> set[str]:
    """The names that a statement, or a part of one, binds or changes an item of."""
    targets: list[ast.AST] = list(getattr(node, "targets", []))
    targets += [t for name in ("target", "optional_vars") if (t := getattr(node, name, None)) is not None]
    return {n.id for target in targets for n in every(target, ast.Name)}


def called(group: Group, node: ast.AST, found: dict[ast.AST, Function]) -> None:
    """Adds the project's functions that are called inside a node, in functions that these call too."""
    for call in (n for n in taken(node) if isinstance(n, ast.Call)):
        for callee in group.ctx.facts.callees.get(call, ()):
            for option in options(callee):
                if isinstance(option, Function) and option.node not in found:
                    found[option.node] = option
                    called(group, option.node, found)

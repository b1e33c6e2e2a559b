"""Backward slices over specialised steps: which statements a set of names, or a set of effects, needs."""

from __future__ import annotations

import ast
import contextvars
from collections.abc import Callable, Iterable, Set
from typing import TypeGuard

from migrator.analysis.changes import MUTATORS
from migrator.analysis.modes import Step, header, walk
from migrator.analysis.soundness import active
from migrator.source.syntax import children, descendants, every, remembered

Loads = Callable[[ast.AST], set[str]]  # the names that the kept part of an expression reads


class Provided(dict[str, Step]):
    """Names that steps outside the slice provide, with the step whose value is meant. `test` tells those steps.

    `stale`: names of which two values are needed, with the later step; what a slice of several modes says is not exact.
    """

    def __init__(self, test: Callable[[Step], bool]) -> None:
        super().__init__()
        self.test = test
        self.stale: dict[str, Step] = {}
        self.last: dict[str, Step] = {}

    def give(self, step: Step, live: set[str]) -> set[str]:
        """Note what a step provides of the names that are live behind it, and return that; later steps come first."""
        changed = all_definitions(step)
        for name in sorted(changed):
            last = self.last.setdefault(name, step)
            if name in live:
                self.setdefault(name, step)
                if last is not step:
                    self.stale[name] = last
        return {name for name in changed if name in live}


def slice_steps(
    steps: list[Step],
    live: set[str],
    loads: Loads,
    roots: Callable[[Step], bool],
    provided: Provided | None = None,
) -> tuple[set[Step], set[str]]:
    """Steps needed for the names live at the end and for the root steps, and the names live at the start.

    A step for which `provided.test` holds is not followed: the names it gives are collected in `provided`.
    """
    needed: set[Step] = set()
    previous = _provided.get()
    _provided.set(provided)
    before = _block(steps, set(live), loads, roots, needed)
    _provided.set(previous)
    return needed, before


_provided: contextvars.ContextVar[Provided | None] = contextvars.ContextVar("provided", default=None)


def _block(
    steps: list[Step], live: set[str], loads: Loads, roots: Callable[[Step], bool], needed: set[Step]
) -> set[str]:
    rest_needed = False
    end = live
    for index, step in reversed(list(enumerate(steps))):
        around = steps[max(index - 1, 0) : index + 2]
        before, after = around[0], around[-1]
        if step.rest and before.kind == "training" and before is not step:
            # it is all that its modes run: no way leads around it
            live = _block(step.blocks[0], set(live), loads, roots, needed)
            if any(s in needed for s in step.blocks[0]):
                needed.add(step)
        elif step.kind == "training" and after.rest and after is not step:
            # the modes of one block end here: what follows gives nothing to them
            ends = [set(end), live] if after.modes.isdisjoint(step.modes) else [live, set(end)]
            live = _branch(step, live, ends, loads, roots, needed, rest_needed)
        else:
            live = _step(step, live, loads, roots, needed, rest_needed)
        rest_needed = rest_needed or step in needed
    return live


def _step(
    step: Step, live: set[str], loads: Loads, roots: Callable[[Step], bool], needed: set[Step], rest_needed: bool
) -> set[str]:
    provided = _provided.get()
    if provided is not None and step.kind not in ("training", "with") and provided.test(step):
        return live - provided.give(step, live)
    match step.kind:
        case "if" | "training" | "try":
            return _branch(step, live, [live] * len(step.blocks), loads, roots, needed, rest_needed)
        case "for" | "while":
            return _loop(step, live, loads, roots, needed)
        case "with":
            inner = _block(step.blocks[0], set(live), loads, roots, needed)
            if any(s in needed for s in step.blocks[0]):
                needed.add(step)
                return inner.union(*(loads(e) for e in header(step)))
            return inner  # without the names that the forward pass gives here
    node = step.node
    defined, killed = defined_by(step)
    if step.kind == "return":
        # what is live at the end is asked for here; behind a raise nothing is reached
        if isinstance(node, ast.Raise):
            return set()
        return live if not roots(step) else _keep(step, set(), set(), loads, needed)
    if roots(step) or defined & live:
        if provided is not None:
            provided.stale |= {name: provided[name] for name in defined & provided.keys()}
        return _keep(step, live, killed, loads, needed)
    return live


def _branch(
    step: Step,
    live: set[str],
    ends: list[set[str]],
    loads: Loads,
    roots: Callable[[Step], bool],
    needed: set[Step],
    rest_needed: bool,
) -> set[str]:
    """A branch, with what is live at the end of each of its blocks."""
    starts = [_block(block, set(end), loads, roots, needed) for block, end in zip(step.blocks, ends, strict=True)]
    inside = any(s in needed for block in step.blocks for s in block)
    # a return that belongs to one mode does not end what is built for all of them
    jumps = rest_needed and step.kind != "training" and any(leaves(block) for block in step.blocks)
    if inside or jumps or roots(step):
        needed.add(step)
        if step.kind == "if":
            mark_jumps(step.blocks, needed)
        joined: set[str] = set().union(*starts) if step.kind != "try" else set(live).union(*starts)
        return joined.union(*(loads(e) for e in header(step)))
    # what every block is given needs no step
    return live & set().union(*starts) if step.kind == "training" else live


def _keep(step: Step, live: set[str], killed: Set[str], loads: Loads, needed: set[Step]) -> set[str]:
    needed.add(step)
    return (live - killed) | read_by(step.node, loads)


def _loop(step: Step, live: set[str], loads: Loads, roots: Callable[[Step], bool], needed: set[Step]) -> set[str]:
    around = set(live)
    while True:
        inner = _block(step.blocks[0], set(around), loads, roots, needed)
        targets = target_names(step.node.target) if isinstance(step.node, ast.For) else set()
        grown = around | (inner - targets)
        if grown == around:
            break
        around = grown
    _block(step.blocks[1], set(live), loads, roots, needed)
    inside = any(s in needed for block in step.blocks for s in block)
    if isinstance(step.node, ast.For) and target_names(step.node.target) & live:
        inside = True
    if not inside and not roots(step):
        return live
    needed.add(step)
    mark_jumps(step.blocks, needed)
    return around.union(*(loads(e) for e in header(step)))


def all_definitions(step: Step) -> frozenset[str]:
    """Every name that a step or a step inside it may change."""
    if step.kind == "simple":
        return defined_by(step)[0]
    found = frozenset(target_names(step.node.target)) if isinstance(step.node, ast.For) else frozenset()
    return found.union(*(all_definitions(s) for block in step.blocks for s in block))


def leaves(steps: Iterable[Step], errors: bool = True) -> bool:
    """True when a step may leave the function, the loop or the trip; `errors`: by ending the program too."""
    return any(
        (s.kind == "return" and (errors or not isinstance(s.node, ast.Raise)))
        or isinstance(s.node, (ast.Break, ast.Continue))
        or any(leaves(b, errors) for b in s.blocks)
        for s in steps
    )


def mark_jumps(blocks: list[list[Step]], needed: set[Step]) -> None:
    """Keep the jumps inside kept control flow: what follows depends on them."""
    for block in blocks:
        for step in block:
            if step.kind == "return" or isinstance(step.node, (ast.Break, ast.Continue)):
                needed.add(step)
            elif leaves([step]) and step.kind not in ("simple", "training"):
                needed.add(step)
                mark_jumps(step.blocks, needed)


def target_names(target: ast.AST) -> set[str]:
    """Every name that an assignment target binds."""
    return {n.id for n in every(target, ast.Name) if isinstance(n.ctx, ast.Store)}


def defined_by(step: Step) -> tuple[frozenset[str], frozenset[str]]:
    """(names a step's own statement may change, callees included, names it surely replaces)."""
    changed, replaced = definitions(step.node)
    if step.changes:
        calls = list(every(step.node, ast.Call))
        changed = changed.union(step.changes, *map(mutated, calls))
    return changed, replaced


@remembered
def definitions(node: ast.stmt) -> tuple[frozenset[str], frozenset[str]]:
    """(names a statement may change, names it surely replaces). Stores below a name change the name's object."""
    changed: set[str] = set()
    replaced: set[str] = set()
    match node:
        case ast.Assign():
            for target in node.targets:
                replaced |= target_names(target) | stored_attributes(target)
                changed |= stored_bases(target)
        case ast.AnnAssign():
            replaced |= target_names(node.target) | stored_attributes(node.target) if node.value is not None else set()
            changed |= stored_bases(node.target)
        case ast.AugAssign():
            changed |= target_names(node.target) | stored_bases(node.target) | stored_attributes(node.target)
        case ast.FunctionDef() | ast.ClassDef():
            replaced.add(node.name)
        case ast.Import() | ast.ImportFrom():
            replaced |= {(a.asname or a.name).split(".")[0] for a in node.names}
        case ast.Expr():
            changed |= mutated(node.value)
        case ast.Delete():
            for target in node.targets:
                replaced |= {n.id for n in every(target, ast.Name)}
    for inner in descendants(node):
        if isinstance(inner, ast.NamedExpr):
            replaced |= {inner.target.id}
    if not active("kill-below-base"):
        replaced |= changed
    return frozenset(changed | replaced), frozenset(replaced)


def stored_bases(target: ast.AST) -> set[str]:
    """The names whose objects an assignment to an attribute or subscript changes."""
    found: set[str] = set()
    for node in descendants(target):
        if isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store):
            found |= holders(node.value)
    return found


def holders(node: ast.expr) -> set[str]:
    """The names whose objects change when what an expression stands for is changed."""
    base: ast.AST = node
    found: set[str] = set()
    while isinstance(base, (ast.Attribute, ast.Subscript)):
        if is_kept(base):
            found.add(kept_name(base.attr))
        base = base.value
    return found | {base.id} if isinstance(base, ast.Name) else found


def stored_attributes(target: ast.AST) -> set[str]:
    """What an assignment keeps on `self`, by the names that a model_fn's own methods give it."""
    return {kept_name(n.attr) for n in descendants(target) if is_kept(n) and isinstance(n.ctx, ast.Store)}


def is_kept(node: ast.AST) -> TypeGuard[ast.Attribute]:
    """True for `self.x`."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"


def kept_name(attribute: str) -> str:
    """The local name of what a function keeps on the object that it belongs to, and reads there again."""
    return f"self_{attribute.lstrip('_')}"


def mutated(expression: ast.expr) -> set[str]:
    """The names whose objects a bare call changes: `xs.append(x)`."""
    if isinstance(expression, ast.Call) and isinstance(expression.func, ast.Attribute):
        if expression.func.attr in MUTATORS:
            return holders(expression.func.value)
    return set()


def read_by(node: ast.stmt, loads: Loads) -> set[str]:
    """The names that a simple statement reads."""
    found: set[str] = set()
    for child in children(node):
        if isinstance(child, ast.expr):
            found |= loads(child)
    if isinstance(node, ast.AugAssign):
        found |= {n.id for n in every(node.target, ast.Name)}
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        bound = {a.arg for n in descendants(node) if isinstance(n, ast.arguments) for a in (*n.args, *n.kwonlyargs)}
        bound |= {n.id for n in every(node, ast.Name) if isinstance(n.ctx, ast.Store)}
        for inner in node.body:
            found |= loads(inner) - bound
    return found


def last_assigned(steps: list[Step], node: ast.expr) -> ast.expr:
    """The expression that a name surely holds at the end of these steps; the node itself where that is not known."""
    if not isinstance(node, ast.Name):
        return node
    found: ast.expr = node
    for step in certain(steps):
        inner = step.node
        names = (n for n in every(inner, ast.Name) if isinstance(n.ctx, ast.Store))
        if node.id not in {name.id for name in names}:
            found = node if changes(step, node.id) else found
            continue
        plain = isinstance(inner, ast.Assign) and len(inner.targets) == 1 and isinstance(inner.targets[0], ast.Name)
        found = inner.value if step.kind == "simple" and plain and isinstance(inner, ast.Assign) else node
    return found


def changes(step: Step, name: str) -> bool:
    """True when a step changes the object that a name holds: `pair.append(x)`, `tensors["x"] = x`."""
    inner = [s.node for s in walk([step]) if s.kind == "simple"]
    return any(name in definitions(node)[0] for node in inner)


def certain(steps: list[Step]) -> list[Step]:
    """Steps that run whatever the data is; those that may be skipped or repeated stand for all inside them."""
    found: list[Step] = []
    for step in steps:
        if step.kind in ("training", "with"):
            for block in step.blocks:
                found += certain(block)
        else:
            found.append(step)
    return found

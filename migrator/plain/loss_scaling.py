"""Loss scaling written out: gradients of a loss times a number, divided by it again, are the gradients of the loss.

The number keeps small gradients of float16 from becoming zero. In float32 it changes nothing but roundings, and what
computes in less has keras.mixed_precision, which scales by itself.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator

from migrator.ledger import Finding
from migrator.plain.found import is_alone
from migrator.plain.lines import Chunk
from migrator.source.module import Module
from migrator.source.syntax import descendants, every, first_argument

BLOCKS = ("body", "orelse", "finalbody")


@dataclasses.dataclass(frozen=True, eq=False)
class Unscaled:
    """A function whose loss scaling is left out: what replaces lines of its file."""

    function: ast.FunctionDef
    chunks: tuple[Chunk, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class Scaled:
    """`g = o.compute_gradients(loss * s)`, `u = [(gradient / s, variable) ...]` and `o.apply_gradients(u)`."""

    computed: ast.Assign
    loss: ast.expr
    product: ast.BinOp
    divided: ast.Assign
    applied: ast.Call
    scale: ast.expr


def unscaled(module: Module) -> Iterator[Unscaled]:
    """The functions of a file that scale their loss."""
    if "compute_gradients" not in module.text or "apply_gradients" not in module.text:
        return
    for function in (n for n in every(module.tree, ast.FunctionDef)):
        for holder in (function, *descendants(function)):
            for block in (getattr(holder, field, None) for field in BLOCKS):
                one = scaled_in(function, block) if isinstance(block, list) else None
                if one is None or holder is not function and innermost(module, one.computed) is not function:
                    continue
                chunks = instead(module, holder, one) or at_once(module, one)
                if chunks:
                    yield Unscaled(function, tuple(chunks))


def note(path: str, one: Unscaled) -> Finding:
    """What is said of a function whose loss scaling is left out."""
    message = (
        "the loss is not scaled up and its gradients down again: in float32 that changes nothing; what computes in "
        "float16 has keras.mixed_precision, which scales by itself"
    )
    return Finding("loss-scaling", "info", path, one.chunks[0].start, message)


def innermost(module: Module, node: ast.AST) -> ast.FunctionDef:
    """The innermost function around a node."""
    found = [f for f in every(module.tree, ast.FunctionDef) if node in descendants(f)]
    return max(found, key=lambda f: f.lineno)


def scaled_in(function: ast.FunctionDef, block: list[ast.stmt]) -> Scaled | None:
    """The loss scaling of a block of statements."""
    for number, statement in enumerate(block):
        call = call_of(statement, "compute_gradients")
        loss = first_argument(call, "loss") if call is not None else None
        if (
            not isinstance(loss, ast.BinOp)
            or not isinstance(loss.op, ast.Mult)
            or not isinstance(statement, ast.Assign)
        ):
            continue
        for later in block[number + 1 :]:
            scale = divided_by(later, name_of(statement))
            sides = [loss.left, loss.right]
            kept = next((a for a, b in (sides, sides[::-1]) if scale is not None and same(b, scale)), None)
            if scale is None or kept is None or not isinstance(later, ast.Assign):
                continue
            applied = [c for s in block for c in every(s, ast.Call) if takes(c, name_of(later))]
            once = reads(function, name_of(statement)) == reads(function, name_of(later)) == 1
            if len(applied) == 1 and once:
                return Scaled(statement, kept, loss, later, applied[0], scale)
    return None


def call_of(statement: ast.stmt, method: str) -> ast.Call | None:
    """The call of a method that a statement assigns to one name."""
    value = statement.value if isinstance(statement, ast.Assign) and name_of(statement) else None
    called = isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == method
    return value if called and isinstance(value, ast.Call) else None


def name_of(statement: ast.stmt) -> str:
    """The one name that an assignment binds, else ""."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else ""


def divided_by(statement: ast.stmt, pairs: str) -> ast.expr | None:
    """The number by which `u = [(gradient / s, variable) for gradient, variable in pairs]` divides."""
    value = statement.value if isinstance(statement, ast.Assign) and name_of(statement) else None
    if not isinstance(value, ast.ListComp) or len(value.generators) != 1 or not isinstance(value.elt, ast.Tuple):
        return None
    (generator,) = value.generators
    names = generator.target.elts if isinstance(generator.target, ast.Tuple) else []
    from_pairs = isinstance(generator.iter, ast.Name) and generator.iter.id == pairs and not generator.ifs
    if not from_pairs or len(names) != 2 or len(value.elt.elts) != 2:
        return None
    gradient, variable = value.elt.elts
    if not (isinstance(gradient, ast.BinOp) and isinstance(gradient.op, ast.Div)):
        return None
    return gradient.right if same(gradient.left, names[0]) and same(variable, names[1]) else None


def same(one: ast.expr, other: ast.expr) -> bool:
    """True for two names or attributes that are spelled alike."""
    plain = isinstance(one, (ast.Name, ast.Attribute)) and isinstance(other, (ast.Name, ast.Attribute))
    return plain and ast.unparse(one) == ast.unparse(other)


def takes(call: ast.Call, name: str) -> bool:
    """True for `o.apply_gradients(name, ...)`."""
    given = first_argument(call, "grads_and_vars")
    applies = isinstance(call.func, ast.Attribute) and call.func.attr == "apply_gradients"
    return applies and isinstance(given, ast.Name) and given.id == name


def reads(function: ast.AST, name: str) -> int:
    """How often a name is read."""
    return sum(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load) for n in descendants(function))


# ------------------------------------------------------------------------------------------------------------ lines
def instead(module: Module, holder: ast.AST, one: Scaled) -> list[Chunk]:
    """The branch for no scaling in the place of `if s != 1`, where it minimises the same loss; else nothing."""
    if not isinstance(holder, ast.If) or one.computed not in holder.body or len(holder.orelse) != 1:
        return []
    plain = call_of(holder.orelse[0], "minimize")
    compared = holder.test.left if isinstance(holder.test, ast.Compare) and len(holder.test.ops) == 1 else None
    applying = next(s for s in holder.body if one.applied in descendants(s))
    if plain is None or compared is None or not same(compared, one.scale) or len(holder.body) != 3:
        return []
    alike = name_of(applying) == name_of(holder.orelse[0]) and isinstance(plain.func, ast.Attribute)
    receivers = [c.func.value for c in (plain, one.applied) if isinstance(c.func, ast.Attribute)]
    loss = first_argument(plain, "loss")
    if not alike or len(receivers) != 2 or not same(*receivers) or loss is None or not same(loss, one.loss):
        return []
    if not is_alone(module, holder):
        return []
    indent = module.indent_of(holder)
    comments = [
        (f"{indent}{text}", n) for n in own_lines(holder) for _, text in [module.comments.get(n, (0, ""))] if text
    ]
    kept = holder.orelse[0]
    by = len(module.indent_of(kept)) - len(indent)
    lines = [(module.lines[n - 1][by:], n) for n in own_lines(kept)]
    before = [line for line in comments if line[1] < kept.lineno]
    moved = [*before, *lines]
    start, end = holder.lineno, holder.end_lineno or holder.lineno
    return [Chunk(start, end, tuple(text for text, _ in moved), start, tuple(at for _, at in moved))]


def at_once(module: Module, one: Scaled) -> list[Chunk]:
    """The same statements without the number; none where they are spread over lines."""
    nodes = (one.product, one.applied)
    if any(n.lineno != n.end_lineno for n in nodes) or not is_alone(module, one.divided):
        return []
    given = first_argument(one.applied, "grads_and_vars")
    assert given is not None
    edits = [(one.product, module.segment(one.loss)), (given, name_of(one.computed))]
    chunks = [Chunk(one.divided.lineno, one.divided.end_lineno or one.divided.lineno, (), one.divided.lineno)]
    for node, text in edits:
        start, end = module.span(node)
        first, last = (
            module.line_start(node.lineno),
            module.line_start(node.lineno) + len(module.lines[node.lineno - 1]),
        )
        line = module.text[first:start] + text + module.text[end:last]
        chunks.append(Chunk(node.lineno, node.lineno, (line,), node.lineno))
    return chunks


def own_lines(node: ast.stmt) -> range:
    """The lines of a statement."""
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)

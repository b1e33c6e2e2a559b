"""Prints the needed steps of one half as source lines: the user's statements, comments and layout."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from migrator.analysis.modes import Step, header
from migrator.analysis.values import Member, Result
from migrator.emit.fragments import Renderer, standalone
from migrator.emit.layout import fit
from migrator.lower.reading.counters import enumerate_counter
from migrator.lower.reading.slices import target_names
from migrator.lower.reading.symbols import VANISHING

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body


def lead(st: Body, step: Step, indent: str) -> list[str]:
    """The comments that stand above a step, and one blank line where the source has some."""
    node = step.node
    first = node.decorator_list[0].lineno if getattr(node, "decorator_list", None) else node.lineno  # type: ignore[attr-defined]
    above = step.above
    for number in range(step.above + 1, first):
        if re.match(r"\s*(def|class) ", st.module.lines[number - 1]):
            above = number  # the statements before stand in another definition
    lines = st.module.lines[above : first - 1]
    found: list[str] = []
    for number, line in enumerate(lines, above + 1):
        if line.lstrip().startswith("#"):
            if number not in st.shown:
                found.append(indent + line.strip())
            st.shown.add(number)
        elif not line.strip() and (not found or found[-1]):
            found.append("")
    return found


def comments_above(st: Body, line: int, indent: str) -> list[str]:
    """The comments right above a line inside a statement, such as above an entry of a dictionary."""
    lines = st.module.lines
    found: list[str] = []
    number = line - 1
    while number > 0 and lines[number - 1].lstrip().startswith("#"):
        if number not in st.shown:
            found.insert(0, indent + lines[number - 1].strip())
        st.shown.add(number)
        number -= 1
    return found


def trail(st: Body, node: ast.stmt) -> str:
    """The comment on the statement's last line."""
    comment = st.module.comment(node.end_lineno or node.lineno)
    return f"  {comment[1]}" if comment and comment[0] >= (node.end_col_offset or 0) else ""


def compact(lines: list[str]) -> list[str]:
    """Lines without leading, trailing and doubled blank lines."""
    found: list[str] = []
    for line in lines:
        if line.strip() or (found and found[-1].strip()):
            found.append(line if line.strip() else "")
    while found and not found[-1]:
        found.pop()
    return found


# ------------------------------------------------------------------------------------------------------- call half
def call_block(
    st: Body, steps: list[Step], needed: set[Step], indent: str, last: Callable[[Step], list[str]]
) -> list[str]:
    """The call half of a block. `last` gives the lines of a kept return."""
    lines: list[str] = []
    kept = [step for step in steps if step in needed]
    for index, step in enumerate(kept):
        if index and ended(kept[index - 1], step, needed):
            continue  # printed with the branch before
        lines += lead(st, step, indent) if step.kind != "training" else []
        if index + 1 < len(kept) and ended(step, kept[index + 1], needed):
            lines += training_step(st, step, needed, indent, last, kept[index + 1])
        else:
            lines += call_step(st, step, needed, indent, last)
    return lines


def ended(step: Step, following: Step, needed: set[Step]) -> bool:
    """True for a branch whose modes end there, and what follows it for all the others."""
    if step.kind != "training" or not following.rest or any(s in needed for s in step.blocks[1]):
        return False
    return following.modes == step.among - step.modes


def call_step(st: Body, step: Step, needed: set[Step], indent: str, last: Callable[[Step], list[str]]) -> list[str]:
    """The lines of one step in the call half."""
    node = step.node
    deeper = indent + "    "
    match step.kind:
        case "return":
            return [indent + line if line else line for line in last(step)]
        case "if":
            assert isinstance(node, ast.If)
            body = call_block(st, step.blocks[0], needed, deeper, last) or [f"{deeper}pass"]
            lines = [f"{indent}if {standalone(test_text(st, node.test))}:", *compact(body)]
            return lines + else_lines(step, compact(call_block(st, step.blocks[1], needed, deeper, last)), indent)
        case "training":
            return training_step(st, step, needed, indent, last)
        case "for" | "while":
            return [*loop_header(st, step, needed, indent), *body_of(st, step, needed, deeper, last)]
        case "with":
            return with_step(st, step, needed, indent, last)
        case "try":
            raise st.ctx.refuse("try", node, st.module, "layers are created or used inside try")
    return statement(st, node, indent, st.call_rewrite)


def test_text(st: Body, test: ast.expr) -> str:
    """A condition; operands that are surely true for these modes are left out."""
    if isinstance(test, ast.BoolOp):
        decisive = "True" if isinstance(test.op, ast.And) else "False"
        kept = [v for v in test.values if st.training_text(v) != decisive]
        if len(kept) < len(test.values) and kept:
            joiner = " and " if isinstance(test.op, ast.And) else " or "
            return joiner.join(st.call_text(v) for v in kept)
    return st.call_text(test)


def training_step(
    st: Body,
    step: Step,
    needed: set[Step],
    indent: str,
    last: Callable[[Step], list[str]],
    following: Step | None = None,
) -> list[str]:
    """A branch on the mode: `if training:`, one side alone, or the block itself where both sides are the same text."""
    other = following.blocks[0] if following is not None else step.blocks[1]
    blocks = [[s for s in block if s in needed] for block in (step.blocks[0], other)]
    trains = step.modes == {"train"} or step.among - step.modes == {"train"}
    first, second = (1, 0) if step.among - step.modes == {"train"} else (0, 1)
    deeper = indent + "    "
    if all(blocks):
        same = one_text(st, blocks, needed, indent, last)
        if same is not None:
            return same
    body = compact(call_block(st, blocks[first], needed, deeper, last))
    orelse = compact(call_block(st, blocks[second], needed, deeper, last))
    if not trains:
        raise st.ctx.refuse(
            "mode-not-training", step.node, st.module, "the model tells evaluation from prediction; Keras does not"
        )
    st.uses_training = True
    if body:
        return [f"{indent}if training:", *body, *([f"{indent}else:", *orelse] if orelse else [])]
    return [f"{indent}if not training:", *orelse] if orelse else []


def one_text(
    st: Body, blocks: list[list[Step]], needed: set[Step], indent: str, last: Callable[[Step], list[str]]
) -> list[str] | None:
    """The text of blocks of different modes, when it is one but for the constants that say which mode it is."""
    before = (st.one_text, st.uses_training, st.training_by_mode, set(st.shown))
    st.one_text = True
    texts = [compact(call_block(st, block, needed, indent, last)) for block in blocks]
    if code(texts[0]) == code(texts[1]):
        st.one_text = before[0]
        return texts[0]
    st.one_text, st.uses_training, st.training_by_mode = before[:3]
    st.shown.clear()
    st.shown.update(before[3])
    return None


def code(lines: list[str]) -> list[str]:
    """The lines without comments of their own."""
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def body_of(st: Body, step: Step, needed: set[Step], indent: str, last: Callable[[Step], list[str]]) -> list[str]:
    """The body of a loop; an `else` block follows it."""
    body = compact(call_block(st, step.blocks[0], needed, indent, last)) or [f"{indent}pass"]
    orelse = compact(call_block(st, step.blocks[1], needed, indent, last))
    return body + ([f"{indent[:-4]}else:", *orelse] if orelse else [])


def loop_header(st: Body, step: Step, needed: set[Step], indent: str) -> list[str]:
    """The header of a loop in the call half: over the lists of layers that the construction half filled."""
    node = step.node
    lists = loop_lists(st, step)
    body_loads = loaded_in(st, step.blocks[0], needed)
    if isinstance(node, ast.While):
        if not lists:
            return [f"{indent}while {standalone(st.call_text(node.test))}:"]
        shown = ", ".join(name for name, _ in lists)
        return wrapped(indent, f"for {shown} in {joined([source for _, source in lists])}", ":")
    assert isinstance(node, ast.For)
    targets = target_names(node.target)
    if not lists:
        return [f"{indent}for {st.module.segment(node.target)} in {standalone(st.call_text(node.iter))}:"]
    names, sources = [n for n, _ in lists], [s for _, s in lists]
    used = targets & body_loads
    if not used:
        return wrapped(indent, f"for {', '.join(names)} in {joined(sources)}", ":")
    counter = enumerate_counter(node)
    if counter is not None and used == {counter}:
        inner = names[0] if len(names) == 1 else f"({', '.join(names)})"
        return wrapped(indent, f"for {counter}, {inner} in enumerate({joined(sources)})", ":")
    target = st.module.segment(node.target)
    if isinstance(node.target, ast.Tuple) and not target.startswith("("):
        target = f"({target})"
    iterable = st.call_text(node.iter)
    return wrapped(indent, f"for {', '.join([target, *names])} in zip({', '.join([iterable, *sources])})", ":")


def joined(sources: list[str]) -> str:
    """One list, or a zip of several."""
    return sources[0] if len(sources) == 1 else f"zip({', '.join(sources)})"


def loop_lists(st: Body, step: Step) -> list[tuple[str, str]]:
    """(variable, list) for each attribute that one trip of the loop takes an element of."""
    found: list[tuple[str, str]] = []
    for site in st.sites.values():
        if step in site.loops and site.shared is None and site.attr:
            depth = site.loops.index(step)
            source = f"self.{site.attr}" if depth == 0 else site.names[depth - 1]
            pair = (site.names[depth], source)
            if pair not in found:
                found.append(pair)
    return found


def loaded_in(st: Body, steps: list[Step], needed: set[Step]) -> set[str]:
    """Names read by the kept steps of a block."""

    found: set[str] = set()
    for step in steps:
        if step not in needed:
            continue
        for expression in header(step):
            if step.kind != "with" or not vanishing(st, expression):
                found |= st.loads_call(expression)
        if step.kind == "for":
            lists = loop_lists(st, step)
            if lists and isinstance(step.node, ast.For):
                inner = loaded_in(st, step.blocks[0], needed)
                if not target_names(step.node.target) & inner:
                    found -= st.loads_call(step.node.iter)
        for block in step.blocks:
            found |= loaded_in(st, block, needed)
    return found


def with_step(st: Body, step: Step, needed: set[Step], indent: str, last: Callable[[Step], list[str]]) -> list[str]:
    """A `with`: variable scopes leave no code, other managers stay around their block."""
    node = step.node
    assert isinstance(node, ast.With)
    kept = [item for item in node.items if not vanishing(st, item.context_expr)]
    if not kept:
        return call_block(st, step.blocks[0], needed, indent, last)
    shown = ", ".join(
        st.call_text(i.context_expr) + (f" as {st.call_text(i.optional_vars)}" if i.optional_vars else "") for i in kept
    )
    return [f"{indent}with {shown}:", *call_block(st, step.blocks[0], needed, indent + "    ", last)]


def vanishing(st: Body, manager: ast.expr) -> bool:
    """True for managers that only name, place or order graph nodes."""

    value = st.ctx.facts.value(manager)
    if isinstance(value, Result):
        return value.symbol in VANISHING or value.symbol.endswith((".as_default()", ".device"))
    return isinstance(value, Member) and value.attr == "as_default"


def statement(st: Body, node: ast.stmt, indent: str, rewrite: Callable[[ast.AST], str | None]) -> list[str]:
    """A statement with its expressions rewritten, moved to a new indentation, its trailing comment kept."""
    old = st.module.indent_of(node)
    shift = len(indent) - len(old)
    text = Renderer(st.module, rewrite).inside(node, shift)
    comment = trail(st, node)
    if text == st.module.segment(node) or isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return (indent + text + comment).split("\n")
    lines = (indent + text).split("\n")
    lines = fit(lines[0]) if len(lines) == 1 else [piece for line in lines for piece in long_line(line)]
    return [*lines[:-1], lines[-1] + comment]


def long_line(line: str) -> list[str]:
    """One line of a statement that spans several: broken only when it is complete in itself."""
    bare = line.strip()
    opened = sum(bare.count(c) for c in "([{") - sum(bare.count(c) for c in ")]}")
    return fit(line) if opened == 0 and not bare.startswith(("'", '"', "#")) else [line]


# ----------------------------------------------------------------------------------------------- construction half


def wrapped(prefix: str, text: str, suffix: str) -> list[str]:
    """`prefix + text + suffix` as lines within the width."""
    flat = f"{prefix}{text}{suffix}"
    return fit(flat) if "\n" not in flat else flat.split("\n")


def else_lines(step: Step, orelse: list[str], indent: str) -> list[str]:
    """An else block; one that is a single `if` becomes `elif`, as the user wrote it."""
    if not orelse:
        return []
    node = step.node
    chained = isinstance(node, ast.If) and len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)
    if chained and orelse[0].startswith(f"{indent}    if "):
        moved = [line[4:] if line.startswith("    ") else line for line in orelse]
        return [f"{indent}el{moved[0].strip()}", *moved[1:]]
    return [f"{indent}else:", *orelse]

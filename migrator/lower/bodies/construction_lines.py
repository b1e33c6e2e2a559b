"""The lines of the construction half of a body: what creates its layers, statement by statement."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.modes import Step, walk
from migrator.analysis.values import Result, Stage
from migrator.emit.fragments import standalone
from migrator.lower.bodies import shared_trips
from migrator.lower.bodies.guards import check_changes
from migrator.lower.bodies.owned_creations import chosen_definition, creation_text
from migrator.lower.bodies.rendering import comments_above, compact, else_lines, lead, statement, wrapped
from migrator.lower.layers import sized
from migrator.lower.library import tensor_items, tensor_pieces
from migrator.lower.reading.owning import owns
from migrator.lower.reading.slices import defined_by
from migrator.source.syntax import every

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.sites import Site


def static_block(
    st: Body, steps: list[Step], needed: set[Step], indent: str, depth: int, commented: set[Step]
) -> list[str]:
    """The construction half of a block; `commented` are the steps whose comments the call half prints."""
    lines: list[str] = []
    for step in steps:
        if step not in needed:
            continue
        if step not in commented and step.kind not in ("training", "with"):
            lines += [line for line in lead(st, step, indent) if line]
        lines += static_step(st, step, needed, indent, depth, commented)
    return lines


def static_step(st: Body, step: Step, needed: set[Step], indent: str, depth: int, commented: set[Step]) -> list[str]:
    """The lines of one step in the construction half."""
    node = step.node
    match step.kind:
        case "return":
            if isinstance(node, ast.Raise):
                return statement(st, node, indent, st.static_rewrite)
            # at the top of the body nothing is left to build after it
            return creations(st, step, indent, depth) + ([f"{indent}return"] if len(indent) > 8 else [])
        case "training":
            # both branches create: the variables exist in every mode
            for inner in walk([b for block in step.blocks for b in block] if not step.rest else []):
                if inner in needed and inner.kind == "simple" and defined_by(inner)[0] and not st.has_site(inner):
                    raise st.ctx.refuse(
                        "mode-at-construction", inner.node, st.module, "a layer is built differently in training"
                    )
            found = [line for b in step.blocks for line in static_block(st, b, needed, indent, depth, commented)]
            return found
        case "with":
            return static_block(st, step.blocks[0], needed, indent, depth, commented)
        case "if":
            return static_if(st, step, needed, indent, depth, commented)
        case "for" | "while":
            return static_loop(st, step, needed, indent, depth, commented)
        case "try":
            raise st.ctx.refuse("try", node, st.module, "layers are created inside try")
    if isinstance(node, (ast.Break, ast.Continue)):
        return [indent + ast.unparse(node)]
    if step.changes:
        check_changes(st.ctx, st, step)
    return creations(st, step, indent, depth) + static_definitions(st, step, indent)


def creations(st: Body, step: Step, indent: str, depth: int) -> list[str]:
    """The assignments that create what a step owns, in evaluation order."""
    lines: list[str] = []
    for site in st.sites.values():
        if site.step is not step or site.shared is not None or not site.attr or st.apart(site) or site.lifted:
            continue
        if site.comprehension is not None:
            lines += comprehension_creation(st, site, indent)
            continue
        if st.making_metrics and site.own.call.lineno > site.step.node.lineno:
            lines += comments_above(st, site.own.call.lineno, indent)
        lines += creation(st, site, indent, depth)
    return lines


def comprehension_creation(st: Body, site: Site, indent: str) -> list[str]:
    """A list of layers made by a comprehension."""
    node = site.comprehension
    assert isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.DictComp))
    assert not isinstance(node, ast.DictComp) or site.own.kind == "metric"  # its keys are names, no layers
    generator = node.generators[0]
    keys = tensor_items.keys_of(st, node)
    target = st.module.segment(generator.target) if keys is None else tensor_items.names_of(node)[1]
    over = st.static_text(generator.iter) if keys is None else keys
    text = f"[{creation_text(st, site)} for {target} in {over}]"
    return wrapped(f"{indent}self.{site.attr} = ", text, "")


def static_definitions(st: Body, step: Step, indent: str) -> list[str]:
    """A static statement kept for its names; a captured name becomes an attribute where it is defined."""
    node = step.node
    changed, replaced = defined_by(step)
    if not changed or st.has_site(step):
        return []
    if isinstance(node, ast.FunctionDef) and owns(st.ctx, node):
        return [f"{indent}{node.name} = {chosen_definition(st, node)}"]
    value = getattr(node, "value", node)
    if st.ctx.facts.stage(value) > 0 and not st.follows_step and value not in st.overrides:
        return []
    lines = statement(st, node, indent, st.static_rewrite)
    captured = [n for n in sorted(changed) if n in st.captured and (n in replaced or not keeps_identity(st, node, n))]
    if len(captured) == 1 and isinstance(node, ast.Assign) and len(node.targets) == 1:
        name = captured[0]
        if isinstance(node.targets[0], ast.Name) and name not in st.read_at_construction:
            first = lines[0].replace(f"{indent}{name} =", f"{indent}self.{st.captured[name]} =", 1)
            return [first, *lines[1:]]
    return lines + [f"{indent}self.{st.captured[n]} = {n}" for n in captured]


def keeps_identity(st: Body, node: ast.stmt, name: str) -> bool:
    """True for an object that an attribute holds as it is: Keras wraps lists and dictionaries in copies."""
    reads = [n for n in every(node, ast.Name) if n.id == name]
    values = [st.ctx.facts.value(n) for n in reads]
    return bool(values) and all(isinstance(v, Result) for v in values)


def static_if(st: Body, step: Step, needed: set[Step], indent: str, depth: int, commented: set[Step]) -> list[str]:
    """A static branch; inside a loop every list gets an element on each trip, None where nothing is created."""
    node = step.node
    assert isinstance(node, ast.If)
    if st.ctx.facts.stage(node.test) > Stage.STATIC:
        if only_raises(st, step, needed):
            return []  # the call half checks it, when the answer is known
        if sized.may_be_made(st, step, needed):
            lines = [line for b in step.blocks for line in static_block(st, b, needed, indent, depth, commented)]
            return [line for line in lines if line.strip() != "return"]
    deeper = indent + "    "
    blocks = [static_block(st, b, needed, deeper, depth, commented) for b in step.blocks]
    nested = [s for block in step.blocks for s in walk(block) if s.kind == "if"]
    if depth > 0 and any(site.step in set(walk([s])) for s in nested for site in st.sites.values()):
        raise st.ctx.refuse("nested-condition", node, st.module, "layers are made under nested conditions in a loop")
    if depth > 0:
        made = [holders(st, b, depth) for b in step.blocks]
        blocks[0] += [f"{deeper}{h}.append(None)" for h in made[1] if h not in made[0]]
        blocks[1] += [f"{deeper}{h}.append(None)" for h in made[0] if h not in made[1]]
    body, orelse = compact(blocks[0]), compact(blocks[1])
    test = standalone(st.static_text(node.test))
    if not body and not orelse:
        return []
    if not body:
        return [f"{indent}if not ({test}):", *orelse]
    return [f"{indent}if {test}:", *body, *else_lines(step, orelse, indent)]


def only_raises(st: Body, step: Step, needed: set[Step]) -> bool:
    """True for a branch that makes nothing, and whose only effect is to raise."""
    for inner in walk([b for block in step.blocks for b in block]):
        if inner not in needed or inner.kind in ("if", "with") or isinstance(inner.node, ast.Raise):
            continue
        late = inner.kind == "simple" and st.ctx.facts.stage(getattr(inner.node, "value", inner.node)) > Stage.STATIC
        if not late or st.has_site(inner):
            return False
    return True


def holders(st: Body, steps: list[Step], depth: int) -> list[str]:
    """The lists that a block appends to at this loop depth."""
    inside = set(walk(steps))
    found: list[str] = []
    for site in st.sites.values():
        if site.step in inside and site.shared is None and site.attr and len(site.loops) == depth:
            holder = f"self.{site.attr}" if depth == 1 else site.names[depth - 2]
            if holder not in found:
                found.append(holder)
    return found


def static_loop(st: Body, step: Step, needed: set[Step], indent: str, depth: int, commented: set[Step]) -> list[str]:
    """A loop of the construction half: lists are made before it and filled inside."""
    node = step.node
    deeper = indent + "    "
    sites = [s for s in st.sites.values() if step in s.loops and s.shared is None and s.attr]
    lines = [line for site in shared_trips.out_of(st, step) for line in creation(st, site, indent, depth)]
    if lines and shared_trips.makes_nothing_else(st, step, needed):
        return lines
    after: list[str] = []
    lists: list[str] = []
    for site in sites:
        level = site.loops.index(step)
        holder = f"self.{site.attr}" if level == 0 else site.names[level - 1]
        if holder in lists:
            continue
        lists.append(holder)
        lines.append(f"{indent}{holder} = []")
        if level > 0:
            outer = f"self.{site.attr}" if level == 1 else site.names[level - 2]
            after.append(f"{indent}{outer}.append({holder})")
    body = compact(static_block(st, step.blocks[0], needed, deeper, depth + 1, commented))
    orelse = compact(static_block(st, step.blocks[1], needed, deeper, depth, commented))
    if not body and not orelse:
        return []
    body = body or [f"{deeper}pass"]
    after[:0] = [f"{indent}else:", *orelse] if orelse else []
    if isinstance(node, ast.While):
        return [*lines, f"{indent}while {standalone(st.static_text(node.test))}:", *body, *after]
    assert isinstance(node, ast.For)
    head = tensor_pieces.header(st, node)
    head = head or f"for {st.module.segment(node.target)} in {standalone(st.static_text(node.iter))}"
    if len(lists) == 1 and not after and body[0].startswith(f"{deeper}{lists[0]}.append("):
        short = as_comprehension(body, f"{lists[0]}.append(", head, indent, lists[0])
        if short is not None:
            return short
    return [*lines, f"{indent}{head}:", *body, *after]


def as_comprehension(body: list[str], start: str, head: str, indent: str, holder: str) -> list[str] | None:
    """`xs = [make(i) for i in items]` when the loop does nothing but append."""
    text = "\n".join(body)
    parsed = ast.parse(text.replace("\n" + indent, "\n").strip() if "\n" not in text else _dedent(body)).body
    if len(parsed) != 1 or not isinstance(parsed[0], ast.Expr) or not isinstance(parsed[0].value, ast.Call):
        return None
    inner = text.strip()[len(start) : -1]
    flat = f"{indent}{holder} = [{inner} {head}]"
    if "\n" not in flat and len(flat) <= 88:
        return [flat]
    if "\n" in inner:
        return None
    return [f"{indent}{holder} = [", f"{indent}    {inner}", f"{indent}    {head}", f"{indent}]"]


def _dedent(body: list[str]) -> str:
    import textwrap

    return textwrap.dedent("\n".join(body))


def creation(st: Body, site: Site, indent: str, depth: int) -> list[str]:
    """The assignment that makes one layer, or adds it to the list of those of its loop."""
    text = creation_text(st, site)
    if depth == 0:
        return wrapped(f"{indent}self.{site.attr} = ", text, "")
    holder = f"self.{site.attr}" if depth == 1 else site.names[depth - 2]
    return wrapped(f"{indent}{holder}.append(", text, ")")

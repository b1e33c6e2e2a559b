"""An owning call of a body: where it stands, and in which order the calls of a statement are made."""

from __future__ import annotations

import ast
import dataclasses
from typing import TYPE_CHECKING

from migrator.source.syntax import children, remembered

if TYPE_CHECKING:
    from migrator.analysis.modes import Step
    from migrator.lower.reading.owning import Own


@dataclasses.dataclass(eq=False)
class Site:
    """An owning call of the body: where it stands, and the attribute that will hold what it makes."""

    own: Own
    step: Step
    loops: tuple[Step, ...]
    conditional: bool
    attr: str = ""
    names: list[str] = dataclasses.field(default_factory=list)  # the loop variables bound to its list, outermost first
    shared: Site | None = None
    condition: ast.IfExp | None = None
    comprehension: ast.AST | None = None
    lifted: tuple[Step, ...] = ()  # loops around whose trips all use what the first one made
    other_mode: bool = False  # shared with a site that makes the same variables in other modes
    late_branch: bool = False  # only the call decides whether it is made
    late: dict[str, ast.expr] | None = None  # arguments that only the call knows, once they were looked for


def ordered(
    steps: list[Step], loops: tuple[Step, ...] = (), conditional: bool = False
) -> list[tuple[Step, tuple[Step, ...], bool]]:
    """Every step with the loops around it and whether it may be skipped, in source order."""
    found: list[tuple[Step, tuple[Step, ...], bool]] = []
    for step in steps:
        found.append((step, loops, conditional))
        skipped = conditional or step.kind in ("if", "try")
        for index, block in enumerate(step.blocks):
            # the `else` of a loop runs once
            repeated = step.kind in ("for", "while") and index == 0
            found += ordered(block, (*loops, step) if repeated else loops, skipped)
    return found


@remembered
def calls_in_order(node: ast.AST) -> tuple[tuple[ast.Call, ast.IfExp | None, ast.AST | None], ...]:
    """Calls of an expression in evaluation order, with the conditional expression and comprehension around each."""
    found: list[tuple[ast.Call, ast.IfExp | None, ast.AST | None]] = []

    def visit(inner: ast.AST, condition: ast.IfExp | None, comprehension: ast.AST | None) -> None:
        if isinstance(inner, ast.Lambda):
            return
        if isinstance(inner, ast.IfExp):
            visit(inner.test, condition, comprehension)
            visit(inner.body, inner, comprehension)
            visit(inner.orelse, inner, comprehension)
            return
        if isinstance(inner, (ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)):
            comprehension = inner
            for generator in inner.generators:
                visit(generator, condition, comprehension)
            for child in children(inner):
                if not isinstance(child, ast.comprehension):
                    visit(child, condition, comprehension)
            return
        for child in children(inner):
            visit(child, condition, comprehension)
        if isinstance(inner, ast.Call):
            found.append((inner, condition, comprehension))

    visit(node, None, None)
    return tuple(found)


def plural(name: str) -> str:
    """A name for a list of layers."""
    return name if name.endswith("s") else f"{name}_layers" if name in ("dense", "dropout") else f"{name}s"


def inline_object(site: Site) -> bool:
    """True for a layer object that is made where it is called: `tf.layers.Dense(10)(x)`."""
    return site.own.kind == "layer_object" and isinstance(site.own.holder, ast.Call)


def own_kind(site: Site) -> str:
    """What a site owns."""
    return site.own.kind


def same_callee(a: Site, b: Site) -> bool:
    """True when two owning calls make the same kind of thing."""
    return a.own.definition is b.own.definition and a.own.symbol == b.own.symbol

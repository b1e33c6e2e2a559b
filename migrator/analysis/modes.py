"""Specialisation: the statements of a function for a set of modes, with branches on the mode resolved."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterable, Iterator

from migrator.analysis.facts import MODES, Facts
from migrator.analysis.signatures import DROPOUT_WRAPPERS
from migrator.analysis.soundness import active
from migrator.analysis.values import Const, Symbol, truth
from migrator.source.syntax import children, every

ALL = frozenset(MODES)


@dataclasses.dataclass(eq=False)
class Step:
    """A statement of the specialised program.

    `kind`: simple | if | training | for | while | with | try | return. A `training` step is a branch on the mode that
    remains: its first block runs in `modes`, its second in the others. `above` is the source line that the comments
    before the statement may begin after.
    """

    kind: str
    node: ast.stmt
    above: int
    blocks: list[list[Step]] = dataclasses.field(default_factory=list)
    modes: frozenset[str] = frozenset()
    among: frozenset[str] = ALL  # the modes that come to a `training` step
    rest: bool = False  # what follows a return of the other modes, not a branch
    changes: frozenset[str] = frozenset()  # names whose objects its calls change


@dataclasses.dataclass(frozen=True)
class Specialiser:
    """Folds the branches of one function for the modes asked."""

    facts: Facts

    def block(self, statements: list[ast.stmt], modes: frozenset[str], above: int) -> tuple[list[Step], frozenset[str]]:
        """The steps for these modes, and the modes in which control reaches the end."""
        steps: list[Step] = []
        alive = modes
        for index, node in enumerate(statements):
            if not alive:
                break
            first = node.decorator_list[0].lineno if getattr(node, "decorator_list", None) else node.lineno  # type: ignore[attr-defined]
            here, falls = self.statement(node, alive, above)
            above = node.end_lineno or first
            steps.extend(here)
            if falls and falls != alive and index + 1 < len(statements):
                # some modes end here: what follows belongs to the others only
                rest, rest_falls = self.block(statements[index + 1 :], falls, above)
                if rest:
                    steps.append(Step("training", node, above, [rest, []], falls, among=alive, rest=True))
                return steps, rest_falls
            alive = falls
        return steps, alive

    def statement(self, node: ast.stmt, modes: frozenset[str], above: int) -> tuple[list[Step], frozenset[str]]:
        """One statement for these modes."""
        match node:
            case ast.If():
                return self.branch(node, modes, above)
            case ast.For() | ast.While():
                body, _ = self.block(node.body, modes, _header_end(node))
                orelse, _ = self.block(node.orelse, modes, _last_line(node.body))
                kind = "for" if isinstance(node, ast.For) else "while"
                return [Step(kind, node, above, [body, orelse])], modes
            case ast.With():
                body, falls = self.block(node.body, modes, _header_end(node))
                return [Step("with", node, above, [body])], falls
            case ast.Try():
                parts = [node.body, *(h.body for h in node.handlers), node.orelse, node.finalbody]
                blocks = [self.block(part, modes, _before(part, node))[0] for part in parts]
                return [Step("try", node, above, blocks)], modes
            case ast.Return() | ast.Raise():
                return [Step("return", node, above, changes=self.changes(node))], frozenset()
        return [Step("simple", node, above, changes=self.changes(node))], modes

    def changes(self, node: ast.stmt) -> frozenset[str]:
        """The names whose objects the calls of a statement change."""
        if not self.facts.changes or isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            return frozenset()
        return frozenset().union(*(self.facts.changes.get(n, ()) for n in every(node, ast.Call)))

    def branch(self, node: ast.If, modes: frozenset[str], above: int) -> tuple[list[Step], frozenset[str]]:
        """An `if`: folded where the mode decides it."""
        sure_true, sure_false = self.decided(node.test, modes)
        header = _header_end(node)
        last = _last_line(node.body)
        if self.only_sets(node):
            return [], modes
        if sure_true == modes:
            return self.block(node.body, modes, header)
        if sure_false == modes:
            return self.block(node.orelse, modes, last)
        if sure_true == {"train"} and sure_true | sure_false == modes and self.only_wraps(node):
            return self.block(node.body, modes, header)
        if "train" in modes and sure_false == modes - {"train"} and not sure_true and self.only_wraps(node):
            return [Step("if", node, above, [self.block(node.body, modes, header)[0], []])], modes
        if sure_true | sure_false == modes:
            body, falls_body = self.block(node.body, sure_true, header)
            orelse, falls_else = self.block(node.orelse, sure_false, last)
            falls = falls_body | falls_else
            if not body and not orelse:
                return [], falls
            return [Step("training", node, above, [body, orelse], sure_true, modes)], falls
        body, falls_body = self.block(node.body, modes - sure_false, header)
        orelse, falls_else = self.block(node.orelse, modes - sure_true, last)
        step = Step("if", node, above, [body, orelse])
        if sure_false:
            inner = Step("if", node, above, [body, orelse])
            rest, _ = self.block(node.orelse, sure_false, last)
            step = Step("training", node, above, [[inner], rest], modes - sure_false, modes)
            return [step], falls_body | falls_else | sure_false if falls_else or rest else falls_body | sure_false
        return [step], falls_body | falls_else

    def only_wraps(self, node: ast.If) -> bool:
        """True for a branch that only wraps recurrent cells in dropout: the wrapper itself follows the mode."""
        for statement in node.body:
            made = statement.value if isinstance(statement, ast.Assign) else None
            made = made.elt if isinstance(made, ast.ListComp) else made
            callees = self.facts.callees.get(made, []) if isinstance(made, ast.Call) else []
            if not callees or not all(isinstance(c, Symbol) and c.name in DROPOUT_WRAPPERS for c in callees):
                return False
        return not node.orelse

    def only_sets(self, node: ast.If) -> bool:
        """True for a branch on the mode that only sets attributes to constants: where one is read, the mode tells it.

        See `lower/reading/mode_state.py`.
        """
        sure_true, sure_false = self.decided(node.test, ALL)
        evaluated = frozenset(self.facts.values.get(node.test, {}))
        if not self.facts.set_by_mode or not evaluated or sure_true | sure_false != evaluated:
            return False
        for statement in (*node.body, *node.orelse):
            targets = statement.targets if isinstance(statement, ast.Assign) else []
            if not targets or not all(t in self.facts.set_by_mode for t in targets):
                return False
            if not isinstance(statement.value, ast.Constant):  # type: ignore[attr-defined]
                return False
        return True

    def decided(self, test: ast.expr, modes: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
        """The modes in which a test surely holds, and surely fails; nothing for a test that ignores the mode."""
        if not self.facts.mode_dependent(test):
            return frozenset(), frozenset()
        by_mode = self.facts.values.get(test, {})
        certain = {m: truth(by_mode[m]) for m in modes if m in by_mode}
        holds = frozenset(m for m, t in certain.items() if t is True)
        fails = frozenset(m for m, t in certain.items() if t is False)
        if not active("mode-sets"):
            holds = holds | fails if holds else holds
            fails = fails - holds
        return holds, fails


def mode_condition(facts: Facts, node: ast.AST, modes: frozenset[str]) -> frozenset[str] | None:
    """The modes of `modes` in which a boolean expression that depends on the mode alone holds; None for others."""
    by_mode = facts.values.get(node, {})
    if not facts.mode_dependent(node):
        return None
    found = set()
    for mode in modes:
        value = by_mode.get(mode)
        if value is None:
            continue
        if not isinstance(value, Const) or not isinstance(value.value, bool):
            return None
        if value.value:
            found.add(mode)
    return frozenset(found)


def walk(steps: Iterable[Step]) -> Iterator[Step]:
    """Every step, outer ones first."""
    for step in steps:
        yield step
        for block in step.blocks:
            yield from walk(block)


def header(step: Step) -> list[ast.expr]:
    """The expressions that a step evaluates itself, in order; those of its blocks not included."""
    node = step.node
    match step.kind, node:
        case "training", _:
            return []
        case "if", ast.If() | ast.While():
            return [node.test]
        case "while", ast.While():
            return [node.test]
        case "for", ast.For():
            return [node.iter]
        case "with", ast.With():
            return [item.context_expr for item in node.items]
        case "try", _:
            return []
    return [n for n in children(node) if isinstance(n, ast.expr)]


def _header_end(node: ast.If | ast.For | ast.While | ast.With) -> int:
    """The line on which the header of a compound statement ends."""
    if isinstance(node, (ast.If, ast.While)):
        return node.test.end_lineno or node.lineno
    if isinstance(node, ast.For):
        return node.iter.end_lineno or node.lineno
    return max(item.context_expr.end_lineno or node.lineno for item in node.items)


def _last_line(statements: list[ast.stmt]) -> int:
    return statements[-1].end_lineno or statements[-1].lineno


def _before(part: list[ast.stmt], node: ast.Try) -> int:
    return part[0].lineno - 1 if part else node.lineno

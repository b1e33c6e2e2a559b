"""The one import planner: what a converted file must import, and which of its imports nobody needs any more.

Works on LibCST, so that comments and grouping of the import block stay as they are.
"""

from __future__ import annotations

import ast
import dataclasses
import sys
from collections.abc import Set

import libcst as cst

from migrator.cells import CELL
from migrator.source.syntax import descendants, every, syntax_of

SPELLINGS = {
    "keras": "import keras",
    "tf": "import tensorflow as tf",
    "np": "import numpy as np",
    "functools": "import functools",
    "copy": "import copy",
}

ENDED = ("tensorflow.contrib", "tensorflow.examples", "tensorflow.python", "tensorflow_estimator", "tf_slim")
STATEMENTS = (cst.Module, cst.BaseSuite, cst.BaseCompoundStatement, cst.Else, cst.ExceptHandler, cst.Finally)


@dataclasses.dataclass(frozen=True)
class ImportPlan:
    """Wanted imports: whole statements by spelling, and names renamed inside existing from-imports."""

    needed: frozenset[str]  # keys of SPELLINGS
    statements: tuple[str, ...] = ()  # other import statements, e.g. "from .support import X"
    renamed: tuple[tuple[str, str], ...] = ()  # imported name -> new name
    own: frozenset[str] = frozenset()  # top-level names of the project's own packages and modules


def plan_imports(text: str, original: ast.Module, plan: ImportPlan) -> str:
    """The text with its imports brought in order.

    Imports that the original used and the new text does not are removed; `tensorflow.compat.v1` becomes `tensorflow`.
    """
    tree = syntax_of(text)
    short, rest = shortened(text, tree)
    module = cst.parse_module(short)
    used = used_names(tree)
    used_before = used_names(original)
    bound = bound_at_top(tree)
    ours = {name for statement in plan.statements for name in bound_at_top(ast.parse(statement))}
    start = next((index for index, node in enumerate(module.body) if _is_import(node)), 0)
    visitor = _Imports(used, used_before, dict(plan.renamed), exported(tree), ours)
    module = module.visit(visitor)
    assert isinstance(module, cst.Module)
    wanted = []
    for name in sorted(plan.needed):
        spelling, local = spelled(name)
        if local in used and (local not in bound or local in visitor.removed):
            wanted.append(spelling)
    wanted += [s for s in plan.statements if s not in text]
    code = _insert(module, wanted, plan.own, rest, start) if wanted else module.code
    return "\n".join(rest[line].text if line in rest else line for line in code.split("\n"))


@dataclasses.dataclass(frozen=True)
class Run:
    """Statements of the top level that follow each other and import nothing."""

    text: str
    names: frozenset[str]  # that they read


def shortened(text: str, tree: ast.Module) -> tuple[str, dict[str, Run]]:
    """The text with one line in place of each run of statements that import nothing, and what these lines stand for.

    LibCST takes ten times as long as `ast` for a text, and most of a file is of no interest here.
    """
    lines = text.split("\n")
    mark = "_rest"
    while mark in text:
        mark += "_"
    rest: dict[str, Run] = {}
    runs = plain_runs(tree, lines)
    for first, last in sorted([*runs, *cell_marks(tree, lines, runs)], reverse=True):
        name = f"{mark}{first}"
        names = (used_names(node) for node in tree.body if first <= node.lineno <= last)
        rest[name] = Run("\n".join(lines[first - 1 : last]), frozenset().union(*names))
        lines[first - 1 : last] = [name]
    return "\n".join(lines), rest


def plain_runs(tree: ast.Module, lines: list[str]) -> list[tuple[int, int]]:
    """First and last line of each run of top-level statements without imports. A docstring belongs to none."""
    runs: list[tuple[int, int, bool]] = []
    for index, node in enumerate(tree.body):
        first = min(n.lineno for n in (node, *getattr(node, "decorator_list", ())))
        imports = any(isinstance(n, (ast.Import, ast.ImportFrom)) for n in descendants(node))
        plain = not imports and not (index == 0 and isinstance(node, ast.Expr))
        if runs and (first <= runs[-1][1] or (plain and runs[-1][2])):  # `x = 1; import os` is not taken apart
            before = runs.pop()
            first, plain = before[0], plain and before[2]
        runs.append((first, node.end_lineno or node.lineno, plain))
    ends = [*(first for first, _, _ in runs[1:]), len(lines) + 1]
    return [(first, indented_to(lines, last, end)) for (first, last, p), end in zip(runs, ends, strict=True) if p]


def cell_marks(tree: ast.Module, lines: list[str], runs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The lines between cells that stand in no run and in no statement: they stay where the import below them goes."""
    marks = [number for number, line in enumerate(lines, 1) if line.startswith(CELL)]
    held = [*runs, *((node.lineno, node.end_lineno or node.lineno) for node in tree.body)] if marks else []
    return [(n, n) for n in marks if not any(first <= n <= last for first, last in held)]


def indented_to(lines: list[str], last: int, end: int) -> int:
    """The last indented comment line before `end`, which belongs to the block that ends with `last`, else `last`."""
    return max((n for n in range(last + 1, end) if lines[n - 1].strip() and lines[n - 1][0] in " \t"), default=last)


def spelled(name: str) -> tuple[str, str]:
    """(import statement, the name it binds) of a needed import."""
    if name.startswith("from absl "):
        part = name.rsplit(" ", 1)[1]
        return f"from absl import {part}", part
    if name.startswith("absl."):
        return f"import {name}", "absl"
    return SPELLINGS[name], name


def used_names(tree: ast.AST) -> set[str]:
    """Every name read or deleted anywhere, and those listed in strings of __all__."""
    return {n.id for n in every(tree, ast.Name) if not isinstance(n.ctx, ast.Store)}


def exported(tree: ast.Module) -> set[str]:
    """Names in `__all__`."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            if isinstance(node.value, (ast.List, ast.Tuple)):
                return {e.value for e in node.value.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)}
    return set()


def bound_at_top(tree: ast.Module) -> set[str]:
    """Names that the file's own imports bind at the top level."""
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {(a.asname or a.name).split(".")[0] for a in node.names}
    return found


class _Imports(cst.CSTTransformer):
    """Edits import statements: unused ones go, compat.v1 becomes the plain package, renamed names follow."""

    def __init__(
        self, used: set[str], used_before: set[str], renamed: dict[str, str], keep: set[str], ours: set[str]
    ) -> None:
        super().__init__()
        self.ours = ours  # names that new imports bind
        self.used, self.used_before, self.renamed, self.keep = used, used_before, renamed, keep
        self.removed: set[str] = set()

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Go down to statements only: the rest of a file is most of it, and is left as it is."""
        if isinstance(node, cst.SimpleStatementLine):
            return any(isinstance(small, (cst.Import, cst.ImportFrom)) for small in node.body)
        return isinstance(node, STATEMENTS)

    def gone(self, name: str, module: str = "") -> bool:
        """True when the original read the name and the new text does not, or nobody does and the module ended."""
        if name in self.ours and module.startswith("tensorflow"):
            return True  # the name is another's from now on
        unread = name in self.used_before or module.startswith(ENDED)
        return unread and name not in self.used and name not in self.keep

    def leave_Import(self, original_node: cst.Import, updated_node: cst.Import) -> cst.Import | cst.RemovalSentinel:
        names: list[cst.ImportAlias] = []
        for alias in updated_node.names:
            dotted = _dotted(alias.name)
            local = alias.evaluated_alias or dotted.split(".")[0]
            if self.gone(local, dotted):
                self.removed.add(local)
                continue
            if dotted == "tensorflow.compat.v1" and alias.asname is not None:
                alias = alias.with_changes(name=cst.Name("tensorflow"))
            names.append(alias)
        if not names:
            return cst.RemoveFromParent()
        names[-1] = names[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
        return updated_node.with_changes(names=names)

    def leave_ImportFrom(
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> cst.ImportFrom | cst.Import | cst.RemovalSentinel:
        if isinstance(updated_node.names, cst.ImportStar):
            return updated_node
        names: list[cst.ImportAlias] = []
        source = _dotted(updated_node.module) if updated_node.module is not None else ""
        for alias in updated_node.names:
            plain = _dotted(alias.name)
            local = alias.evaluated_alias or plain
            if plain in self.renamed and alias.asname is None and self.gone(plain):
                alias = alias.with_changes(name=cst.Name(self.renamed[plain]))
                local = self.renamed[plain]
                if any(_dotted(n.name) == local for n in names):
                    continue
            elif self.gone(local, source):
                self.removed.add(local)
                continue
            names.append(alias)
        if not names:
            return cst.RemoveFromParent()
        if source == "tensorflow.compat" and len(names) == 1 and _dotted(names[0].name) == "v1":
            local = names[0].evaluated_alias or "v1"
            alias = cst.ImportAlias(cst.Name("tensorflow"), cst.AsName(cst.Name(local)))
            return cst.Import([alias])
        names[-1] = names[-1].with_changes(
            comma=cst.MaybeSentinel.DEFAULT if updated_node.lpar is None else names[-1].comma
        )
        return updated_node.with_changes(names=names)


def _dotted(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Attribute):
        return f"{_dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""


def _insert(module: cst.Module, wanted: list[str], own: frozenset[str], rest: dict[str, Run], start: int) -> str:
    """The module with import statements added where they belong: standard library first, own modules last.

    None stands behind the first statement that reads what it imports. `start`: where the first import stood.
    """
    body: list[cst.BaseStatement] = list(module.body)
    for statement in wanted:
        line = cst.parse_statement(broken(statement), config=module.config_for_parsing)
        assert isinstance(line, cst.SimpleStatementLine)
        at, lonely = _position(body, statement, own, rest, start)
        first = _first_use(body, statement, rest)
        at, lonely = (first, True) if first < at else (at, lonely)
        following = body[at] if at < len(body) else None
        if (
            following is not None
            and _rank_of(following, own) == _rank(statement, own)
            and isinstance(following, cst.SimpleStatementLine)
        ):
            # the new one opens its block: the blank lines in front of the block go to it
            if all(not e.comment for e in following.leading_lines) and lonely:
                line = line.with_changes(leading_lines=following.leading_lines)
                body[at] = following.with_changes(leading_lines=())
        elif lonely and at > 0:
            line = line.with_changes(leading_lines=[cst.EmptyLine(indent=False)])
        body.insert(at, line)
    return module.with_changes(body=body).code


def broken(statement: str) -> str:
    """A from-import in parentheses when it is longer than a line."""
    if len(statement) <= 88 or " import " not in statement or not statement.startswith("from "):
        return statement
    head, names = statement.split(" import ", 1)
    return f"{head} import (\n" + "".join(f"    {name.strip()},\n" for name in names.split(",")) + ")"


def _is_import(node: cst.BaseStatement) -> bool:
    """True for a line that begins with an import."""
    return isinstance(node, cst.SimpleStatementLine) and isinstance(node.body[0], (cst.Import, cst.ImportFrom))


def _rank_of(node: cst.BaseStatement, own: frozenset[str]) -> int | None:
    """The rank of an import statement, None for other statements."""
    small = node.body[0] if isinstance(node, cst.SimpleStatementLine) else None
    if isinstance(small, (cst.Import, cst.ImportFrom)):
        text = cst.Module([]).code_for_node(small)
        return None if "__future__" in text else _rank(text, own)
    return None


def _position(
    body: list[cst.BaseStatement], statement: str, own: frozenset[str], rest: dict[str, Run], start: int
) -> tuple[int, bool]:
    """Where an import belongs, and whether the import before it is of another kind."""
    rank, key = _rank(statement, own), _key(statement)
    after, before_rank, found = start, None, False
    for index, node in enumerate(body):
        small = node.body[0] if isinstance(node, cst.SimpleStatementLine) else None
        value = small.value if isinstance(small, cst.Expr) else None
        run = _run(node, rest)
        is_mark = run is not None and run.text.startswith(CELL)
        if index == 0 and (is_mark or isinstance(value, (cst.SimpleString, cst.ConcatenatedString))):
            after = max(after, 1)
        if isinstance(small, cst.ImportFrom) and "__future__" in cst.Module([]).code_for_node(small):
            after = index + 1
            continue
        other = _rank_of(node, own)
        if other is None:
            continue
        text = cst.Module([]).code_for_node(small) if small is not None else ""
        if (other, _key(text)) <= (rank, key):
            after, before_rank, found = index + 1, other, True
    return after, not found or before_rank != rank


def _first_use(body: list[cst.BaseStatement], statement: str, rest: dict[str, Run]) -> int:
    """The index of the first statement that reads a name which the import binds."""
    names = bound_at_top(ast.parse(statement))
    for index, node in enumerate(body):
        run = _run(node, rest)
        reads: Set[str] = run.names if run else used_names(syntax_of(cst.Module([]).code_for_node(node)))
        if reads & names:
            return index
    return len(body)


def _run(node: cst.BaseStatement, rest: dict[str, Run]) -> Run | None:
    """What a line stands for in a shortened text; None for a line of its own."""
    small = node.body[0] if isinstance(node, cst.SimpleStatementLine) else None
    value = small.value if isinstance(small, cst.Expr) else None
    return rest.get(value.value) if isinstance(value, cst.Name) else None


def _rank(statement: str, own: frozenset[str]) -> int:
    module = statement.split()[1]
    if module.startswith("."):
        return 3
    head = module.split(".")[0]
    if head in sys.stdlib_module_names:
        return 0
    return 2 if head in own else 1


def _key(statement: str) -> str:
    return statement.split()[1]


__all__ = ["ImportPlan", "plan_imports"]

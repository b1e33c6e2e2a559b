"""Copies the user's source text with some nodes replaced: formatting and comments stay, indentation moves along."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable

from migrator.source.module import Module
from migrator.source.syntax import children, is_written, remembered

Rewrite = Callable[[ast.AST], str | None]

_LOOSE = (ast.BinOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Lambda, ast.UnaryOp, ast.NamedExpr, ast.Await, ast.Tuple)
_TIGHT = (ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Attribute, ast.Subscript, ast.Starred, ast.IfExp)


@dataclasses.dataclass(frozen=True)
class Renderer:
    """Renders nodes of one module; `rewrite` gives the replacement text of a node, or None to keep it."""

    module: Module
    rewrite: Rewrite

    def expression(self, node: ast.AST, shift: int = 0) -> str:
        """The node's text with replacements; continuation lines are moved by `shift` columns."""
        replaced = self.rewrite(node)
        if replaced is not None:
            return shifted(replaced, shift)
        return self.inside(node, shift)

    def inside(self, node: ast.AST, shift: int = 0) -> str:
        """The node's own text with only its descendants replaced."""
        if isinstance(node, ast.JoinedStr):
            return self._formatted(node, shift)
        if is_written(node):
            return self._written(node)
        start, end = self.module.span(node)
        pieces: list[str] = []
        at = start
        for child in _expressions(node):
            text = self.expression(child, shift)
            child_start, child_end = self.module.span(child)
            if text != self.copy(child_start, child_end, shift):
                text = self._protect(text, node, child)
                if isinstance(child, ast.Tuple) and self.module.text[child_start] != "(" and not _bare(text):
                    text = text.removeprefix("(").removesuffix(")") if text.startswith("(") else text
            pieces += [self.copy(at, child_start, shift), text]
            at = child_end
        pieces.append(self.copy(at, end, shift))
        return "".join(pieces)

    def copy(self, start: int, end: int, shift: int = 0) -> str:
        """Source text start..end; lines that continue are moved by `shift`, except inside strings."""
        text = self.module.text[start:end]
        if shift == 0 or "\n" not in text:
            return text
        lines = text.split("\n")
        first = self.module.line_of(start)
        moved = [lines[0]]
        final = first + len(lines) - 1
        for number, line in enumerate(lines[1:], first + 1):
            if number in self.module.string_lines or (not line.strip() and number != final):
                moved.append(line)
            elif shift > 0:
                moved.append(" " * shift + line)
            else:
                moved.append(line[min(-shift, len(line) - len(line.lstrip(" "))) :])
        return "\n".join(moved)

    def _written(self, node: ast.AST) -> str:
        """The text of an expression that stands in no file."""
        match node:
            case ast.Call():
                named = [f"{k.arg}={self.expression(k.value)}" for k in node.keywords]
                return call_text(self.expression(node.func), [*map(self.expression, node.args), *named])
            case ast.Attribute():
                return f"{self.expression(node.value)}.{node.attr}"
            case ast.List() | ast.Tuple():
                shown = ", ".join(map(self.expression, node.elts))
                return f"[{shown}]" if isinstance(node, ast.List) else f"({shown},)"
        return ast.unparse(node)

    def _protect(self, text: str, parent: ast.AST, child: ast.AST) -> str:
        """The replacement in parentheses where its new neighbours would tear it apart."""
        if isinstance(parent, _TIGHT) or (isinstance(parent, ast.Call) and parent.func is child):
            if isinstance(parent, ast.Subscript) and parent.slice is child:
                return text
            try:
                parsed = ast.parse(f"({text}\n)", mode="eval").body  # it may go on over several lines
            except SyntaxError:
                return f"({text})"
            if _same_shape(parsed, child):
                return text
            if isinstance(parsed, _LOOSE) and not (isinstance(parsed, ast.Tuple) and text.startswith("(")):
                if isinstance(parent, (ast.BinOp, ast.Compare, ast.BoolOp)) and _binds_tighter(parsed, parent):
                    return text
                return f"({text})"
        return text

    def _formatted(self, node: ast.JoinedStr, shift: int) -> str:
        """An f-string: before Python 3.12 its inner positions are unusable, so a changed one is printed anew."""
        start, end = self.module.span(node)
        changed = False
        copied = ast.parse(f"({self.copy(start, end)})", mode="eval").body  # it may go on over several lines
        originals = [n for n in ast.walk(node) if isinstance(n, ast.FormattedValue)]
        copies = [n for n in ast.walk(copied) if isinstance(n, ast.FormattedValue)]
        for original, copy in zip(originals, copies, strict=True):
            rewritten = _rewritten_tree(original.value, self.rewrite)
            if rewritten is not None:
                copy.value = rewritten
                changed = True
        return ast.unparse(copied) if changed else self.copy(start, end, shift)


def _same_shape(new: ast.expr, old: ast.AST) -> bool:
    """True when the replacement binds like what stood there: it needs no parentheses that the source did without."""
    if isinstance(new, (ast.BinOp, ast.BoolOp)) and isinstance(old, (ast.BinOp, ast.BoolOp)):
        return type(new.op) is type(old.op)
    if isinstance(new, ast.UnaryOp) and isinstance(old, ast.UnaryOp):
        return type(new.op) is type(old.op)
    return type(new) is type(old) and isinstance(new, (ast.Compare, ast.IfExp, ast.Lambda))


def _rewritten_tree(node: ast.expr, rewrite: Rewrite) -> ast.expr | None:
    """The expression with replacements as a tree, or None when nothing changes."""
    changed = False

    class Replace(ast.NodeTransformer):
        def visit(self, inner: ast.AST) -> ast.AST:
            nonlocal changed
            text = rewrite(inner) if isinstance(inner, ast.expr) else None
            if text is not None:
                changed = True
                return ast.parse(text, mode="eval").body
            return self.generic_visit(inner)

    import copy

    # the transformer edits in place: work on a copy, but ask about the originals
    mapping = dict(zip(ast.walk(copied := copy.deepcopy(node)), ast.walk(node), strict=True))
    original_rewrite = rewrite

    def rewrite_original(inner: ast.AST) -> str | None:
        return original_rewrite(mapping[inner]) if inner in mapping else None

    rewrite = rewrite_original
    result = Replace().visit(copied)
    return result if changed and isinstance(result, ast.expr) else None


@remembered
def _expressions(node: ast.AST) -> tuple[ast.expr, ...]:
    """Direct sub-expressions in source order, through keywords, comprehensions and argument lists."""
    found: list[ast.expr] = []

    def collect(inner: ast.AST) -> None:
        for child in children(inner):
            if isinstance(child, ast.expr):
                found.append(child)
            elif isinstance(
                child, (ast.keyword, ast.comprehension, ast.arguments, ast.withitem, ast.stmt, ast.ExceptHandler)
            ):
                collect(child)

    collect(node)
    return tuple(sorted(found, key=lambda n: (n.lineno, n.col_offset)))


def _bare(text: str) -> bool:
    return not text.startswith("(")


_PRECEDENCE: dict[type, int] = {
    ast.Or: 1,
    ast.And: 2,
    ast.Compare: 4,
    ast.BitOr: 5,
    ast.BitXor: 6,
    ast.BitAnd: 7,
    ast.Add: 9,
    ast.Sub: 9,
    ast.Mult: 10,
    ast.Div: 10,
    ast.FloorDiv: 10,
    ast.Mod: 10,
    ast.MatMult: 10,
    ast.Pow: 12,
}


def _binds_tighter(inner: ast.expr, outer: ast.AST) -> bool:
    """True when an operation needs no parentheses as an operand of another."""

    def rank(node: ast.AST) -> int:
        if isinstance(node, (ast.BinOp, ast.BoolOp)):
            return _PRECEDENCE.get(type(node.op), 0)
        return 4 if isinstance(node, ast.Compare) else 0

    return rank(inner) > rank(outer) > 0


def shifted(text: str, shift: int) -> str:
    """A new text whose continuation lines move along; one with a string of several lines stays as it is."""
    if shift == 0 or "\n" not in text or '"""' in text or "'''" in text:
        return text
    first, *others = text.split("\n")
    if shift > 0:
        return "\n".join([first, *(" " * shift + line if line.strip() else line for line in others)])
    return "\n".join([first, *(line[min(-shift, len(line) - len(line.lstrip(" "))) :] for line in others)])


def standalone(text: str) -> str:
    """The text of an expression, in parentheses when it would not parse on lines of its own."""
    if "\n" not in text:
        return text
    try:
        ast.parse(text, mode="eval")
    except SyntaxError:
        return f"({text})"
    return text


def call_text(function: str, arguments: list[str]) -> str:
    """`function(arguments)` on one line; lines that turn out too long are broken when the statement is printed."""
    return f"{function}({', '.join(arguments)})"


def with_arguments(call: str, arguments: list[str]) -> str:
    """A call with more arguments at its end, on a line of their own where the others are."""
    before = call[:-1].rstrip().rstrip(",")
    if before.endswith("("):
        return f"{before}{', '.join(arguments)})"
    last = before.split("\n")[-1]
    gap = ", " if "\n" not in before else ",\n" + " " * (len(last) - len(last.lstrip()))
    return f"{before}{gap}{', '.join(arguments)})"

"""A model_fn and the methods that go on with its work, as one body: what was kept on `self` becomes names."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator

from migrator.plain.assigned import unbound
from migrator.plain.found import Staying, bound_in
from migrator.plain.joined_names import Names, is_copy
from migrator.plain.lines import Chunk
from migrator.plain.methods import SCOPES, Call, Together, own_attribute, statements, together
from migrator.source.module import Module
from migrator.source.project import Project
from migrator.source.syntax import descendants

Line = tuple[str, int]  # a line of text, and where it stood


@dataclasses.dataclass(frozen=True, eq=False)
class Joined:
    """A model_fn that was joined: its node, and what replaces lines of its file."""

    function: ast.FunctionDef
    chunks: tuple[Chunk, ...]


def joined(project: Project, module: Module) -> Iterator[Joined]:
    """The model_fns of a file that can be written in one body, so written."""
    for one in together(project, module):
        try:
            yield Joined(one.model_fn, tuple(chunks_of(one)))
        except Staying:
            continue


def chunks_of(one: Together) -> Iterator[Chunk]:
    """The new body of the model_fn, and the methods that are gone. Raises Staying."""
    names = Names(one)
    lines = list(body(names, one.model_fn))
    start, end = first_line(one.module, one.model_fn), one.model_fn.end_lineno or one.model_fn.lineno
    check_bound(names, [text for text, _ in lines], one.module.indent_of(one.model_fn.body[0]))
    yield Chunk(start, end, tuple(text for text, _ in lines), start, tuple(at for _, at in lines))
    for call in one.calls:
        above, below = call.method.lineno, call.method.end_lineno or call.method.lineno
        while is_comment(one.module, above - 1):
            above -= 1
        while above > 2 and not one.module.lines[above - 2].strip():
            above -= 1
        yield Chunk(above, below, (), above)


def check_bound(names: Names, lines: list[str], indent: str) -> None:
    """Raises Staying where a mode may read what only another one has kept."""
    text = "\n".join(lines)
    try:
        tree = ast.parse(f"def joined():\n{text}" if indent else text)
    except SyntaxError as error:
        raise Staying("the body cannot be written in one piece") from error
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    modes = {"mode", names.attributes.get("mode", "mode")}
    name = unbound(function, set(names.attributes.values()) - names.kept, modes)
    if name is not None:
        raise Staying(f"`{name}` may be read where only another mode has kept it")


def first_line(module: Module, method: ast.FunctionDef) -> int:
    """The first line of a method's body, with the comments right above it."""
    line = method.body[0].lineno
    while is_comment(module, line - 1) and line - 1 > method.lineno:
        line -= 1
    if line <= method.lineno:
        raise Staying("its body stands on the line of its head")
    return line


def is_comment(module: Module, line: int) -> bool:
    """True for a line that holds a comment only."""
    return 0 < line <= len(module.lines) and module.lines[line - 1].lstrip().startswith("#")


def body(names: Names, method: ast.FunctionDef) -> Iterator[Line]:
    """The lines of a method, with those of the methods that it calls in the place of the calls."""
    one = names.together
    module = one.module
    new = edited(names, method)
    calls = {call.statement.lineno: call for call in one.calls if call.statement in descendants(method)}
    copies = [
        s for s in statements(method) if method is one.model_fn and any(is_copy(s, method, a) for a in names.kept)
    ]
    gone = {line for s in copies for line in range(s.lineno, (s.end_lineno or s.lineno) + 1)}
    line, end = first_line(module, method), method.end_lineno or method.lineno
    while line <= end:
        call = calls.get(line)
        if call is not None:
            yield from in_place(names, method, call)
            line = (call.statement.end_lineno or line) + 1
            continue
        if line not in gone:
            yield new[line - 1], line
        line += 1


def in_place(names: Names, method: ast.FunctionDef, call: Call) -> Iterator[Line]:
    """What stands in the place of a call: its arguments under the method's names, and the method's body."""
    module, at = names.together.module, call.statement.lineno
    indent = module.indent_of(call.statement)
    inner = names.enter(call, method)
    for name, given in call.arguments.items():
        text = expression(names, method if is_inside(given, call.call) else call.method, given)
        if text != inner.get(name, name):
            yield f"{indent}{inner.get(name, name)} = {text}", at
    above = call.method.lineno
    while is_comment(module, above - 1):
        above -= 1
    for line in range(above, call.method.lineno):
        yield indent + module.lines[line - 1].strip(), line
    first = call.method.body[0]
    documented = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    if documented:
        yield from ((f"{indent}# {text.strip()}".rstrip(), first.lineno) for text in told(first))
    last = call.method.body[-1]
    by = len(indent) - len(module.indent_of(first))
    for text, line in body(names, call.method):
        if documented and line <= (first.end_lineno or first.lineno):
            continue
        if isinstance(last, ast.Return) and last.lineno <= line <= (last.end_lineno or last.lineno):
            if not isinstance(call.statement, ast.Return):
                if line == last.lineno and not is_idle(call, last):
                    value = expression(names, call.method, last.value)
                    yield kept(names, method, call, value, indent), line
                continue
        moved = text if line in module.string_lines else " " * by + text if by > 0 else text[min(-by, blanks(text)) :]
        yield moved if moved.strip() else "", line


def kept(names: Names, method: ast.FunctionDef, call: Call, value: str, indent: str) -> str:
    """The statement that keeps what a method returns."""
    if not isinstance(call.statement, ast.Assign):
        return indent + value
    targets = [expression(names, method, target) for target in call.statement.targets]
    return indent + " = ".join([*targets, value])


def is_idle(call: Call, last: ast.Return) -> bool:
    """True where nobody takes what a method returns, and making it does nothing."""
    nothing = (ast.Name, ast.Attribute, ast.Constant, ast.Tuple, ast.List, ast.Load)
    return isinstance(call.statement, ast.Expr) and (
        last.value is None or all(isinstance(n, nothing) for n in descendants(last.value))
    )


def is_inside(node: ast.AST, call: ast.Call) -> bool:
    """True for an argument that the call gives: any other is a default."""
    return node in descendants(call)


def told(docstring: ast.stmt) -> list[str]:
    """The lines of a docstring."""
    assert isinstance(docstring, ast.Expr) and isinstance(docstring.value, ast.Constant)
    return str(docstring.value.value).strip().split("\n")


def blanks(text: str) -> int:
    """How far a line is indented."""
    return len(text) - len(text.lstrip(" "))


def edited(names: Names, method: ast.FunctionDef) -> list[str]:
    """The lines of the file with a method's names and attributes in their new form."""
    lines = [line.encode() for line in names.together.module.lines]
    for row, start, end, text in sorted(edits(names, method, method), reverse=True):
        lines[row - 1] = lines[row - 1][:start] + text.encode() + lines[row - 1][end:]
    return [line.decode() for line in lines]


def expression(names: Names, method: ast.FunctionDef, node: ast.expr | None) -> str:
    """An expression of a method in new names, on one line."""
    if node is None:
        return "None"
    if node.lineno != node.end_lineno:
        node = ast.parse(ast.unparse(node), mode="eval").body
        return ast.unparse(Renamed(names, method).visit(node))
    text = names.together.module.lines[node.lineno - 1].encode()[: node.end_col_offset]
    for row, start, end, new in sorted(edits(names, method, node), reverse=True):
        assert row == node.lineno
        text = text[:start] + new.encode() + text[end:]
    return text[node.col_offset :].decode()


class Renamed(ast.NodeTransformer):
    """Gives names and attributes of an expression their new form."""

    def __init__(self, names: Names, method: ast.FunctionDef) -> None:
        self.attributes, self.method, self.renames = names.attributes, method, names.of(method)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        attr = own_attribute(node, self.method)
        if attr in self.attributes:
            return ast.Name(self.attributes[attr], node.ctx)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self.renames.get(node.id, node.id), node.ctx)


def edits(names: Names, method: ast.FunctionDef, within: ast.AST) -> Iterator[tuple[int, int, int, str]]:
    """(line, first byte, last byte, new text) of what is called otherwise. Raises Staying."""
    renames = names.of(method)
    for node in descendants(within):
        attr = own_attribute(node, method)
        if attr in names.attributes and isinstance(node, ast.Attribute):
            if node.lineno != node.end_lineno:
                raise Staying("an attribute is spread over lines")
            yield node.lineno, node.col_offset, node.end_col_offset or 0, names.attributes[attr]
        elif isinstance(node, ast.Name) and node.id in renames:
            yield node.lineno, node.col_offset, node.end_col_offset or 0, renames[node.id]
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name in renames and node is not method:
            raise Staying("a function inside would be renamed")
        if isinstance(node, SCOPES) and node is not method:
            own = set(bound_in(node))
            inner = descendants(node)
            new = {names.attributes.get(own_attribute(n, method) or "", "") for n in inner}
            new |= {renames[n.id] for n in inner if isinstance(n, ast.Name) and n.id in renames}
            if own & (new | renames.keys()):
                raise Staying("a function inside has names of its own that would be others")

"""A name that holds one value after another gets a second name, where both values are needed of the network."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterable, Mapping

from migrator.lower.reading.context import Refused
from migrator.source.syntax import syntax_of

SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclasses.dataclass(frozen=True)
class Doubled:
    """A name of the function at `function` that the statement at `line` gives a value while another is needed."""

    path: str
    function: int
    line: int
    name: str


class Overwritten(Refused):
    """A value of the forward pass is needed that a later statement overwrites."""

    def __init__(self, refused: Refused, function: ast.FunctionDef, name: str) -> None:
        super().__init__(refused.refusal)
        self.doubled = Doubled(refused.refusal.path, function.lineno, refused.refusal.line, name)


def separated(sources: Mapping[str, str], doubled: Iterable[Doubled]) -> tuple[dict[str, str], list[Doubled]]:
    """The sources in which later values have names of their own, and which these are: where it can be done."""
    found = dict(sources)
    done: list[Doubled] = []
    for one in dict.fromkeys(doubled):
        text = renamed(found[one.path], one)
        if text is not None:
            found[one.path] = text
            done.append(one)
    return found, done


def renamed(text: str, one: Doubled) -> str | None:
    """The text with another name from one statement on; None where other ways lead to a use of it."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.lineno == one.function]
    if len(functions) != 1 or not is_plain(functions[0], one.name):
        return None
    uses = names_behind(functions[0].body, one)
    if uses is None:
        return None
    taken = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} | {
        n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)
    }
    number = next(i for i in range(2, len(taken) + 3) if f"{one.name}_{i}" not in taken)
    lines = [line.encode() for line in text.split("\n")]
    for use in sorted(uses, key=lambda n: (n.lineno, n.col_offset), reverse=True):
        line = lines[use.lineno - 1]
        end = use.col_offset + len(one.name.encode())
        if line[use.col_offset : end] != one.name.encode():
            return None
        lines[use.lineno - 1] = line[: use.col_offset] + f"{one.name}_{number}".encode() + line[end:]
    after = "\n".join(line.decode() for line in lines)
    return after if parses(after) else None


def parses(text: str) -> bool:
    """True for a text that is still Python."""
    try:
        syntax_of(text)
    except SyntaxError:
        return False
    return True


def is_plain(function: ast.FunctionDef, name: str) -> bool:
    """True for a local name that is bound by assignments alone, and that no function inside reads."""
    if any(isinstance(n, ast.arg) and n.arg == name for n in ast.walk(function.args)):
        return False
    for node in ast.walk(function):
        if isinstance(node, SCOPES) and node is not function and mentions(node, name):
            return False
        if isinstance(node, ast.comprehension) and mentions(node.target, name):
            return False
        if isinstance(node, ast.JoinedStr) and mentions(node, name):
            return False  # where it stands is not known before Python 3.12
        if isinstance(node, (ast.Global, ast.Nonlocal)) and name in node.names:
            return False
        if isinstance(node, ast.ExceptHandler) and node.name == name:
            return False
        if isinstance(node, ast.alias) and (node.asname or node.name).split(".")[0] == name:
            return False
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Del):
            return False
    return True


def mentions(node: ast.AST, name: str) -> bool:
    """True when a name stands anywhere in a node."""
    return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(node))


def names_behind(body: list[ast.stmt], one: Doubled) -> list[ast.Name] | None:
    """The name where the statement binds it, and wherever it stands from there to the end of the function.

    None where the statement may be passed over: then a later use may mean either value.
    """
    around = list(way_to(body, one))
    if not around:
        return None
    last, index = around[-1]
    binding = last[index]
    assert isinstance(binding, ast.Assign)
    found = [n for target in binding.targets for n in named(target, one.name) if isinstance(n.ctx, ast.Store)]
    if not found or len(found) != sum(len(named(target, one.name)) for target in binding.targets):
        return None
    for level, (statements, index) in reversed(list(enumerate(around))):
        found += [n for statement in statements[index + 1 :] for n in named(statement, one.name)]
        if isinstance(statements[-1], (ast.Return, ast.Raise)) or level == 0:
            return found
        outer, at = around[level - 1]
        if not isinstance(outer[at], ast.With):
            return None
    return None


def way_to(body: list[ast.stmt], one: Doubled) -> Iterable[tuple[list[ast.stmt], int]]:
    """The blocks around the assignment, outermost first, with the statement of each; nothing inside of loops."""
    for index, statement in enumerate(body):
        if isinstance(statement, ast.Assign) and statement.lineno == one.line:
            return [(body, index)]
        blocks = [statement.body] if isinstance(statement, ast.With) else []
        blocks += [statement.body, statement.orelse] if isinstance(statement, ast.If) else []
        for block in blocks:
            inner = list(way_to(block, one))
            if inner:
                return [(body, index), *inner]
    return []


def named(node: ast.AST, name: str) -> list[ast.Name]:
    """Where a name stands in a node."""
    return [n for n in ast.walk(node) if isinstance(n, ast.Name) and n.id == name]

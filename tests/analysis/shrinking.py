"""A small shrinker: drops statements and unwraps blocks of a program for as long as it still fails in the same way."""

from __future__ import annotations

import ast
import copy
import time
from collections.abc import Callable, Iterator

BODIES = ("body", "orelse", "handlers", "finalbody")


def shrink(text: str, fails: Callable[[str], bool], seconds: float = 10.0) -> str:
    """The smallest program found for which `fails` still holds; comments and layout are lost."""
    deadline = time.monotonic() + seconds
    best = ast.parse(text)
    again = True
    while again and time.monotonic() < deadline:
        again = False
        for candidate in _smaller(best):
            if time.monotonic() > deadline:
                break
            try:
                printed = ast.unparse(ast.fix_missing_locations(candidate))
                compile(printed, "<shrunk>", "exec")
                failing = fails(printed)
            except SyntaxError:
                continue
            if failing:
                best, again = ast.parse(printed), True
                break
    return ast.unparse(best) + "\n"


def _smaller(tree: ast.Module) -> Iterator[ast.Module]:
    """Programs with one statement less, or one compound statement replaced by its body; larger cuts first."""
    places = [
        (path, index)
        for path, block in _blocks(tree)
        for index, node in enumerate(block)
        if not isinstance(node, ast.ExceptHandler)
    ]
    for path, index in places:
        candidate = copy.deepcopy(tree)
        block = _at(candidate, path)
        del block[index]
        if block or path[-1] != "body":
            yield candidate
    for path, index in places:
        node = _at(tree, path)[index]
        for field in BODIES:
            inner = getattr(node, field, None)
            if inner and not isinstance(node, (ast.FunctionDef, ast.ClassDef)) and isinstance(inner[0], ast.stmt):
                candidate = copy.deepcopy(tree)
                block = _at(candidate, path)
                block[index : index + 1] = getattr(block[index], field)
                yield candidate
    yield from _simpler_expressions(tree)


def _simpler_expressions(tree: ast.Module) -> Iterator[ast.Module]:
    """Programs in which a call lost a keyword, or an operation or conditional is one of its operands."""
    count = sum(1 for _ in ast.walk(tree))
    for position in range(count):
        node = _nth(tree, position)
        if isinstance(node, ast.Call):
            for index in range(len(node.keywords)):
                candidate = copy.deepcopy(tree)
                call = _nth(candidate, position)
                assert isinstance(call, ast.Call)
                del call.keywords[index]
                yield candidate
        for field in ("value",) if isinstance(node, ast.Assign) else ():
            inner = getattr(node, field)
            for part in ("left", "right", "body", "orelse"):
                if isinstance(getattr(inner, part, None), ast.expr):
                    candidate = copy.deepcopy(tree)
                    assign = _nth(candidate, position)
                    setattr(assign, field, getattr(getattr(assign, field), part))
                    yield candidate


def _nth(tree: ast.Module, position: int) -> ast.AST:
    for index, node in enumerate(ast.walk(tree)):
        if index == position:
            return node
    raise IndexError(position)


def _blocks(node: ast.AST, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], list[ast.stmt]]]:
    """Every list of statements with the way to it, outer ones first."""
    for field in BODIES:
        block = getattr(node, field, None)
        if isinstance(block, list) and block:
            yield (*path, field), block
            for index, child in enumerate(block):
                yield from _blocks(child, (*path, field, index))


def _at(tree: ast.Module, path: tuple[str | int, ...]) -> list[ast.stmt]:
    found: object = tree
    for step in path:
        found = found[step] if isinstance(step, int) else getattr(found, step)  # type: ignore[index]
    assert isinstance(found, list)
    return found

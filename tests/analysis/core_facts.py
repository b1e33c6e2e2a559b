"""What the core says of a program, in the notation of the commented facts, and its specialisation as source text."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator import rulebook
from migrator.analysis.facts import MODES, Facts
from migrator.analysis.modes import Specialiser, Step
from migrator.analysis.values import Const, Sequence, Value
from migrator.detect import modes, programs
from migrator.source.project import Project

PATH = "program.py"


def evaluated(text: str, function: str) -> tuple[ast.Module, ast.FunctionDef, Facts]:
    """The syntax tree of a program, its model_fn, and the facts of evaluating it in every mode."""
    project = Project({PATH: text})
    rules = rulebook.load()
    program, evaluator = programs.survey(project, rules)
    (found,) = [fn for fn in program.model_fns if fn.qualname == function]
    facts = modes.evaluate_model_fns(project, rules, [found], evaluator)
    module = project.module(PATH)
    assert module is not None
    return module.tree, found.node, facts


def facts_of(text: str, function: str = "model_fn") -> set[tuple[int, str, str]]:
    """(line of a statement, kind of claim, text) for every assignment and every statement that makes variables."""
    tree, _, facts = evaluated(text, function)
    said: set[tuple[int, str, str]] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and node.value in facts.values:
            said |= set(_assigned(node, facts))
    for mode in MODES:
        said |= {(line, "var", ",".join(names)) for line, names in _made(tree, facts, mode).items()}
    return said


def _assigned(node: ast.Assign, facts: Facts) -> Iterator[tuple[int, str, str]]:
    yield node.lineno, "stage", facts.stage(node.value).name.lower()
    values = [literal(v) for v in facts.values[node.value].values()]
    yield node.lineno, "value", values[0] if len(set(values)) == 1 else "?"
    modes = facts.true_in(node.value)
    if modes is not None:
        yield node.lineno, "modes", ",".join(m for m in MODES if m in modes) or "none"


def literal(value: Value) -> str:
    """The Python literal of a value that is known whole, or `?`."""
    match value:
        case Const():
            return repr(value.value)
        case Sequence(open=False):
            return "[" + ",".join(literal(v) for v in value.items) + "]"
    return "?"


def _made(tree: ast.Module, facts: Facts, mode: str) -> dict[int, list[str]]:
    """Statement line -> the scopes of the layers made while it runs, in order."""
    calls: dict[int, list[ast.Call]] = {}  # of each creation: its own call and the calls around it
    for creation in facts.creations.get(mode, []):
        calls[id(creation)] = [creation.call]
    for frames in facts.frames.values():
        for frame in frames:
            if frame.mode == mode and frame.call is not None:
                for creation in frame.creations:
                    calls.setdefault(id(creation), []).append(frame.call)
    simple = [n for n in ast.walk(tree) if isinstance(n, (ast.Assign, ast.AugAssign, ast.Expr, ast.Return))]
    inside = {node.lineno: {id(part) for part in ast.walk(node)} for node in simple}
    made: dict[int, list[str]] = {}
    for creation in facts.creations.get(mode, []):
        if not creation.reused:
            for line, parts in inside.items():
                if any(id(call) in parts for call in calls[id(creation)]):
                    made.setdefault(line, []).append(creation.name)
    return made


def specialised(text: str, function: str = "model_fn") -> dict[str, str]:
    """Mode -> the module's text with the function folded for that mode, as the core folds it."""
    tree, node, facts = evaluated(text, function)
    whole, found = node.body, {}
    for mode in MODES:
        steps, _ = Specialiser(facts).block(whole, frozenset({mode}), 0)
        node.body = _suite(steps)
        found[mode] = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
    return found


def _suite(steps: list[Step]) -> list[ast.stmt]:
    return [_statement(step) for step in steps] or [ast.Pass()]


def _statement(step: Step) -> ast.stmt:
    """A step as the statement that it stands for. No branch on the mode is left when there is one mode."""
    assert step.kind != "training", "a branch on the mode is left"
    node = step.node
    match node:
        case ast.If():
            return ast.If(node.test, _suite(step.blocks[0]), _suite(step.blocks[1]) if step.blocks[1] else [])
        case ast.For():
            orelse = _suite(step.blocks[1]) if step.blocks[1] else []
            return ast.For(node.target, node.iter, _suite(step.blocks[0]), orelse)
        case ast.While():
            return ast.While(node.test, _suite(step.blocks[0]), _suite(step.blocks[1]) if step.blocks[1] else [])
        case ast.With():
            return ast.With(node.items, _suite(step.blocks[0]))
        case ast.Try():
            body, *middle = step.blocks
            pairs = zip(node.handlers, middle, strict=False)
            handlers = [ast.ExceptHandler(h.type, h.name, _suite(block)) for h, block in pairs]
            otherwise, final = step.blocks[-2:]
            last = [_suite(block) if block else [] for block in (otherwise, final)]
            return ast.Try(_suite(body), handlers, *last)
    return node

"""The generator itself: programs are deterministic, valid TensorFlow 1, and hold what their category names."""

from __future__ import annotations

import ast

import pytest

from . import checks, symbolic
from .grammar import SETTINGS
from .programs import CATEGORIES, SUPPORTED, generate
from .shrinking import shrink


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_seed_is_a_program(category: str) -> None:
    assert generate(category, 3).text == generate(category, 3).text
    assert generate(category, 3).text != generate(category, 4).text


@pytest.mark.parametrize("category", CATEGORIES)
def test_generated_programs_run_in_every_mode_and_setting(category: str) -> None:
    for seed in range(100, 104):
        symbolic.forget()
        program = generate(category, seed)
        for outcomes in checks.legacy_outcomes(program.text, SETTINGS):
            assert outcomes["train"].variables


EXPECTED: dict[str, tuple[type[ast.AST], ...]] = {
    "loops": (ast.For,),
    "flags": (ast.If, ast.IfExp),
    "closures": (ast.FunctionDef, ast.Lambda),
    "classes": (ast.ClassDef,),
    "scopes": (ast.With,),
    "reuse": (ast.With,),
    "comprehensions": (ast.ListComp, ast.For),
    "containers": (ast.List, ast.Dict),
}


@pytest.mark.parametrize("category", sorted(EXPECTED))
def test_a_category_holds_its_construct(category: str) -> None:
    for seed in range(20):
        tree = ast.parse(generate(category, seed).text)
        assert any(isinstance(node, EXPECTED[category]) for node in ast.walk(tree)), seed


def test_mixed_programs_use_every_kind_of_helper() -> None:
    text = "".join(generate("mixed", seed).text for seed in range(60))
    for part in ("class ", "lambda ", "def inner", "fn(", "AUTO_REUSE", "make_unit(", "enumerate(", "zip("):
        assert part in text, part
    assert set(SUPPORTED) < set(CATEGORIES)


def test_the_shrinker_keeps_what_fails_and_drops_the_rest() -> None:
    text = generate("mixed", 1, 4).text + "\nWANTED = 3\n"
    small = shrink(text, lambda candidate: "WANTED" in candidate, seconds=20)
    assert small.strip() == "WANTED = 3"


def test_the_shrinker_unwraps_blocks() -> None:
    inner = "for i in range(3):\n            keep(i, extra=2)\n            other()"
    text = f"def f(x):\n    if x:\n        {inner}\n    return x\n"
    small = shrink(text, lambda candidate: "keep(" in candidate)
    assert small == "def f(x):\n    keep(i)\n"

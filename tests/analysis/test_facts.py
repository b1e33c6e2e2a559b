"""Commented facts: each is true of the program when it runs, and the core says the same, or refuses as announced."""

from __future__ import annotations

import pathlib

import pytest

from . import checks, symbolic
from .checks import Verdict
from .commented_facts import FILES, Claim, claims_of, untrue
from .core_facts import facts_of
from .grammar import SETTINGS

IDS = [path.stem for path in FILES]


def unmet(claim: Claim, said: set[tuple[int, str, str]]) -> str | None:
    """Why the core's answer does not meet a claim; one that it may leave open counts as met when open."""
    answers = {text for line, kind, text in said if line == claim.first and kind == claim.kind.rstrip("?")}
    if claim.kind == "var?" and any("*" in text for text in answers):
        return None
    if claim.kind.startswith("var"):
        # the core counts layers and raw variables, the claim names each variable of a layer
        answers |= {claim.text for text in answers if text == ",".join(owners(claim.text))}
    if claim.kind == "value" and claim.text == "?":
        known = answers - {"?"}
        return f"a value is claimed: {sorted(known)}" if known else None
    if claim.kind.startswith("var") and claim.text == "" and not answers:
        return None
    return None if claim.text in answers else f"the core says {sorted(answers) or 'nothing'}"


def owners(variables: str) -> list[str]:
    """`enc/dense/kernel,enc/dense/bias` -> [`enc/dense`]."""
    return list(dict.fromkeys(name.rpartition("/")[0] for name in variables.split(",") if name))


def test_there_are_facts_for_every_trap() -> None:
    assert len(FILES) >= 60
    kinds = {claim.kind for path in FILES for claim in claims_of(path.read_text())}
    assert kinds == {"stage", "value", "modes", "var", "var?", "refuse", "refuse?"}
    assert all(claims_of(path.read_text()) for path in FILES)
    assert all(path.read_text().startswith("# ") and 8 <= path.read_text().count("\n") <= 45 for path in FILES)


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_the_facts_are_true_of_the_running_program(path: pathlib.Path) -> None:
    symbolic.forget()
    assert untrue(path.read_text()) == []


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_the_core_says_the_facts(path: pathlib.Path) -> None:
    text = path.read_text()
    said = facts_of(text)
    wrong = {claim: unmet(claim, said) for claim in claims_of(text) if not claim.kind.startswith("refuse")}
    assert not {f"line {c.first}: {c.kind}={c.text}": why for c, why in wrong.items() if why}


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_the_file_is_migrated_rightly_or_refused_as_said(path: pathlib.Path) -> None:
    symbolic.forget()
    text = path.read_text() + ESTIMATOR
    verdict: Verdict = checks.migrated(text, SETTINGS)
    announced = [claim for claim in claims_of(text) if claim.kind == "refuse"]
    if announced:
        assert verdict.kind == "refused", f"{verdict.kind}: {verdict.reason}\n{verdict.records}"
        rule, line = verdict.reason.split(":")[0], int(verdict.records.removeprefix("line "))
        met = [c for c in announced if c.text == "*" or (c.text == rule and c.first <= line <= c.last)]
        assert met, f"{rule} at line {line}"
    elif verdict.kind == "refused":
        assert any(claim.kind == "refuse?" for claim in claims_of(text)), f"refused: {verdict.reason}"
    else:
        assert verdict.kind == "same", f"{verdict.kind}: {verdict.reason}\n{verdict.records}"


ESTIMATOR = "\n\ndef make_estimator(params):\n    return tf.estimator.Estimator(model_fn=model_fn, params=params)\n"

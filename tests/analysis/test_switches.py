"""Every soundness rule of the core is missed: with the rule off, some fact or some program is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from migrator.analysis import soundness

from . import checks, symbolic
from .commented_facts import FILES, claims_of
from .core_facts import facts_of
from .grammar import SETTINGS
from .programs import CATEGORIES, HOSTILE, generate
from .test_facts import ESTIMATOR, unmet

SEEDS = 3  # random programs of each category, after the facts


def says_the_facts(text: str) -> bool:
    """Whether the core says the commented facts of a text."""
    said = facts_of(text)
    return not any(unmet(claim, said) for claim in claims_of(text) if not claim.kind.startswith("refuse"))


def behaves(text: str) -> bool:
    """Whether the core specialises and migrates a text rightly, or refuses; a text that must be refused, is."""
    symbolic.forget()
    before = checks.legacy_outcomes(text, SETTINGS)
    if checks.specialised(text, SETTINGS, before).failed:
        return False
    verdict = checks.migrated(text, SETTINGS, before)
    must_refuse = any(claim.kind == "refuse" for claim in claims_of(text))
    return not verdict.failed and (verdict.kind == "refused" or not must_refuse)


def trials() -> Iterator[tuple[Callable[[str], bool], str]]:
    """Cheap ones first: what the core says of the facts, what becomes of them, then random programs."""
    texts = [path.read_text() for path in FILES]
    yield from ((says_the_facts, text) for text in texts)
    yield from ((behaves, text + ESTIMATOR) for text in texts)
    hostile_first = sorted(CATEGORIES, key=lambda category: category not in HOSTILE)
    yield from ((behaves, generate(category, seed, 1).text) for seed in range(SEEDS) for category in hostile_first)


def holds(check: Callable[[str], bool], text: str) -> bool:
    """The check's answer; a core that raises without one of its rules is wrong too."""
    try:
        return check(text)
    except checks.Invalid:
        raise
    except Exception:  # the boundary of the core under test
        return False


@pytest.mark.thorough
@pytest.mark.parametrize("rule", sorted(soundness.RULES))
def test_a_rule_that_is_switched_off_is_missed(rule: str) -> None:
    for check, text in trials():
        with soundness.without(rule):
            missed = not holds(check, text)
        if missed and holds(check, text):
            return
    pytest.fail(f"no fact and no program is wrong without {rule}: it is untested, or needless", pytrace=False)


def test_rules_are_in_force_outside_a_test_that_switches_them_off() -> None:
    assert soundness.RULES and all(soundness.active(rule) for rule in soundness.RULES)
    rule = min(soundness.RULES)
    with soundness.without(rule):
        assert not soundness.active(rule)
    assert soundness.active(rule)


def test_an_unknown_rule_cannot_be_switched_off() -> None:
    with pytest.raises(KeyError), soundness.without("no such rule"):
        pass

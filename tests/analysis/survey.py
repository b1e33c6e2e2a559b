"""Counts what becomes of random programs, by category and by reason: `python -m tests.analysis.survey [N] [PREFIX]`.

Not a test: the place to look at when the caps of `test_random_programs` are set, or when the core is being changed.
"""

from __future__ import annotations

import collections
import sys

from . import checks, symbolic
from .programs import CATEGORIES, generate
from .test_random_programs import size_of


def main(count: int = 8, prefix: str = "") -> None:
    """Print a table of verdicts per category and the reasons, each with its first program."""
    reasons: collections.Counter[tuple[str, str]] = collections.Counter()
    first: dict[tuple[str, str], str] = {}
    total: collections.Counter[str] = collections.Counter()
    for category in CATEGORIES:
        if not category.startswith(prefix):
            continue
        kinds: collections.Counter[str] = collections.Counter()
        for seed in range(count):
            program = generate(category, seed, size_of(seed))
            symbolic.forget()
            verdict = checks.migrated(program.text, program.settings)
            kinds[verdict.kind] += 1
            if verdict.kind != "same":
                key = (verdict.kind, verdict.reason[:110])
                reasons[key] += 1
                first.setdefault(key, f"{category}/{seed}/{size_of(seed)}")
        total += kinds
        print(f"{category:32}", dict(kinds), flush=True)
    print(dict(total))
    for (kind, reason), times in reasons.most_common():
        print(f"{times:5} {kind:9} {reason}  [{first[kind, reason]}]")


def show(name: str) -> None:
    """Print one program (category/seed/size), what becomes of it, shrunk when wrong."""
    category, seed, size = name.split("/")
    program = generate(category, int(seed), int(size))
    print(program.text)
    verdict = checks.migrated(program.text, program.settings)
    if verdict.failed:
        print(checks.report(name, program.text, program.settings, checks.migrated, seconds=30))
    else:
        print(verdict.kind, verdict.reason, verdict.records)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments and "/" in arguments[0]:
        show(arguments[0])
    else:
        main(int(arguments[0]) if arguments else 8, arguments[1] if len(arguments) > 1 else "")

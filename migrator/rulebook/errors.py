"""The error of a rule file that breaks the format."""

from __future__ import annotations


class RuleError(ValueError):
    """A rule file breaks the format. The message names the file and, where there is one, the rule."""

    def __init__(self, file: str, rule: str | None, problem: str) -> None:
        super().__init__(f"{file}: {problem}" if rule is None else f"{file}: rule {rule!r}: {problem}")
        self.file = file
        self.rule = rule
        self.problem = problem

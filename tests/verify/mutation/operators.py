"""All mutation operators, and the mutants that they make of a program."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping

from . import layer_operators, result_operators, training_operators
from .sources import Change, File, files, migrated

Operator = Callable[[File], Iterator[Change]]
_MODULES = (layer_operators, training_operators, result_operators)

OPERATORS: Mapping[str, Operator] = {
    name.replace("_", " "): function
    for module in _MODULES
    for name, function in vars(module).items()
    if not name.startswith("_") and getattr(function, "__module__", "") == module.__name__
}


@dataclasses.dataclass(frozen=True)
class Mutant:
    """A wrong variant of one program: one place of one file changed by one operator."""

    operator: str
    program: str
    change: Change

    @property
    def sources(self) -> dict[str, str]:
        """The mutant's files."""
        return {**migrated(self.program), self.change.path: self.change.text}

    @property
    def key(self) -> str:
        """Names the mutant by what it is made of."""
        text = "\0".join([self.program, *(part for item in sorted(self.sources.items()) for part in item)])
        return hashlib.sha256(text.encode()).hexdigest()[:20]

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.change.path}:{self.change.line}"


@functools.cache
def mutants(operator: str, program: str) -> tuple[Mutant, ...]:
    """Every mutant of a program by an operator, in the order of the text; the program's own files come first."""
    found = [change for file in files(program) for change in OPERATORS[operator](file)]
    unlike = [change for change in found if change.text != migrated(program)[change.path]]
    return tuple(Mutant(operator, program, change) for change in unlike)

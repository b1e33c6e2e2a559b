"""What goes into a conversion and what comes out: frozen data shared by the converter, the session and the reports."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from migrator.ledger import Ledger

Style = Literal["auto", "functional", "subclass"]
Semantics = Literal["exact", "idiomatic"]

# The weight map of one converted model_fn: JSON data, described in docs/architecture.md. Workers in interpreters
# without this package read it, so it never becomes a class.
ModelMap: TypeAlias = Mapping[str, Any]

# The rule of the finding that the converter gives for a group it was told to leave alone. Why, only the session knows:
# it puts its own finding in the place of this one.
EXCLUDED_RULE = "not-verified"


@dataclasses.dataclass(frozen=True)
class Options:
    """What the command line may ask of a conversion."""

    style: Style = "auto"
    semantics: Semantics = "exact"
    partial: bool = False
    select: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()
    editable: frozenset[str] | None = None  # root-relative posix paths that may be edited; None: all
    excluded_groups: frozenset[str] = frozenset()  # groups that must stay untouched


@dataclasses.dataclass(frozen=True)
class FileEdit:
    """One planned change of a file. `before` is None when the file is created; texts have "\\n" newlines."""

    path: str
    before: str | None
    after: str
    groups: frozenset[str]


@dataclasses.dataclass(frozen=True)
class Conversion:
    """The plan of one run: edits not yet written, the ledger as if they were, and the weight maps for the verifier."""

    edits: tuple[FileEdit, ...]
    ledger: Ledger
    models: tuple[ModelMap, ...] = ()


def join(parts: Sequence[Conversion]) -> Conversion:
    """The plan of a tree from the plans of its parts. A support module that several parts need holds what all need."""
    edits: dict[str, FileEdit] = {}
    for edit in (edit for part in parts for edit in part.edits):
        other = edits.get(edit.path)
        if other is not None:
            after = merged_support(other.after, edit.after)
            edit = FileEdit(edit.path, edit.before, after, other.groups | edit.groups)
        edits[edit.path] = edit
    ledgers = [part.ledger for part in parts]
    ledger = Ledger(
        files_scanned=sum(each.files_scanned for each in ledgers),
        files_changed=len(edits),
        units=tuple(unit for each in ledgers for unit in each.units),
        symbols=tuple(symbol for each in ledgers for symbol in each.symbols),
        findings=tuple(finding for each in ledgers for finding in each.findings),
        problems=tuple(problem for each in ledgers for problem in each.problems),
    )
    models = tuple(model for part in parts for model in part.models)
    return Conversion(tuple(edits[path] for path in sorted(edits)), ledger, models)


def merged_support(one: str, other: str) -> str:
    """A support module with what both versions hold."""
    from migrator.emit.support import support_names, support_source

    return support_source((support_names(one) or frozenset()) | (support_names(other) or frozenset()))

"""What goes into a conversion and what comes out: frozen data shared by the converter, the session and the reports."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
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

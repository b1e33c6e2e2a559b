"""The matrix as Markdown: operators by programs, what the oracle calls equivalent, and how each mutant was caught."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from .matrix import Cell
from .operators import OPERATORS

_NONE = "–"
_SHOWN = 2  # checks named in a cell


def markdown(cells: Sequence[Cell], names: Sequence[str], seconds: float) -> str:
    """The published page."""
    kinds = Counter(cell.kind for cell in cells)
    changing = kinds["caught"] + kinds["missed"]
    lines = [
        "# The verifier under mutation",
        "",
        f"Made by `python -m tests.verify.mutation --all`: {len(cells)} mutants of {len(names)} migrated programs by "
        f"{len(OPERATORS)} operators, in {seconds / 60:.0f} minutes.",
        "",
        "An oracle that shares nothing with the verifier runs each mutant beside the unchanged program, with equal "
        "weights, data and random numbers, and compares what they do: data, initial weights, losses, every variable "
        "after each step, rates, metrics, predictions, exports. It says which mutants change behaviour. The verifier "
        "then compares the legacy program with the mutant.",
        "",
        f"- {changing} mutants change behaviour: **{kinds['caught']} caught, {kinds['missed']} missed**.",
        f"- {kinds['equivalent']} are equivalent by the oracle: no number differs, or none by more than is promised.",
        f"- {kinds['accused']} of the equivalent ones were accused; the unchanged programs were accused by no check.",
        "",
        "A cell names the checks that failed (the first two, and how many mutants when there are several).",
        "",
        "| operator | " + " | ".join(names) + " |",
        "| --- |" + " --- |" * len(names),
    ]
    for operator in OPERATORS:
        row = [[c for c in cells if (c.mutant.operator, c.mutant.program) == (operator, name)] for name in names]
        if any(row):
            lines.append(f"| {operator} | " + " | ".join(map(_cell, row)) + " |")
    lines += ["", "– : the operator finds no place in the program.", ""]
    lines += _list("Missed", [c for c in cells if c.kind == "missed"])
    lines += _list("Equivalent", [c for c in cells if c.kind in ("equivalent", "accused")])
    lines += ["## Checks", "", "How many mutants each check failed.", "", "| check | mutants |", "| --- | --- |"]
    checks = Counter(check for cell in cells if cell.kind == "caught" for check in cell.failed)
    lines += [f"| {check} | {count} |" for check, count in checks.most_common()]
    return "\n".join(lines) + "\n"


def _cell(cells: Sequence[Cell]) -> str:
    if not cells:
        return _NONE
    said = []
    for kind in ("missed", "accused", "caught", "equivalent"):
        of_kind = [cell for cell in cells if cell.kind == kind]
        if not of_kind:
            continue
        count = f" ({len(of_kind)})" if len(cells) > 1 else ""
        if kind == "caught":
            failed = list(dict.fromkeys(check for cell in of_kind for check in cell.failed))
            more = ", …" if len(failed) > _SHOWN else ""
            said.append(", ".join(failed[:_SHOWN]) + more + count)
        else:
            said.append(f"*{kind}*{count}" if kind == "equivalent" else f"**{kind}**{count}")
    return "; ".join(said)


def _list(title: str, cells: Sequence[Cell]) -> list[str]:
    if not cells:
        return [f"## {title}", "", "None.", ""]
    lines = [
        f"## {title}",
        "",
        "| program | place | operator | change | the oracle |",
        "| --- | --- | --- | --- | --- |",
    ]
    for cell in cells:
        mutant = cell.mutant
        what = mutant.change.what.replace("|", "\\|")
        accused = f"; accused by {', '.join(cell.failed)}" if cell.failed else ""
        lines.append(
            f"| {mutant.program} | {mutant.place} | {mutant.operator} | `{what}` | {cell.judgement.figures}{accused} |"
        )
    return [*lines, ""]

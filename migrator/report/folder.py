"""The report folder: report.json, report.html, report.md and the weight maps, each written whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from migrator.report.document import document, to_json
from migrator.report.pages import html, markdown
from migrator.session import Outcome
from migrator.workspace.errors import WorkspaceError
from migrator.workspace.writing import write_whole


def write_report(folder: Path, outcome: Outcome) -> None:
    """Writes the report of a run. Files of an earlier report are replaced. Raises WorkspaceError when it cannot."""
    files = {
        "report.json": to_json(document(outcome.ledger)),
        "report.html": html(outcome),
        "report.md": markdown(outcome),
        "weights.json": to_json({"schema": 1, "models": [dict(model) for model in outcome.models]}),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder, files)
    except OSError as error:
        raise WorkspaceError(f"the report cannot be written to {folder}: {error.strerror}") from error


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        write_whole(folder / name, text.encode("utf-8", errors="surrogateescape"))

"""What a conversion means for the files around the code: pins on TensorFlow, and checkpoints that it wrote."""

from __future__ import annotations

import ast
import dataclasses
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from migrator.cells import SUFFIX
from migrator.conversion import Conversion, FileEdit
from migrator.dependencies.formats import mentions
from migrator.dependencies.pins import NEEDED, RULE, plan_pins
from migrator.dependencies.specs import FLOOR, allows_below, normal
from migrator.ledger import Finding
from migrator.workspace import landing
from migrator.workspace.dependency_files import read_dependency_files
from migrator.workspace.discovery import Project, list_others

CHECKPOINTS = "checkpoints"
_CHECKPOINT = re.compile(r"(^|/)[^/]*\.ckpt-\d+\.(index|meta)$")  # as an Estimator names them
_INSTALLS = re.compile(r"\s*pass  # [!%]\s*(?=(sudo\s+)?(python\d?\s+-m\s+)?pip\d?\s+install\b)")
_TENSORFLOW = frozenset({"tensorflow", "tensorflow-gpu", "tensorflow-cpu"})
_SHOWN = 5  # folders with checkpoints


def with_surroundings(
    project: Project, sources: Mapping[str, str], conversion: Conversion, exclude: Sequence[str], dirty_allowed: bool
) -> Conversion:
    """The conversion with the edits of dependency files that go with it, and with findings about both."""
    if not conversion.edits:
        return conversion
    pins = plan_pins(read_dependency_files(project, exclude), sources, conversion)
    refused = landing.refusals(project, pins.edits, dirty_allowed)
    edits = tuple(edit for edit in pins.edits if edit.path not in refused)
    findings = [
        *(_not_written(edit, refused[edit.path][1]) for edit in pins.edits if edit.path in refused),
        *pins.findings,
        *_installing_cells(conversion),
        *_checkpoint_findings(project, sources, conversion, exclude),
    ]
    ledger = dataclasses.replace(conversion.ledger, findings=(*conversion.ledger.findings, *findings))
    return dataclasses.replace(conversion, edits=(*conversion.edits, *edits), ledger=ledger)


def _not_written(edit: FileEdit, reason: str) -> Finding:
    before, after = (edit.before or "").split("\n"), edit.after.split("\n")
    pairs = zip(before, after, strict=False)
    line = next((number for number, (old, new) in enumerate(pairs, 1) if old != new), 1)
    message = f"`{before[line - 1].strip()}` holds TensorFlow below what the converted code needs; the file {reason}"
    return Finding(RULE, "error", edit.path, line, message)


def _installing_cells(conversion: Conversion) -> Iterator[Finding]:
    """An error for each line of a converted notebook that installs TensorFlow below what its code needs now."""
    for edit in conversion.edits:
        text = edit.before if edit.path.endswith(SUFFIX) else None
        lines = [_INSTALLS.sub("RUN ", line) if _INSTALLS.match(line) else "" for line in (text or "").split("\n")]
        for mention in mentions("dockerfile", "\n".join(lines)):
            if normal(mention.name) in _TENSORFLOW and allows_below(mention.spec, FLOOR):
                message = f"it installs {mention.name}{mention.spec}: the converted code needs {NEEDED}"
                yield Finding(RULE, "error", edit.path, mention.line, message)


# --------------------------------------------------------------------------------------------------------- checkpoints
def _checkpoint_findings(
    project: Project, sources: Mapping[str, str], conversion: Conversion, exclude: Sequence[str]
) -> Iterator[Finding]:
    """A warning for each folder that holds checkpoints, and a note for each model_dir that might."""
    advice = "the converted program does not read them: they need `migrate checkpoint`, a later capability; train anew"
    shown: set[str] = set()
    for path in list_others(project, lambda path: _CHECKPOINT.search(path) is not None, exclude):
        folder = os.path.dirname(path)
        if folder not in shown and len(shown) < _SHOWN:
            shown.add(folder)
            yield Finding(
                CHECKPOINTS, "warning", path, 1, f"{folder or 'the root'} holds TensorFlow 1 checkpoints; {advice}"
            )
    for finding in dict.fromkeys(f for f in conversion.ledger.findings if f.rule == "model-dir"):
        literal = _literal_folder(sources.get(finding.path, ""), finding.line)
        places = [project.root / os.path.dirname(finding.path), project.root]
        held = literal is not None and any(_holds_checkpoints(place / literal) for place in places)
        if held and os.path.normpath(literal or "") not in shown:
            message = f"{literal} holds TensorFlow 1 checkpoints; {advice}"
            yield Finding(CHECKPOINTS, "warning", finding.path, finding.line, message)
        elif not held:
            message = f"where model_dir holds TensorFlow 1 checkpoints, {advice}"
            yield Finding(CHECKPOINTS, "info", finding.path, finding.line, message)


def _literal_folder(text: str, line: int) -> str | None:
    """The model_dir written out in a call that begins on a line."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and node.lineno == line:
            for keyword in node.keywords:
                if keyword.arg == "model_dir" and isinstance(keyword.value, ast.Constant):
                    return keyword.value.value if isinstance(keyword.value.value, str) else None
    return None


def _holds_checkpoints(folder: Path) -> bool:
    try:
        return any(_CHECKPOINT.search(name) for name in os.listdir(folder))
    except OSError:
        return False

"""What becomes of pins on TensorFlow when code is converted: raised, renamed, removed, or reported with a reason."""

from __future__ import annotations

import dataclasses
import posixpath
import re
from collections.abc import Iterable, Mapping

from migrator.conversion import Conversion, FileEdit
from migrator.dependencies import formats
from migrator.dependencies.formats import Image, Mention
from migrator.dependencies.specs import (
    ALONGSIDE,
    COMPANIONS,
    FAMILY,
    FLOOR,
    PYTHON_FLOOR,
    allows_below,
    bounded,
    normal,
    raised,
)
from migrator.ledger import Finding, Severity

RULE = "dependency-pin"
IMAGE_TAG = "2.16.1"  # the first image of the floor; there is none that is just 2.16
NEEDED = f"TensorFlow {FLOOR[0]}.{FLOOR[1]} or later"


@dataclasses.dataclass(frozen=True)
class Pins:
    """The planned changes of the files in which a project names its dependencies, and what a person should know."""

    edits: tuple[FileEdit, ...]
    findings: tuple[Finding, ...]


@dataclasses.dataclass(frozen=True)
class _Change:
    """What one mention of a dependency shall become: a text, or nothing (`None`)."""

    mention: Mention | Image
    text: str | None
    was: str


@dataclasses.dataclass(frozen=True)
class _Unfit:
    """Why a base image is not changed by the tool."""

    reason: str


def plan_pins(files: Mapping[str, str], sources: Mapping[str, str], conversion: Conversion) -> Pins:
    """The pins in `files` (root-relative path -> text) after a conversion of `sources`.

    A file speaks for the nearest folder around it that holds code, and for all below. It is edited when something
    there was converted and nothing there needs TensorFlow 1 any more.
    """
    edits: list[FileEdit] = []
    findings: list[Finding] = []
    after = {**sources, **{edit.path: edit.after for edit in conversion.edits}}
    for path, text in sorted(files.items()):
        folder = posixpath.dirname(path)
        while folder and not any(_below(file, folder) for file in sources if file != path):
            folder = posixpath.dirname(folder)
        groups = frozenset(g for edit in conversion.edits if _below(edit.path, folder) for g in edit.groups)
        kind = formats.kind_of(path)
        if not groups or kind is None:
            continue
        if kind == "lock":
            findings += _lock_findings(path, text)
            continue
        needs = _need(conversion, folder)
        modules = _modules(text for file, text in after.items() if _below(file, folder))
        changes, said = _changes(path, kind, text, modules)
        if needs and changes:
            shown = ", ".join(f"`{change.was}`" for change in changes)
            first = changes[0].mention.line
            findings.append(Finding(RULE, "warning", path, first, f"{shown} stays: {needs} still needs TensorFlow 1"))
            continue
        findings += said
        new = _edited(text, changes)
        if new != text:
            edits.append(FileEdit(path, text, new, groups))
    return Pins(tuple(edits), tuple(findings))


def _below(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def _need(conversion: Conversion, folder: str) -> str:
    """The first thing below a folder that does not run without TensorFlow 1, or ""."""
    ledger = conversion.ledger
    for unit in ledger.units:
        if unit.status != "converted" and _below(unit.path, folder):
            return f"{unit.path}:{unit.line}"
    for symbol in ledger.symbols:
        if symbol.status in ("manual", "unknown") and _below(symbol.path, folder):
            return f"`{symbol.name}` in {symbol.path}:{symbol.line}"
    return next((p.path for p in ledger.problems if p.kind != "empty" and _below(p.path, folder)), "")


def _modules(texts: Iterable[str]) -> frozenset[str]:
    """The modules of ALONGSIDE that code imports."""
    wanted = "|".join(ALONGSIDE.values())
    pattern = re.compile(rf"^[ \t]*(?:from|import)[ \t]+(?:[\w.]+[ \t]*,[ \t]*)*({wanted})\b", re.M)
    return frozenset(match[1] for text in texts for match in pattern.finditer(text))


# ------------------------------------------------------------------------------------------------------- one file
def _changes(path: str, kind: str, text: str, modules: frozenset[str]) -> tuple[list[_Change], list[Finding]]:
    """The changes of a file, and what cannot be changed or should be known beside them."""
    changes: list[_Change] = []
    findings: list[Finding] = []
    companions: list[tuple[int, str]] = []

    def tell(line: int, message: str, severity: Severity = "error") -> None:
        findings.append(Finding(RULE, severity, path, line, message))

    kept: set[tuple[str, str]] = set()
    for mention in formats.mentions(kind, text):
        name = normal(mention.name)
        if name == "python":
            if allows_below(mention.spec, PYTHON_FLOOR):
                needed = ".".join(map(str, PYTHON_FLOOR))
                tell(mention.line, f"Python {mention.spec}: {NEEDED} needs Python {needed} or later", "warning")
        elif name in COMPANIONS:
            if bounded(mention.spec):
                companions.append((mention.line, f"{mention.name}{mention.separator}{mention.spec}"))
        elif name in ALONGSIDE:
            if ALONGSIDE[name] not in modules:
                if mention.alone and not mention.trouble:
                    changes.append(_Change(mention, None, _was(text, mention)))
                else:
                    tell(mention.line, f"`{_was(text, mention)}` is no longer used: remove it")
        else:
            change = _raised(text, mention, kept)
            if isinstance(change, _Unfit):
                tell(mention.line, f"`{_was(text, mention)}`: {change.reason}; the converted code needs {NEEDED}")
            elif change is not None:
                changes.append(change)
    if kind == "dockerfile":
        for image in formats.images(text):
            found = _image(image)
            if isinstance(found, _Unfit):
                tell(image.line, f"the base image {image.image}:{image.tag} {found.reason}")
            elif found is not None:
                changes.append(_Change(image, found, f"{image.image}:{image.tag}"))
    if changes:
        for line, pin in companions:
            tell(line, f"`{pin}` was chosen for another TensorFlow: it may not fit {NEEDED}", "warning")
    return changes, findings


def _was(text: str, mention: Mention) -> str:
    return text[mention.start : mention.end].strip("'\"") or mention.name


def _raised(text: str, mention: Mention, kept: set[tuple[str, str]]) -> _Change | _Unfit | None:
    """What a mention of TensorFlow itself becomes; None where it stays."""
    name = FAMILY[normal(mention.name)]
    spec = raised(mention.spec)
    if mention.trouble:
        return None if spec == mention.spec and name == mention.name and mention.spec else _Unfit(mention.trouble)
    if spec is None:
        return _Unfit("its version cannot be read")
    if mention.place is not None:
        if (name, mention.place) in kept and not mention.extras:
            return _Change(mention, None, _was(text, mention))  # tensorflow beside tensorflow-gpu: one is enough
        kept.add((name, mention.place))
    if spec == mention.spec and normal(mention.name) == name:
        return None
    return _Change(mention, mention.text(name, spec), _was(text, mention))


def _image(image: Image) -> str | _Unfit | None:
    """The new tag of a base image; None where it stays."""
    if image.image.rsplit("/", 1)[-1] == "python":
        version = re.match(r"\d+\.\d+", image.tag)
        if version is None or not allows_below(version[0], PYTHON_FLOOR):
            return None
        return _Unfit(f"brings a Python that {NEEDED} does not run on")
    if image.image.removeprefix("docker.io/") != "tensorflow/tensorflow":
        return _Unfit(f"may hold an older TensorFlow: see to it that it is {NEEDED}")
    if image.tag in ("", "latest", "latest-gpu", "latest-jupyter", "latest-gpu-jupyter"):
        return None
    known = re.fullmatch(r"(\d+)\.(\d+)\.?\d*((?:-(?:gpu|py3|jupyter))*)", image.tag)
    if known is None:
        return _Unfit(f"has no counterpart that is known: choose one with {NEEDED}")
    if (int(known[1]), int(known[2])) >= FLOOR:
        return None
    return IMAGE_TAG + "".join(part for part in ("-gpu", "-jupyter") if part in known[3])


def _lock_findings(path: str, text: str) -> list[Finding]:
    """A lock file that pins an older TensorFlow is made anew by the tool that made it."""
    for found in re.finditer(r"\"tensorflow(?:[-_](?:gpu|cpu))?\"", text):
        version = re.compile(r"version\"?\s*[=:]\s*\"(?:==)?(\d+)\.(\d+)").search(text, found.end())
        if version is not None and (int(version[1]), int(version[2])) < FLOOR:
            line = text.count("\n", 0, found.start()) + 1
            return [Finding(RULE, "warning", path, line, "it locks an older TensorFlow: lock the dependencies anew")]
    return []


def _edited(text: str, changes: Iterable[_Change]) -> str:
    """The text with the changes made; a line with nothing left goes as a whole."""
    for change in sorted(changes, key=lambda change: -change.mention.start):
        start, end = change.mention.start, change.mention.end
        if change.text is None:
            start = text.rfind("\n", 0, start) + 1
            end = text.find("\n", end) + 1 or len(text)
        text = text[:start] + (change.text or "") + text[end:]
    return text


__all__ = ["Pins", "plan_pins"]

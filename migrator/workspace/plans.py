"""Plans of earlier runs, kept under the hash of all that they depend on, so that an unchanged tree costs a scan.

An entry is looked up by the texts, the options, and the tool itself (its own files, its rules, the versions of Python
and of the libraries that plan): what differs in any of these has another name, so no entry is ever out of date. It
begins with a hash of what follows: one that was damaged, or cut short, is as good as none.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import importlib.metadata
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from migrator.conversion import Conversion, FileEdit, Options
from migrator.ledger import FileProblem, Finding, Ledger, Symbol, Target, Unit

FORMAT = 1  # of an entry
MOST_BYTES = 256 << 20  # what the folder may hold; the entries that were not read for longest go first
LIBRARIES = ("jinja2", "libcst")  # those that decide about texts


class Plans:
    """The entries in one folder. A folder that cannot be read or written is an empty one."""

    def __init__(self, folder: Path, tool: str | None = None) -> None:
        self._folder = folder / "plans"
        self._tool = tool if tool is not None else fingerprint()

    def parts(self, sources: Mapping[str, str]) -> list[tuple[str, ...]] | None:
        """The parts of a tree of sources, where they are known."""
        data = self._read(self._key("parts", sources, None))
        if data is None:
            return None
        with contextlib.suppress(TypeError):
            parts = [tuple(str(path) for path in part) for part in data]
            if sorted(path for part in parts for path in part) == sorted(sources):
                return parts
        return None

    def keep_parts(self, sources: Mapping[str, str], parts: Sequence[Sequence[str]]) -> None:
        """Remembers the parts of a tree."""
        self._write(self._key("parts", sources, None), [list(part) for part in parts])

    def plan(self, sources: Mapping[str, str], options: Options) -> Conversion | None:
        """The plan of one part under these options, where it is known."""
        data = self._read(self._key("plan", sources, options))
        with contextlib.suppress(KeyError, TypeError, AttributeError):
            return None if data is None else _conversion(data, sources)
        return None

    def keep(self, sources: Mapping[str, str], options: Options, plan: Conversion) -> None:
        """Remembers a plan, unless a fault of the tool is part of it: that may have been the machine's."""
        if not any(finding.rule == "fault" for finding in plan.ledger.findings):
            self._write(self._key("plan", sources, options), _data(plan))

    def prune(self) -> None:
        """Removes the entries that were not read for longest, until the rest is small enough."""
        with contextlib.suppress(OSError):
            entries = [(path.stat(), path) for path in self._folder.glob("*/*")]
            spare = sum(status.st_size for status, _ in entries) - MOST_BYTES
            for status, path in sorted(entries, key=lambda entry: entry[0].st_mtime):
                if spare <= 0:
                    break
                path.unlink(missing_ok=True)
                spare -= status.st_size

    def _key(self, kind: str, sources: Mapping[str, str], options: Options | None) -> str:
        digest = hashlib.sha256(f"{FORMAT}\0{self._tool}\0{kind}\0{_plain(options)}\0".encode())
        for path, text in sorted(sources.items()):
            for data in (path.encode("utf-8", "surrogateescape"), text.encode("utf-8", "surrogatepass")):
                digest.update(b"%d\0" % len(data) + data)
        return digest.hexdigest()

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / key[2:]

    def _read(self, key: str) -> Any:
        path = self._path(key)
        try:
            check, _, body = path.read_bytes().partition(b"\n")
            if check != _check(key, body):
                return None
            os.utime(path)
            return json.loads(body)
        except (OSError, ValueError, RecursionError):
            return None

    def _write(self, key: str, data: Any) -> None:
        """Written beside and renamed: a reader never meets half an entry, and of two writers either wins."""
        path = self._path(key)
        body = json.dumps(data, separators=(",", ":")).encode()
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(_check(key, body) + b"\n" + body)
                os.replace(name, path)
            except OSError:
                os.unlink(name)
                raise


def _check(key: str, body: bytes) -> bytes:
    return hashlib.sha256(key.encode() + body).hexdigest().encode()


def _plain(options: Options | None) -> str:
    def plain(value: object) -> object:
        return sorted(value) if isinstance(value, frozenset) else value

    if options is None:
        return ""
    return json.dumps({f.name: plain(getattr(options, f.name)) for f in dataclasses.fields(options)})


@functools.lru_cache(maxsize=1)
def fingerprint() -> str:
    """A hash of the tool: its files and rules, and what else decides what it makes of a text."""
    package = Path(__file__).resolve().parent.parent
    versions = [importlib.metadata.version(library) for library in LIBRARIES]
    digest = hashlib.sha256(json.dumps([sys.version, versions]).encode())
    for path in sorted(_own_files(package)):
        data = path.read_bytes()
        digest.update(f"{path.relative_to(package.parent).as_posix()}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()


def _own_files(package: Path) -> Iterable[Path]:
    yield from package.rglob("*.py")
    yield from (package / "plain").rglob("*.jinja")
    for folder in (package.parent / "rules", package / "_rules"):
        yield from folder.glob("*.toml")
        yield from folder.glob("*.json")


# ------------------------------------------------------------------------------------------------- plans as JSON data
def _data(plan: Conversion) -> dict[str, Any]:
    """The plan without the texts that it changes: they are part of the key."""
    edits = [[edit.path, edit.before is None, edit.after, sorted(edit.groups)] for edit in plan.edits]
    ledger = dataclasses.asdict(plan.ledger)
    return {"edits": edits, "ledger": ledger, "models": list(plan.models)}


def _conversion(data: Mapping[str, Any], sources: Mapping[str, str]) -> Conversion:
    edits = tuple(
        FileEdit(path, None if created else sources[path], after, frozenset(groups))
        for path, created, after, groups in data["edits"]
    )
    known = data["ledger"]
    ledger = Ledger(
        **{
            **known,
            "units": tuple(_unit(unit) for unit in known["units"]),
            "symbols": tuple(Symbol(**symbol) for symbol in known["symbols"]),
            "findings": tuple(Finding(**finding) for finding in known["findings"]),
            "problems": tuple(FileProblem(**problem) for problem in known["problems"]),
        }
    )
    return Conversion(edits, ledger, tuple(data["models"]))


def _unit(data: Mapping[str, Any]) -> Unit:
    """A unit as planned: it was not verified yet, so that its verification is the default one."""
    kept = {name: value for name, value in data.items() if name != "verification"}
    target = None if data["target"] is None else Target(**data["target"])
    return Unit(**{**kept, "target": target, "findings": tuple(Finding(**finding) for finding in data["findings"])})

"""The planned changes as a patch that `git apply` and `patch -p1` accept, byte for byte."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator

from migrator.workspace.journal import Change

_NO_NEWLINE = b"\\ No newline at end of file"


def patch(changes: Iterable[Change]) -> bytes:
    """The unified diff of all changes, in the encodings and with the newlines of the files."""
    return b"".join(b"".join(_of_file(change)) for change in sorted(changes, key=lambda change: change.path))


def _of_file(change: Change) -> Iterator[bytes]:
    path = os.fsencode(change.path)
    end = b"\t" if b" " in path else b""  # tells a reader where a name with spaces ends
    old_name = b"/dev/null" if change.before is None else b"a/" + path + end
    new_name = b"b/" + path + end
    old, new = _lines(change.before or b""), _lines(change.after)
    yield b"diff --git a/%s b/%s\n" % (path, path)
    if change.before is None:
        yield b"new file mode 100644\n"
    for line in difflib.diff_bytes(difflib.unified_diff, old, new, old_name, new_name, lineterm=b"\n"):
        yield line if line.endswith(b"\n") else line + b"\n" + _NO_NEWLINE + b"\n"


def _lines(data: bytes) -> list[bytes]:
    lines = data.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])

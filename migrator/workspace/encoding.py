"""Bytes of a Python file <-> text with "\\n" newlines, so that what an edit leaves alone comes back byte for byte."""

from __future__ import annotations

import codecs
import dataclasses
import difflib
import io
import re
import tokenize

_NEWLINE = re.compile(r"\r\n|\r|\n")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_SELF_INVERSE = frozenset({"utf-8", "ascii", "iso-8859-1", "latin-1"})  # decode then encode always gives the same bytes


class Undecodable(Exception):
    """The bytes are not text in the encoding that the file declares."""


@dataclasses.dataclass(frozen=True)
class Decoded:
    """A file's text with its own newlines, and how it is stored."""

    raw: str
    encoding: str
    bom: bool

    @property
    def text(self) -> str:
        """The text with "\\n" newlines, as Python reads it."""
        return _NEWLINE.sub("\n", self.raw) if "\r" in self.raw else self.raw


def decode(data: bytes) -> Decoded:
    """The text of a Python source file, by byte-order mark and PEP 263 declaration. Raises Undecodable."""
    bom = data.startswith(codecs.BOM_UTF8)
    try:
        encoding = "utf-8" if bom and _plain(data[3:]) else tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except SyntaxError as error:
        raise Undecodable(_declaration_fault(data, error)) from error
    encoding = "utf-8" if encoding == "utf-8-sig" else encoding
    body = data[3:] if bom else data
    try:
        raw = body.decode(encoding)
    except UnicodeDecodeError as error:
        place = body.count(b"\n", 0, error.start) + 1
        raise Undecodable(
            f"is not valid {encoding}: byte 0x{body[error.start]:02x} on line {place}; "
            "declare the encoding on the first line (# -*- coding: ... -*-) or save the file as UTF-8"
        ) from error
    except (LookupError, ValueError) as error:
        raise Undecodable(f"declares the encoding {encoding!r}, which cannot be read as text") from error
    if encoding not in _SELF_INVERSE and raw.encode(encoding, errors="replace") != body:
        raise Undecodable(f"does not come back byte for byte from the encoding {encoding}; save the file as UTF-8")
    return Decoded(raw, encoding, bom)


def encode_edit(original: bytes, after: str) -> bytes:
    """The bytes of an edited file: `after` ("\\n" newlines) in the encoding and newline style of `original`.

    Lines that the edit kept are byte-identical, also where newline styles are mixed; new lines take the style of the
    line before them. Raises Undecodable when the new text holds a character that the encoding lacks.
    """
    decoded = decode(original)
    styles = set(_NEWLINE.findall(decoded.raw)) or {"\n"}
    raw = _mixed(decoded, after) if len(styles) > 1 else after.replace("\n", styles.pop())
    try:
        body = raw.encode(decoded.encoding)
    except UnicodeEncodeError as error:
        lacking = f"which lacks {raw[error.start]!r} of the new code"
        raise Undecodable(f"is stored as {decoded.encoding}, {lacking}") from error
    return (codecs.BOM_UTF8 if decoded.bom else b"") + body


def encode_new(after: str, newline: str = "\n") -> bytes:
    """The bytes of a created file: UTF-8, with the given newline."""
    return after.replace("\n", newline).encode("utf-8")


def newline_of(data: bytes) -> str:
    """The commonest newline of a file; "\\n" when it has none."""
    crlf = data.count(b"\r\n")
    lone = data.count(b"\n") - crlf
    return "\r\n" if crlf > lone else "\n"


def _mixed(decoded: Decoded, after: str) -> str:
    raw_lines = _LINE.findall(decoded.raw)
    old = [_NEWLINE.sub("\n", line) for line in raw_lines]
    new = _LINE.findall(after)
    # Equal lines at both ends are matched first: a diff alone may pair repeated lines with others than themselves.
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    written = raw_lines[:head]
    changed = slice(head, len(old) - tail), slice(head, len(new) - tail)
    matcher = difflib.SequenceMatcher(None, old[changed[0]], new[changed[1]], autojunk=False)
    for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            written += raw_lines[head + old_start : head + old_end]
            continue
        ending = _ending(written[-1] if written else raw_lines[0])
        written += [line.replace("\n", ending) for line in new[head + new_start : head + new_end]]
    return "".join(written + raw_lines[len(old) - tail :])


def _common(left: list[str], right: list[str]) -> int:
    """How many items are equal at the start of both."""
    pairs = zip(left, right, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(left), len(right)))


def _ending(line: str) -> str:
    found = _NEWLINE.search(line)
    return found.group() if found else "\n"


def _plain(body: bytes) -> bool:
    """No encoding declaration on the first two lines."""
    return not any(b"coding" in line for line in body.split(b"\n", 2)[:2])


def _declaration_fault(data: bytes, error: SyntaxError) -> str:
    for number, line in enumerate(data.split(b"\n", 2)[:2], start=1):
        declared = re.match(rb"^(?:\xef\xbb\xbf)?[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", line)
        if declared:
            name = declared.group(1).decode("ascii", "replace")
            return f"declares the encoding {name!r} on line {number}: {error.msg}"
    return (
        "is not valid utf-8; declare the encoding on the first line (# -*- coding: ... -*-) or save the file as UTF-8"
    )

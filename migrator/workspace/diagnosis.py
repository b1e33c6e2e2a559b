"""Why a file cannot be analysed, said once and clearly: the class of input it is, and what to try."""

from __future__ import annotations

import ast
import re
import sys
import warnings

from migrator.ledger import FileProblem

_PYTHON2 = (  # what only Python 2 accepts, and what to call it
    (re.compile(r"^\s*print\s+(?![=(.\[,:)])\S|^\s*print\s*>>"), "print statement"),
    (re.compile(r"^\s*except\s+[\w.()\s,]+?,\s*\w+\s*:"), "`except E, e`"),
    (re.compile(r"^\s*raise\s+[\w.]+\s*,\s*\S"), "`raise E, message`"),
    (re.compile(r"^\s*exec\s+[\"'\w]"), "exec statement"),
    (re.compile(r"<>"), "`<>`"),
    (re.compile(r"`[^`]+`"), "backticks"),
    (re.compile(r"(?<![\w.])0[0-7]+(?![\w.])|(?<![\w.])\d+[lL]\b"), "old integer literal"),
    (re.compile(r"(?<!\w)[uU][rR][\"']"), "`ur''` string"),
    (re.compile(r"\blambda\s*\(|^\s*def\s+\w+\s*\([^)]*\([^)=]*\)"), "tuple parameter"),
)


def of_bytes(path: str, data: bytes) -> FileProblem | None:
    """The problem that the bytes of a file show before they are decoded, or None."""
    if not data.strip():
        return FileProblem(path, "empty", "empty file: nothing to migrate")
    if b"\0" in data:
        advice = "is it UTF-16 or binary? Save it as UTF-8 text"
        return FileProblem(path, "nul_byte", f"contains a NUL byte, so Python cannot read it; {advice}")
    return None


def of_text(path: str, text: str) -> FileProblem | None:
    """The problem of text that Python's own parser rejects, or None when it parses."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        return _of_syntax(path, text, error)
    except (RecursionError, MemoryError):
        return FileProblem(path, "unparsable", "nested too deeply for Python's parser; split the longest expression")
    except ValueError as error:
        return FileProblem(path, "unparsable", str(error))
    return None


def _of_syntax(path: str, text: str, error: SyntaxError) -> FileProblem:
    lines = text.split("\n")
    found = _python2(lines, error.lineno or 0)
    if found is not None:
        line, what = found
        advice = "convert it to Python 3 first, for example with 2to3"
        return FileProblem(path, "python2", f"Python 2 code ({what} on line {line}): {advice}")
    where = f"line {error.lineno}: " if error.lineno else ""
    return FileProblem(path, "unparsable", f"{where}{error.msg}{_hint(lines, error)}")


def _python2(lines: list[str], error_line: int) -> tuple[int, str] | None:
    """The line and name of a Python 2 form on the line that the parser rejects, or on the one before it."""
    for number in (error_line, error_line - 1):
        if 1 <= number <= len(lines):
            for pattern, what in _PYTHON2:
                if pattern.search(_code(lines[number - 1])):
                    return number, what
    return None


def _code(line: str) -> str:
    """The line without its comment and without the contents of simple strings."""
    return re.sub(r"#.*", "", re.sub(r"(?<!\w)([\"'])(?:\\.|(?!\1).)*\1", r"\1\1", line))


def _hint(lines: list[str], error: SyntaxError) -> str:
    line = lines[error.lineno - 1] if error.lineno and error.lineno <= len(lines) else ""
    if isinstance(error, TabError):
        return " (tabs and spaces are mixed: re-indent the file)"
    if re.match(r"(<{7}|={7}|>{7})( |$)", line):
        return " (a merge conflict marker: resolve it first)"
    if re.match(r"\s*[%!?]", line):
        return " (a notebook magic: remove it first)"
    return f" (read with Python {sys.version_info.major}.{sys.version_info.minor})"

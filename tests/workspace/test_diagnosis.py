"""Input that cannot be analysed: the class it is in and the message."""

from __future__ import annotations

import pytest

from migrator.workspace.diagnosis import of_bytes, of_text

PYTHON2 = {
    "print 'loss', loss\n": "print statement",
    "def f():\n    print x\n": "print statement",
    "import sys\nprint >>sys.stderr, 'x' % y; print 'z'\n": "print statement",
    "try:\n    f()\nexcept IOError, e:\n    pass\n": "except E, e",
    "raise ValueError, 'no'\n": "raise E, message",
    "if a <> b:\n    pass\n": "<>",
    "exec 'x = 1'\n": "exec statement",
    "mode = 0755\n": "old integer literal",
    "n = 10L\n": "old integer literal",
    "s = `x`\n": "backticks",
    "p = ur'x'\n": "ur''",
}
NOT_PYTHON2 = {
    "x = (1,\n": "line 1",
    "def f(:\n    pass\n": "line 1",
    "<<<<<<< HEAD\nx = 1\n": "merge conflict",
    "%matplotlib inline\nx = 1\n": "notebook magic",
    "if x:\n\ty = 1\n        z = 2\n": "tabs and spaces",
    "print(x))\n": "line 1",
}


@pytest.mark.parametrize(("text", "what"), PYTHON2.items())
def test_python2_is_named(text: str, what: str) -> None:
    problem = of_text("a.py", text)
    assert problem is not None
    assert problem.kind == "python2"
    assert what in problem.message
    assert "2to3" in problem.message


@pytest.mark.parametrize(("text", "hint"), NOT_PYTHON2.items())
def test_other_syntax_errors_are_not_called_python2(text: str, hint: str) -> None:
    problem = of_text("a.py", text)
    assert problem is not None
    assert problem.kind == "unparsable"
    assert hint in problem.message


def test_python3_is_no_problem() -> None:
    assert of_text("a.py", "print('x')\nraise ValueError('no')\n") is None


def test_nested_too_deeply() -> None:
    problem = of_text("a.py", "x = " + "(" * 5000 + ")" * 5000 + "\n")
    assert problem is not None
    assert problem.kind == "unparsable"


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"", "empty"), (b" \n\t\n", "empty"), (b"x = 1\0\n", "nul_byte"), ("x".encode("utf-16"), "nul_byte")],
)
def test_bytes_without_python(data: bytes, kind: str) -> None:
    problem = of_bytes("a.py", data)
    assert problem is not None
    assert problem.kind == kind

"""Python source as lines of HTML, coloured by Pygments."""

from __future__ import annotations

import functools

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer


@functools.lru_cache(maxsize=32)
def html_lines(text: str) -> tuple[str, ...]:
    """One piece of HTML per line of the text; a token over several lines is coloured on each."""
    lexer = PythonLexer(stripnl=False, ensurenl=False)
    return tuple(highlight(text, lexer, HtmlFormatter(nowrap=True)).split("\n"))


def style_sheet(style: str, selector: str) -> str:
    """The colours of a Pygments style for elements inside `selector`; backgrounds are left to the page."""
    rules = str(HtmlFormatter(style=style).get_style_defs(selector)).split("\n")  # type: ignore[no-untyped-call]
    return "\n".join(rule for rule in rules if rule.startswith(selector + " ."))

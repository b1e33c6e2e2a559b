"""Lines that are too long are broken at brackets, outermost first, as formatters do."""

from __future__ import annotations

import io
import tokenize

WIDTH = 88
OPENING = {"(": ")", "[": "]", "{": "}"}


def fit(line: str) -> list[str]:
    """A logical line (no newline in it) as lines within the width, where brackets allow it."""
    if len(line) <= WIDTH:
        return [line]
    bare = line.lstrip(" ")
    indent = " " * (len(line) - len(bare))
    split = last_bracket(bare)
    if split is None:
        return [line]
    start, end = split
    head, inner, tail = bare[: start + 1], bare[start + 1 : end].strip(), bare[end:]
    if not inner:
        return [line]
    one = f"{indent}    {inner}"
    if len(one) <= WIDTH and not inner.endswith(",") and inner != "=":
        return [indent + head, one, *fit_tail(indent + tail)]
    lines: list[str] = [indent + head]
    comma = "" if comprehension(inner) or "lambda" in inner and len(split_commas(inner)) == 1 else ","
    for part in split_commas(inner):
        lines += fit(f"{indent}    {part}{comma}")
    return [*lines, *fit_tail(indent + tail)]


def hung(text: str, indent: int) -> str:
    """An expression whose closing bracket stands on a line of its own, moved so that this line has the indentation."""
    first, *rest = text.split("\n")
    if not rest or rest[-1].lstrip()[:1] not in OPENING.values() or '"""' in text or "'''" in text:
        return text
    starts = [len(line) - len(line.lstrip()) for line in rest]
    moved = [
        " " * max(0, start - starts[-1] + indent) + line.lstrip() for start, line in zip(starts, rest, strict=True)
    ]
    return "\n".join([first, *moved])


def fit_tail(line: str) -> list[str]:
    """What follows the closing bracket, broken again when it is long itself."""
    return [line] if len(line) <= WIDTH else fit(line)


def tokens(text: str) -> list[tokenize.TokenInfo]:
    """The tokens of one line; nothing when it cannot be tokenised."""
    try:
        return list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError, IndentationError):
        return []


def last_bracket(text: str) -> tuple[int, int] | None:
    """Columns of the outermost bracket pair to break at: the last one that holds something."""
    stack: list[int] = []
    best: tuple[int, int] | None = None
    source = text if not text.endswith(":") else text
    for token in tokens(source):
        if token.type != tokenize.OP:
            continue
        if token.string in OPENING:
            stack.append(token.start[1])
        elif token.string in OPENING.values() and stack:
            start = stack.pop()
            if not stack and token.start[1] > start + 1:
                wide = token.start[1] - start
                if best is None or wide * 3 >= best[1] - best[0]:
                    best = (start, token.start[1])
    return best


def split_commas(text: str) -> list[str]:
    """The top-level comma-separated parts of bracketed text."""
    depth = 0
    cuts: list[int] = []
    lambdas = False
    for token in tokens(text):
        if token.type == tokenize.NAME and token.string == "lambda":
            lambdas = True
        if token.type != tokenize.OP:
            continue
        if token.string in OPENING:
            depth += 1
        elif token.string in OPENING.values():
            depth -= 1
        elif token.string == "," and depth == 0:
            cuts.append(token.start[1])
    if lambdas or comprehension(text):
        return [text.strip()] if not comprehension(text) else clauses(text)
    parts: list[str] = []
    at = 0
    for cut in cuts:
        parts.append(text[at:cut].strip())
        at = cut + 1
    parts.append(text[at:].strip())
    return [p for p in parts if p]


def comprehension(text: str) -> bool:
    """True when the bracketed text is a comprehension or one of its clauses."""
    depth = 0
    for token in tokens(text):
        if token.type == tokenize.OP and token.string in OPENING:
            depth += 1
        elif token.type == tokenize.OP and token.string in OPENING.values():
            depth -= 1
        elif token.type == tokenize.NAME and token.string == "for" and depth == 0:
            return True
    return False


def clauses(text: str) -> list[str]:
    """The element and the clauses of a comprehension."""
    depth = 0
    cuts: list[int] = []
    for token in tokens(text):
        if token.type == tokenize.OP and token.string in OPENING:
            depth += 1
        elif token.type == tokenize.OP and token.string in OPENING.values():
            depth -= 1
        elif token.type == tokenize.NAME and token.string in ("for",) and depth == 0:
            cuts.append(token.start[1])
    ends = [*cuts[1:], len(text)]
    return [text[: cuts[0]].strip(), *[text[a:b].strip() for a, b in zip(cuts, ends, strict=True)]]

"""Templates of rules: Python expressions with `{legacy_argument}` in place of values."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from migrator.rulebook.folding import fold

_PLACEHOLDER = re.compile(r"\{([A-Za-z_]\w*)?\}")
_PREFIX = "_placeholder_"


def placeholders(template: str) -> frozenset[str]:
    """The argument names that a template uses; the bare `{}` of a converter counts as the empty name."""
    return frozenset(match.group(1) or "" for match in _PLACEHOLDER.finditer(template))


def parse_template(template: str) -> ast.expr:
    """The template as an expression in which every placeholder is a name. Raises SyntaxError."""
    return ast.parse(_PLACEHOLDER.sub(lambda m: _PREFIX + (m.group(1) or ""), template), mode="eval").body


def expand(template: str, values: Mapping[str, ast.expr]) -> ast.expr:
    """The template with its placeholders replaced by expressions and what is then literal folded (`0.5 * 0.01`).

    As trees, so precedence is kept.
    """
    filled: ast.expr = _Filling(values).visit(parse_template(template))
    return fold(filled)


class _Filling(ast.NodeTransformer):
    def __init__(self, values: Mapping[str, ast.expr]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.values[node.id[len(_PREFIX) :]] if node.id.startswith(_PREFIX) else node

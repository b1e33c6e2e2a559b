"""Names of six, with which programs ran on Python 2 and 3: what they stand for on Python 3."""

from __future__ import annotations

from migrator.analysis.values import Const, Sequence, Symbol, Value

SAME = {
    **{f"six.moves.{name}": f"builtins.{name}" for name in ("filter", "input", "map", "range", "zip")},
    "six.moves.xrange": "builtins.range",
    "six.moves.reduce": "functools.reduce",
    "six.text_type": "builtins.str",
    "six.binary_type": "builtins.bytes",
    "six.next": "builtins.next",
    "six.callable": "builtins.callable",
}
CLASSES = {"six.string_types": "builtins.str", "six.integer_types": "builtins.int", "six.class_types": "builtins.type"}
PYTHONS = {"six.PY2": False, "six.PY3": True}
# The function -> the method of a dict that it calls.
METHODS = {
    "six.iteritems": "items",
    "six.iterkeys": "keys",
    "six.itervalues": "values",
    "six.viewitems": "items",
    "six.viewkeys": "keys",
    "six.viewvalues": "values",
}


def value(dotted: str) -> Value:
    """What a name of six stands for."""
    if dotted in CLASSES:
        return Sequence([Symbol(CLASSES[dotted])], tuple)
    if dotted in PYTHONS:
        return Const(PYTHONS[dotted])
    return Symbol(SAME.get(dotted, dotted))

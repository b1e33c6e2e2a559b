"""Features or labels that a model_fn changes in place: every method of the model changes a copy of its own."""

from __future__ import annotations

import ast
import textwrap

from migrator.analysis.facts import Facts
from migrator.lower.slices import definitions
from migrator.source.syntax import descendants


def with_copies(facts: Facts, method: list[str]) -> list[str]:
    """The lines of a method that starts from copies of the inputs which it changes.

    Keras hands one dictionary to `call`, `compute_loss` and `compute_metrics`; TensorFlow 1 made one for each model_fn.
    """
    for name in sorted(facts.inputs_changed):
        if changes(facts, method, name):
            method = with_copy(method, name)
    return method


def changes(facts: Facts, method: list[str], name: str) -> bool:
    """True when a statement may change the object that a name holds, itself or through a function it is given to."""
    for node in descendants(ast.parse(textwrap.dedent("\n".join(method)))):
        if isinstance(node, ast.stmt) and not isinstance(node, ast.FunctionDef):
            changed, replaced = definitions(node)
            if name in changed - replaced:
                return True
        if isinstance(node, ast.Call) and facts.changes:
            given = (*node.args, *(k.value for k in node.keywords))
            if any(isinstance(a, ast.Name) and a.id == name for a in given):
                return True
    return False


def with_copy(method: list[str], name: str) -> list[str]:
    """A copy where the method gets the input: from its own parameter, from `data`, or from what `call` returned."""
    start = next(i for i, line in enumerate(method) if line.rstrip().endswith(":")) + 1
    found = method[:start]
    own = ast.parse(textwrap.dedent("\n".join([*method[:start], "        pass"]))).body[0]
    if isinstance(own, ast.FunctionDef) and name in {a.arg for a in own.args.args}:
        found.append(f"        {name} = dict({name})")
    for line in method[start:]:
        head, _, value = line.strip().partition(" = ")
        if head == name and (value in ("x", "y") or value.startswith(("outputs['", "y_pred['"))):
            line = f"        {name} = dict({value})"
        found.append(line)
        if head.startswith(f"{name}, ") and value.startswith("keras.utils.unpack"):
            found.append(f"        {name} = dict({name})")
    return found

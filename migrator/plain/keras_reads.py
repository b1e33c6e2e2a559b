"""Where a program asks a Keras model for the name of its input or its output, which is known without the model."""

from __future__ import annotations

import ast
import dataclasses

from migrator.plain.carried import reads
from migrator.plain.found import Site, Staying
from migrator.source.syntax import every

INPUT, OUTPUT = "input", "output"
SPELLED = {
    "input_names[0]": INPUT,
    "input.name.split(':')[0]": INPUT,
    "inputs[0].name.split(':')[0]": INPUT,
    "output_names[0]": OUTPUT,
}
SHOWN = ("input_names", "output_names")  # a cell that ends in one of them shows it


@dataclasses.dataclass(frozen=True, eq=False)
class Asked:
    """An expression that tells a name of a model: `read` is the model in it, `end` the end that is named."""

    node: ast.expr
    read: ast.Name
    end: str


def asked(site: Site, holder: ast.AST, name: str) -> tuple[Asked, ...]:
    """What asks the model of a name for its names. Raises Staying where it stands on several lines."""
    spelled = {f"{name}.{text}": end for text, end in SPELLED.items()}
    own = set(reads(holder, name))
    found = []
    for node in every(holder, ast.Subscript):
        end = spelled.get(ast.unparse(node))
        if end is None or own.isdisjoint(every(node, ast.Name)):
            continue
        if node.end_lineno != node.lineno or ast.unparse(ast.parse(site.module.segment(node))) != ast.unparse(node):
            raise Staying(f"the name of the Keras model's {end} is read on several lines (line {node.lineno})")
        (read,) = reads(node, name)
        found.append(Asked(node, read, end))
    return tuple(found)


def is_shown(statement: ast.stmt, name: str) -> bool:
    """True for a statement that only shows names of the model."""
    return isinstance(statement, ast.Expr) and ast.unparse(statement) in [f"{name}.{text}" for text in SHOWN]

"""The lines of a class that is written: its heads, docstrings, parameters and the attributes that keep them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.emit.layout import fit
from migrator.lower.reading.python_calls import default_nodes
from migrator.lower.reading.slices import definitions
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body
    from migrator.source.module import Module


def parameter_order(node: ast.FunctionDef) -> list[str]:
    """Parameters in signature order."""
    return [p.arg for p in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]


def documentation(node: ast.FunctionDef | ast.ClassDef) -> ast.Expr | None:
    """The docstring statement of a definition."""
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return first
    return None


def enclosing_defaults(st: Body) -> dict[str, ast.expr]:
    """Parameter -> default that reads values of the function around the definition."""
    free = st.free | {st.self_name}
    found = default_nodes(st.node)
    return {p: d for p, d in found.items() if any(isinstance(n, ast.Name) and n.id in free for n in descendants(d))}


def signature(node: ast.FunctionDef, module: Module, names: list[str], st: Body, own: bool = False) -> list[str]:
    """Parameters with their defaults, as in the legacy definition; `own`: of a constructor that only the tool calls."""
    defaults = default_nodes(node)
    found: list[str] = []
    optional = False
    for name in names:
        if name in defaults and own and name in enclosing_defaults(st):
            found.append(name)  # whoever makes the layer passes it
        elif name in defaults:
            optional = True
            if name in enclosing_defaults(st):
                message = f"the default of `{name}` is a value of the enclosing function"
                raise st.ctx.refuse("default", defaults[name], module, message)
            text = st.library_rewrite(defaults[name], st.call_text) or module.segment(defaults[name])
            found.append(f"{name}={text}")
        else:
            found.append(f"{name}=None" if optional else name)
    return found


def parameter_attributes(st: Body, parameters: list[str]) -> list[str]:
    """`self.x = x` for each parameter that the call half reads."""
    replaced = set().union(*(definitions(s.node)[1] for s in st.steps if s.kind == "simple"))
    return [
        f"        self.{st.captured[name]} = {st.parameter(name) if name.startswith('self.') else name}"
        for name in parameters
        if name in st.captured and name not in replaced
    ]


def def_line(name: str, parameters: list[str], indent: str = "    ") -> list[str]:
    """A def line, broken when too long."""

    return fit(f"{indent}def {name}({', '.join(parameters)}):")


def docstring(st: Body, doc: ast.Expr, indent: str) -> list[str]:
    """A docstring moved to another indentation."""
    text = st.module.segment(doc)
    old = st.module.indent_of(doc)
    lines = text.split("\n")
    return [indent + lines[0], *[indent + line[len(old) :] if line.startswith(old) else line for line in lines[1:]]]

"""A definition of the program that became a layer class, and how to ask for it."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.context import Context
    from migrator.lower.reading.owning import Own
    from migrator.source.module import Module


@dataclasses.dataclass(eq=False)
class Owner:
    """A definition that became a layer class."""

    node: ast.FunctionDef
    cls: ast.ClassDef | None
    module: Module
    class_name: str
    roles: dict[str, str]
    init_parameters: list[str]
    call_parameters: list[str]
    captured: list[str]  # static names of enclosing functions, and self attributes as "self.x"
    tensors: list[str]  # tensors of enclosing functions
    staging: Body | None = None  # of the function that it was
    names_told: bool = False  # its text has `legacy_names`
    parameter_names: dict[str, str] = dataclasses.field(default_factory=dict)  # "self.x" -> constructor parameter
    methods: dict[ast.FunctionDef, str] = dataclasses.field(default_factory=dict)  # of its object -> the layer's name
    statics: dict[str, str] = dataclasses.field(default_factory=dict)  # attribute of its object -> the layer's
    outer_defaults: dict[str, ast.expr] = dataclasses.field(default_factory=dict)  # read from the function around
    training: bool = False
    flags: frozenset[str] = frozenset()  # parameters that stand for `training`
    text: str = ""
    creation: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    compose: Callable[[], str] | None = None  # writes the class anew, after its `call` got another parameter
    tell_values: Callable[[], None] | None = None  # gives a function of metrics what it returns beside them

    def name_in(self, ctx: Context, module: Module) -> str:
        """The class's name as code in `module` writes it; an import is planned where it lives elsewhere."""
        if module.path != self.module.path:
            ctx.imports.setdefault(module.path, set()).add(f"{self.module.path}:{self.class_name}")
        return self.class_name


def owner_of(ctx: Context, st: Body | None, own: Own) -> Owner:
    """The converted form of what an owning call calls, made when it is first asked for.

    The context brings the function that makes it: a body holds calls of definitions whose bodies are lowered alike.
    """
    made = ctx.lower_definition(ctx, st, own)
    assert isinstance(made, Owner)
    return made

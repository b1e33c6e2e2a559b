"""What is converted together: the model_fns of a group with the constructions and calls that use them."""

from __future__ import annotations

import ast
import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrator.detect.program import Construction, Program, Use
    from migrator.lower.models.units import LoweredModel
    from migrator.lower.reading.context import Context


@dataclasses.dataclass(frozen=True, eq=False)
class Group:
    """What is converted together."""

    ctx: Context  # with the facts of the whole program
    program: Program
    models: dict[ast.AST, LoweredModel]
    constructions: dict[ast.Call, Construction]
    uses: dict[ast.Call, Use]
    unused: dict[str, set[tuple[ast.AST, str]]] = dataclasses.field(default_factory=dict)  # names that settings leave
    substituted: dict[ast.AST, str] = dataclasses.field(default_factory=dict)  # nodes with another text

"""Where a call stands: its expression, the scope it is made in."""

from __future__ import annotations

import ast
import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrator.analysis.values import Scope


@dataclasses.dataclass(frozen=True, eq=False)
class Site:
    """Where a call stands; `exact` is False when star arguments hide some of what is passed."""

    node: ast.Call
    scope: Scope
    exact: bool

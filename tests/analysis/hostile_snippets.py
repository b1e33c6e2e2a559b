"""Constructs that break analyses, put into generated programs: a converter must be right about them or refuse.

Each file of `hostile/` is one: a comment that names the trap, module-level code, then, after the line
`# in the model_fn:`, statements over the main tensor `h`, with `mode`, `params` and `features` at hand.
"""

from __future__ import annotations

import pathlib
import re

from .grammar import Env, Maker

FOLDER = pathlib.Path(__file__).parent / "hostile"
MARK = "# in the model_fn:\n"
NAMES = tuple(sorted(path.stem.replace("_", "-") for path in FOLDER.glob("*.py")))


def snippet(name: str, maker: Maker, env: Env) -> tuple[list[str], list[str]]:
    """The module-level lines and the lines of the model_fn."""
    text = (FOLDER / f"{name.replace('-', '_')}.py").read_text().partition("\n")[2]
    module, mark, inside = text.partition(MARK)
    if not mark:
        raise ValueError(f"{name}: no line {MARK!r}")
    env.token = maker.fresh()
    body = re.sub(r"\bh\b", env.main, inside.rstrip("\n")).split("\n")
    return (["", "", *module.rstrip("\n").split("\n")] if module.strip() else []), body

"""Facts as comments: `#? stage=static value=16` above a statement says what holds of it.

- `stage=` static | shape | call: when the assigned value is known.
- `value=` a Python literal: the value in every mode and activation; `?` means that the core must not claim one.
- `modes=` the modes in which the assigned flag is true, `none` for no mode.
- `var=` the variables made while the statement runs, in order, over all its activations; empty for none.
- `var?=` the same, but the core may leave the names open.
- `refuse: ID`: the converter refuses the unit for this reason, at this statement; `*` stands for any reason and place.
- `refuse?`: the converter may refuse the unit; if it converts, it must be right all the same.

`observe` runs the file under the fake, which decides whether the claims are true of the program.
"""

from __future__ import annotations

import ast
import dataclasses
import pathlib
import re
import sys
from collections.abc import Mapping
from typing import Any

from . import sandbox, symbolic
from .fake_tf import MODES
from .grammar import SETTINGS

FOLDER = pathlib.Path(__file__).parent / "facts"
FILES = sorted(FOLDER.glob("*.py"))
CLAIM = re.compile(r"(stage|value|modes|var\??)=(\S*)")


@dataclasses.dataclass(frozen=True)
class Claim:
    """One claim about the statement on lines `first`..`last`."""

    first: int
    last: int
    kind: str
    text: str


def claims_of(text: str) -> list[Claim]:
    """The claims of a file, each tied to the next statement."""
    spans = {
        node.lineno: node.end_lineno or node.lineno for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)
    }
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if not stripped.startswith("#?"):
            continue
        first = min(n for n in spans if n > number)
        refusal = re.fullmatch(r"#\? refuse: (\S+)", stripped)
        if stripped == "#? refuse?":
            pairs = [("refuse?", "")]
        else:
            pairs = [("refuse", refusal[1])] if refusal else CLAIM.findall(stripped)
        if not pairs:
            raise ValueError(f"line {number}: not a claim: {stripped}")
        found += [Claim(first, spans[first], kind, said) for kind, said in pairs]
    return found


@dataclasses.dataclass
class Observation:
    """What one run showed, by statement line: the values assigned and the variables made."""

    values: dict[int, list[Any]] = dataclasses.field(default_factory=dict)
    variables: dict[int, list[str]] = dataclasses.field(default_factory=dict)


def observe(text: str, claims: list[Claim], mode: str, params: Mapping[str, Any], width: int = 6) -> Observation:
    """Run the file in one mode and note what happens at the claimed statements."""
    seen = Observation()
    wanted = {c.first for c in claims if c.kind in ("stage", "value", "modes")}
    tree = _Noting(wanted).visit(ast.parse(text))
    code = compile(ast.fix_missing_locations(tree), "<program>", "exec")
    spans = {(c.first, c.last) for c in claims if c.kind.startswith("var")}

    class Variables(dict[Any, Any]):
        """Notes, with each new variable, the statements that are running."""

        def __setitem__(self, name: Any, shape: Any) -> None:
            frame = sys._getframe(1)
            lines = set()
            while frame is not None:
                if frame.f_code.co_filename == "<program>":
                    lines.add(frame.f_lineno)
                frame = frame.f_back  # type: ignore[assignment]
            for first, last in spans:
                if any(first <= line <= last for line in lines):
                    seen.variables.setdefault(first, []).append(str(name))
            super().__setitem__(name, shape)

    outcome = sandbox.run_legacy(
        code,
        mode,
        params,
        record=symbolic.Record(variables=Variables()),
        extra={"__note__": lambda line, value: seen.values.setdefault(line, []).append(_copy(value))},
        width=width,
    )
    if outcome.error:
        raise AssertionError(f"the program itself fails in {mode}: {outcome.error}")
    return seen


def _copy(value: Any) -> Any:
    return list(value) if isinstance(value, list) else value


class _Noting(ast.NodeTransformer):
    """Adds `__note__(line, name)` after each wanted assignment."""

    def __init__(self, wanted: set[int]) -> None:
        self.wanted = wanted

    def _noted(self, node: Any) -> Any:
        self.generic_visit(node)
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if node.lineno not in self.wanted:
            return node
        if not isinstance(target, ast.Name):
            raise ValueError(f"line {node.lineno}: a claim about a value needs an assignment to one name")
        call = ast.parse(f"__note__({node.lineno}, {target.id})").body[0]
        for part in ast.walk(call):
            ast.copy_location(part, node)
        return [node, call]

    visit_Assign = _noted
    visit_AugAssign = _noted


def untrue(text: str) -> list[str]:
    """The claims of a file that its execution contradicts, as sentences."""
    claims = claims_of(text)
    runs = {mode: observe(text, claims, mode, SETTINGS[0]) for mode in MODES}
    wider = {mode: observe(text, claims, mode, SETTINGS[0], width=7) for mode in MODES}
    wrong = []
    for claim in claims:
        said = f"line {claim.first}: {claim.kind}={claim.text}"
        if claim.kind.startswith("var"):
            expected = [v for v in claim.text.split(",") if v]
            made = [r.variables.get(claim.first, []) for r in runs.values()]
            if max(made, key=len) != expected or any(m not in ([], expected) for m in made):
                wrong.append(f"{said}, but made {made}")
        elif not claim.kind.startswith("refuse"):
            wrong += _untrue_value(claim, said, runs, wider)
    return wrong


def _untrue_value(
    claim: Claim, said: str, runs: Mapping[str, Observation], wider: Mapping[str, Observation]
) -> list[str]:
    values = [v for r in runs.values() for v in r.values.get(claim.first, [])]
    others = [v for r in wider.values() for v in r.values.get(claim.first, [])]
    if not values:
        return [f"{said}, but it never runs"]
    tensors = [v for v in values if any(True for _ in symbolic.walk(symbolic.freeze(v)))]
    if claim.kind == "stage":
        stage = "call" if tensors else "static" if values == others else "shape"
        return [] if stage == claim.text else [f"{said}, but it is {stage}: {values[0]!r}"]
    if claim.kind == "value":
        if claim.text == "?":
            return []
        literal = ast.literal_eval(claim.text)
        return [] if all(v == literal for v in values) else [f"{said}, but saw {values}"]
    wanted = set() if claim.text == "none" else set(claim.text.split(","))
    for mode, run in runs.items():
        if any(bool(v) != (mode in wanted) for v in run.values.get(claim.first, [])):
            return [f"{said}, but in {mode} it is {run.values[claim.first]}"]
    return []

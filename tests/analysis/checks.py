"""The properties of one program: original == specialised in each mode, original == staged, converting twice is once."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from migrator.conversion import Conversion
from migrator.convert import convert

from . import core_facts, sandbox, staged, symbolic
from .fake_tf import MODES
from .sandbox import Outcome
from .shrinking import shrink

PATH = "program.py"
Settings = Sequence[Mapping[str, Any]]


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What became of one program. `kind`: same | refused | different | broken (the tool or its output raised)."""

    kind: str
    reason: str = ""
    records: str = ""

    @property
    def failed(self) -> bool:
        return self.kind in ("different", "broken")


SAME = Verdict("same")


class Invalid(Exception):
    """The legacy program itself does not run."""


def legacy_outcomes(text: str, settings: Settings) -> list[dict[str, Outcome]]:
    """The outcomes of the original, per setting and mode."""
    code = compile(text, "<program>", "exec")
    found = [{mode: sandbox.run_legacy(code, mode, params) for mode in MODES} for params in settings]
    for outcomes in found:
        for outcome in outcomes.values():
            if outcome.error:
                raise Invalid(outcome.error)
    return found


def specialised(text: str, settings: Settings, before: list[dict[str, Outcome]] | None = None) -> Verdict:
    """Original == specialised: the folded text does in its mode what the whole did."""
    before = before if before is not None else legacy_outcomes(text, settings)
    try:
        texts = core_facts.specialised(text)
    except Exception as error:  # a crash of the tool is a failure of the property
        return Verdict("broken", f"specialising raises {type(error).__name__}: {error}")
    for mode, folded in texts.items():
        code = compile(folded, "<program>", "exec")
        for params, outcomes in zip(settings, before, strict=True):
            after = sandbox.run_legacy(code, mode, params)
            difference = sandbox.difference(outcomes[mode], after)
            if difference:
                records = f"{folded}\noriginal in {mode}:\n{outcomes[mode].text()}\nspecialised:\n{after.text()}"
                return Verdict("different", f"specialised for {mode}: {difference}", records)
    return SAME


def migrated(text: str, settings: Settings, before: list[dict[str, Outcome]] | None = None) -> Verdict:
    """Original == staged, or refused with a reason; and converting the result again changes nothing."""
    before = before if before is not None else legacy_outcomes(text, settings)
    try:
        conversion = convert({PATH: text})
    except Exception as error:  # a crash of the tool is a failure of the property
        return Verdict("broken", f"convert raises {type(error).__name__}: {error}")
    units = [u for u in conversion.ledger.units if u.kind == "model_fn"]
    if not units:
        return Verdict("broken", "the model_fn is not in the ledger")
    if units[0].status != "converted":
        reasons = [f for f in units[0].findings if f.severity == "error"]
        if not reasons:
            return Verdict("broken", "refused without a reason")
        if conversion.edits:
            return Verdict("broken", "refused, but there are edits")
        return Verdict("refused", f"{reasons[0].rule}: {reasons[0].message}", f"line {reasons[0].line}")
    for params, outcomes in zip(settings, before, strict=True):
        differences, after = staged.staging_differences(conversion, params, outcomes)
        if differences:
            reason = differences[0].split("\n")[0]
            return Verdict("different", reason, _records(conversion, outcomes, after, differences))
    return _second_conversion(conversion)


def _second_conversion(conversion: Conversion) -> Verdict:
    sources = {edit.path: edit.after for edit in conversion.edits}
    try:
        again = convert(sources)
    except Exception as error:  # a crash of the tool is a failure of the property
        return Verdict("broken", f"the second convert raises {type(error).__name__}: {error}")
    if again.edits:
        return Verdict("different", "converting twice changes the program again", again.edits[0].after)
    return SAME


def _records(
    conversion: Conversion, before: Mapping[str, Outcome], after: Mapping[str, Outcome], differences: list[str]
) -> str:
    text = next((e.after for e in conversion.edits if e.path == PATH), "")
    lines = [*differences, "", "migrated program:", text]
    mode = next((m for m in after if f"in {m}" in differences[0]), None)
    if mode is not None:
        lines += [f"original in {mode}:", before[mode].text(), "migrated:", after[mode].text()]
    return "\n".join(lines)


def report(title: str, text: str, settings: Settings, check: Any, seconds: float = 10.0) -> str:
    """A failure for people: what differs, the shrunk program, and both records of it."""
    first = check(text, settings)

    def fails(candidate: str) -> bool:
        symbolic.forget()
        try:
            verdict = check(candidate, settings)
        except Invalid:
            return False
        return bool(verdict.kind == first.kind) and verdict.reason.split(":")[0][:40] == first.reason.split(":")[0][:40]

    small = shrink(text, fails, seconds)
    symbolic.forget()
    verdict = check(small, settings)
    return f"{title}: {verdict.kind}: {verdict.reason}\nshrunk program:\n{small}\n{verdict.records}"

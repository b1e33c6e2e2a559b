"""The target side of a proof: run the migrated program guarded, record it, replay it on the legacy record, compare."""

from __future__ import annotations

import os
import pickle
from typing import Any, Dict, Optional

from . import data_order, program, randomness, stand_ins


def main(request: Dict[str, Any]) -> Dict[str, Any]:
    """Runs the job. The answer holds, per unit, the rows of evidence."""
    import tensorflow  # noqa: F401

    randomness.install()
    data_order.install()
    from . import guard, guess, keras_capture, keras_spy, units

    guess.install()
    capture = keras_capture.Capture()
    keras_capture.install(capture)
    spy = keras_spy.install()
    if request["guarded"]:
        guard.install(request["root"])
    drawn = randomness.watch(request["root"])
    absent = stand_ins.install(request["root"])
    ending = program.run_program(request["root"], request["entry"], request["program_seconds"])
    capture.active = False
    if ending.note:
        capture.forget_lengths()
    ordered = request["ordered"] and not drawn and not randomness.unseeded(request["root"])
    with open(request["data"], "rb") as stream:
        legacy = pickle.load(stream)
    uses = guard.attribute_uses(request["root"]) if request["guarded"] else []
    exported = [_signatures(path) for path in capture.exports if os.path.isdir(path)]
    proved = units.prove_all(request["maps"], legacy, capture.models, spy, ordered, [e for e in exported if e])
    return {
        "ending": ending.note,
        "traceback": ending.text,
        "stand_ins": sorted(absent.names),
        "legacy_uses": uses,
        "versions": _versions(),
        "models": [{"class": type(m.model).__name__, "calls": m.calls, "failures": m.failures} for m in capture.models],
        "units": proved,
    }


def _signatures(path: str) -> Optional[Dict[str, Any]]:
    from . import signatures

    try:
        return signatures.read_signatures(path)
    except (OSError, ValueError):
        return None


def _versions() -> Dict[str, str]:
    import keras
    import tensorflow

    return {"tensorflow": tensorflow.__version__, "keras": keras.__version__}

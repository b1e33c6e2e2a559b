"""One full run of a program: nothing is cut short, nothing replaced but what the runtime needs (shim, guard)."""

from __future__ import annotations

from typing import Any, Dict, List

from . import program


def main(request: Dict[str, Any]) -> Dict[str, Any]:
    """Runs the program; the answer tells how it ended and where its step counters stand."""
    counters = _target(request) if request["side"] == "target" else _legacy(request)
    ending = program.run_program(request["root"], request["entry"], request["program_seconds"])
    uses: List[str] = []
    if request["side"] == "target" and request["guarded"]:
        from . import guard

        uses = guard.attribute_uses(request["root"])
    return {"ending": ending.note, "traceback": ending.text, "steps": counters(), "legacy_uses": uses}


def _legacy(request: Dict[str, Any]) -> Any:
    from . import legacy_capture, shim

    tf = shim.install()
    capture = legacy_capture.Capture(request["root"])
    legacy_capture.watch(tf, capture)

    def counters() -> List[int]:
        return [int(recorded.last["step"]) for recorded in capture.recorded if "step" in recorded.last]

    return counters


def _target(request: Dict[str, Any]) -> Any:
    from . import guard, keras_capture

    capture = keras_capture.Capture()
    keras_capture.watch(capture)
    if request["guarded"]:
        guard.install(request["root"])

    def counters() -> List[int]:
        from .keras_replay import optimizers_of

        steps = []
        for known in capture.models:
            optimizers = optimizers_of(known.model)
            if "fit" in known.calls and optimizers:
                steps.append(int(optimizers[0].iterations))
        return steps

    return counters

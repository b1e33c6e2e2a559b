"""The legacy side of a proof: run the program, record it, rebuild and replay its model_fns, hand over plain data."""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import pickle
from typing import Any, Dict, List, Tuple

from . import data_order, learn_canned, program, randomness, shim, stand_ins


def main(request: Dict[str, Any]) -> Dict[str, Any]:
    """Runs the job: what is too big for JSON goes into the pickle file `data`, the rest is the answer."""
    importlib.import_module("tensorflow")
    randomness.install()
    tf = shim.install()
    tf.enable_resource_variables()  # reference variables may be read after they were updated in the same step
    data_order.install()
    learn_canned.install(tf, request["root"])
    from . import legacy_capture, legacy_replay, legacy_spy

    capture = legacy_capture.Capture(request["root"])
    legacy_capture.install(tf, capture)
    spy = legacy_spy.install(tf)
    drawn = randomness.watch(request["root"])
    absent = stand_ins.install(request["root"])
    ending = program.run_program(request["root"], request["entry"], request["program_seconds"])
    models = []
    for recorded in capture.recorded:
        model: Dict[str, Any] = {
            "calls": recorded.calls,
            "site": recorded.site,
            "model_fn": locate(recorded.model_fn, request["root"]),
            "params": repr(getattr(recorded.estimator, "_params", None)),
        }
        if recorded.inputs or recorded.failures:
            model.update(legacy_replay.replay(tf, spy, recorded))
        model["signatures"] = _signatures(recorded.exports)
        # What a program that ended early would have gone on to do is not known.
        model["training"] = (recorded.training.calls, None if ending.note else recorded.training.total)
        model["evaluations"] = ([tuple(length) for length in recorded.evaluations.lengths], recorded.evaluations.calls)
        model["examples"] = [None] if ending.note else recorded.examples
        models.append(model)
    with open(request["data"], "wb") as stream:
        pickle.dump(models, stream, protocol=4)
    return {
        "ending": ending.note,
        "traceback": ending.text,
        "stand_ins": sorted(absent.names),
        "ordered": not drawn and not randomness.unseeded(request["root"]),
        "versions": {"tensorflow": importlib.import_module("tensorflow.python.framework.versions").__version__},
        "models": [_summary(model) for model in models],
    }


def locate(function: Any, root: str) -> Tuple[str, int, str]:
    """Path (under the root, else ""), first line and name of the function that a model_fn is in the end."""
    while True:
        if isinstance(function, functools.partial):
            function = function.func
        elif hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        elif inspect.ismethod(function):
            function = function.__func__
        elif not inspect.isfunction(function) and callable(function) and not inspect.isclass(function):
            called = type(function).__call__
            if not inspect.isfunction(called):
                return "", 0, type(function).__name__
            function = called
        else:
            break
    code = getattr(function, "__code__", None)
    if code is None:
        return "", 0, getattr(function, "__name__", "")
    path = os.path.abspath(code.co_filename)
    inside = path.startswith(root + os.sep)
    return os.path.relpath(path, root).replace(os.sep, "/") if inside else "", code.co_firstlineno, function.__name__


def _signatures(exports: List[str]) -> List[Dict[str, Any]]:
    from . import signatures

    return [signatures.read_signatures(path) for path in exports if os.path.isdir(path)]


def _summary(model: Dict[str, Any]) -> Dict[str, Any]:
    modes = [mode for mode in ("train", "eval", "infer") if mode in model]
    return {
        "model_fn": model["model_fn"],
        "site": model["site"],
        "calls": model["calls"],
        "modes": modes,
        "failures": model.get("failures", {}),
        "variables": model.get("order", []),
    }

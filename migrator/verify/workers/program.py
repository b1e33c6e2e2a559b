"""Runs a program's own entry inside this process: as `__main__`, with its arguments, for a limited time."""

from __future__ import annotations

import importlib.util
import io
import os
import signal
import sys
import tokenize
import traceback
import types
from typing import Any, Dict, List, Optional, Tuple


class OutOfTime(BaseException):
    """Raised in the program when its time is over. Not an Exception: programs catch those."""


class Ending(object):
    """How the program ended: `note` is "" when it ran to its end, `text` the traceback when it failed."""

    def __init__(self, note: str = "", text: str = "") -> None:
        self.note = note
        self.text = text


def run_program(root: str, entry: Dict[str, Any], seconds: float) -> Ending:
    """Runs the entry under `root`. Never raises: failing, leaving early and running out of time are endings."""
    os.chdir(root)
    try:
        code, module = _prepare(root, entry)
    except (OSError, SyntaxError, ImportError, ValueError) as error:
        return Ending("the program cannot be started: %s: %s" % (type(error).__name__, error))
    sys.modules["__main__"] = module
    _KEPT.append(module)  # its functions are called again after the run
    restore = _alarm(seconds)
    try:
        exec(code, module.__dict__)
    except SystemExit as leaving:
        if leaving.code in (None, 0):
            return Ending()
        return Ending("the program left with status %s" % (leaving.code,))
    except OutOfTime:
        return Ending("the program was stopped after %d seconds" % seconds)
    except BaseException as error:  # the boundary to code that is not ours
        return Ending("the program failed: %s: %s" % (type(error).__name__, _first_line(error)), _own_traceback())
    finally:
        restore()
    return Ending()


_KEPT: List[types.ModuleType] = []


def _prepare(root: str, entry: Dict[str, Any]) -> Tuple[types.CodeType, types.ModuleType]:
    module = types.ModuleType("__main__")
    module.__dict__["__builtins__"] = __builtins__
    if entry.get("module"):
        sys.path.insert(0, root)
        name = entry["module"]
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            name += ".__main__"
            spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise ImportError("no module named %r" % entry["module"])
        path = spec.origin
        module.__spec__ = spec
        module.__package__ = spec.parent
    else:
        path = os.path.join(root, entry["script"])
        sys.path.insert(0, os.path.dirname(path))
    module.__file__ = path
    sys.argv = [path] + list(entry.get("arguments") or ())
    with io.open(path, "rb") as stream:
        source = stream.read()
    tokenize.detect_encoding(io.BytesIO(source).readline)  # raises SyntaxError for an unknown coding line
    return compile(source, path, "exec", dont_inherit=True), module


def _alarm(seconds: float) -> Any:
    if not hasattr(signal, "SIGALRM"):
        return lambda: None

    def ring(_signal: int, _frame: Optional[types.FrameType]) -> None:
        raise OutOfTime()

    previous = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)

    def restore() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)

    return restore


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else ""


def _own_traceback() -> str:
    return "".join(traceback.format_exc(limit=-6))

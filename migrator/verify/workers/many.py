"""Many jobs in one process that imported TensorFlow once: each runs in a fork of it, within limits."""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import time
import traceback
from typing import Any, Dict, List

_BEAT = 0.05


def main(request: Dict[str, Any]) -> Dict[str, Any]:
    """Runs every job of `requests`; the answer tells how each ended. Its result lies in the job's own answer file."""
    for name in request["prepare"]:
        importlib.import_module(name)
    return {"endings": [_one(one, request["seconds"], request["megabytes"]) for one in request["requests"]]}


def _one(request: Dict[str, Any], seconds: float, megabytes: float) -> List[str]:
    child = os.fork()
    if child == 0:
        _work(request)
    deadline = time.time() + seconds
    ending, status = "done", 0
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            break
        if time.time() > deadline:
            ending = "hung"
        elif _resident_megabytes(child) > megabytes:
            ending = "memory"
        else:
            time.sleep(_BEAT)
            continue
        os.kill(child, signal.SIGKILL)  # what it started goes with the worker's session
        os.waitpid(child, 0)
        break
    if ending == "done" and not os.path.exists(request["answer"]):
        ending = "crashed"
    return [ending, str(status)]


def _work(request: Dict[str, Any]) -> None:
    """The job, in the forked process, which it never leaves alive."""
    for number, name in ((1, "out"), (2, "err")):
        place = os.open(request["log"] + "." + name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(place, number)
    try:
        os.chdir(request["cwd"])
        job = importlib.import_module("%s.%s" % (__package__, request["module"]))
        answer = job.main(request)
        aside = request["answer"] + ".part"
        with open(aside, "w", encoding="utf-8") as stream:
            json.dump(answer, stream)
        os.replace(aside, request["answer"])
    except BaseException:  # the boundary of the job: whatever happened is told on its error output
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _resident_megabytes(pid: int) -> float:
    try:
        with open("/proc/%d/statm" % pid) as stream:
            pages = int(stream.read().split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2.0**20

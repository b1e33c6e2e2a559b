"""A process that imported TensorFlow once and forks for every job it is handed.

It reads one line of JSON per job (`request`, the file that tells the job; `cwd`, `out`, `err`, `environment`) and
answers with two: the number of the job's process, and the status it ended with. Who started it watches over the
limits: it knows the process.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import sys
import tempfile
from typing import Any, Dict

from . import boot


def main(request: Dict[str, Any]) -> Dict[str, Any]:
    """Serves jobs until there are no more lines."""
    for name in request["prepare"]:
        try:
            importlib.import_module(name)
        except ImportError:
            break  # a broken runtime: the job itself says so
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        told = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(told)
            boot.run(told["request"])  # does not come back
        _say(answers, {"pid": child})
        status = os.waitpid(child, 0)[1]
        _say(answers, {"status": -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)})
    return {}


def _say(answers: Any, told: Dict[str, int]) -> None:
    answers.write(json.dumps(told) + "\n")
    answers.flush()


def _become(told: Dict[str, Any]) -> None:
    """Makes the forked process what a fresh one would be: a session, files, surroundings and chance of its own."""
    os.setsid()
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(told[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(told["environment"])
    tempfile.tempdir = None
    os.chdir(told["cwd"])
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()

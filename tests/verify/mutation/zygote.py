"""Imports TensorFlow once and forks for every job; runs in the target runtime: `python zygote.py < requests`.

A request is one line of JSON: `script` (its main() is called with `arguments` as the command line), `cwd`, `output`,
`errors`, `temporary` and `seconds`. The answer is one line too: the exit status, and whether the time was over.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
import tempfile
import time
import traceback


def main() -> None:
    """Answers requests until there are no more."""
    import keras  # noqa: F401
    import tensorflow  # noqa: F401

    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(request)
        status, hung = _wait(child, request["seconds"])
        answers.write(json.dumps({"status": status, "hung": hung}) + "\n")
        answers.flush()


def _run(request: dict) -> None:
    status = 1
    try:
        os.setsid()
        for number, name in ((1, "output"), (2, "errors")):
            os.dup2(os.open(request[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ["TMPDIR"] = tempfile.tempdir = request["temporary"]
        os.chdir(request["cwd"])
        sys.argv = [request["script"], *request["arguments"]]
        spec = importlib.util.spec_from_file_location("forked_job", request["script"])
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.main()
        status = 0
    except BaseException:  # the boundary of the job: whatever happened is told on its error output
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _wait(child: int, seconds: float) -> tuple[int, bool]:
    deadline = time.monotonic() + seconds
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status), False
        if time.monotonic() > deadline:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return -signal.SIGKILL, True
        time.sleep(0.02)


if __name__ == "__main__":
    main()

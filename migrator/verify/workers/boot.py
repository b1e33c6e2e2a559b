"""Starts one job inside a runtime: `python boot.py request.json`."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
import traceback

PACKAGE = "migrator_worker"
JOBS = {
    "legacy": "legacy_job",
    "target": "target_job",
    "run": "run_job",
    "synthetic legacy": "synthetic_legacy",
    "synthetic target": "synthetic_target",
    "host": "host",
}


def load_package() -> None:
    """Makes this folder importable under a name of its own, so that it cannot meet a module of the program."""
    folder = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if os.path.abspath(path or os.curdir) != folder]
    where = os.path.join(folder, "__init__.py")
    spec = importlib.util.spec_from_file_location(PACKAGE, where, submodule_search_locations=[folder])
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = module
    spec.loader.exec_module(module)


def main() -> None:
    """Runs the job that the command line names."""
    load_package()
    run(sys.argv[1])


def run(path: str) -> None:
    """Runs a job and leaves without the interpreter's own clean-up, which programs and TensorFlow make slow."""
    with open(path, encoding="utf-8") as stream:
        request = json.load(stream)
    status = 0
    try:
        job = importlib.import_module("%s.%s" % (PACKAGE, JOBS[request["job"]]))
        answer = job.main(request)
        aside = request["answer"] + ".part"
        with open(aside, "w", encoding="utf-8") as stream:
            json.dump(answer, stream)
        os.replace(aside, request["answer"])
    except BaseException:  # the boundary of the worker: whatever happened is told on its error output
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()

"""The fake against the real library: variable names, shapes and creation order of generated programs on TensorFlow."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess

import pytest

from migrator.verify.runtimes import RuntimeAbsent, provide

from . import sandbox
from .commented_facts import FILES
from .fake_tf import MODES
from .grammar import SETTINGS
from .programs import CATEGORIES, HOSTILE, generate

WORKER = pathlib.Path(__file__).with_name("oracle_worker.py")


def jobs() -> list[tuple[str, str, str, object]]:
    """(title, text, mode, params): one program of each category, every other fact; that TensorFlow has no contrib."""
    found: list[tuple[str, str, str, object]] = []
    for index, category in enumerate(CATEGORIES):
        if category.removeprefix("hostile-") in HOSTILE and index % 2:
            continue
        program = generate(category, 200 + index, 2)
        found.append((category, program.text, MODES[index % 3], SETTINGS[index % 2]))
    for index, path in enumerate(FILES):
        if index % 3 == 0:
            found.append((path.stem, path.read_text(), "train", SETTINGS[0]))
    return [job for job in found if "tf.contrib" not in job[1]]


@pytest.mark.runtime
def test_the_fake_names_variables_as_tensorflow_does() -> None:
    try:
        python = provide("legacy").python
    except RuntimeAbsent as absent:
        pytest.skip(str(absent))
    programs = jobs()
    assert len(programs) >= 50
    done = subprocess.run(
        [str(python), str(WORKER)],
        input=json.dumps([job[1:] for job in programs]),
        capture_output=True,
        text=True,
        timeout=900,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for (title, text, mode, params), real in zip(programs, json.loads(done.stdout.splitlines()[-1]), strict=True):
        fake = sandbox.run_legacy(text, mode, params)  # type: ignore[arg-type]
        assert fake.error is None and "error" not in real, (title, fake.error, real)
        assert [[n, list(s)] for n, s in fake.variables.items()] == real["variables"], f"{title}\n{text}"

"""Every rule is proved by running both sides: each case agrees, and each changed argument alone does not."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from migrator import verify
from migrator.emit.support import pieces, support_source
from migrator.rulebook.reading import read_rules
from migrator.verify.runtimes import RuntimeAbsent, absence, provide
from tests.rules.comparing import STRUCTURE, differences
from tests.rules.jobs import Proof, proofs

pytestmark = [pytest.mark.runtime, pytest.mark.xdist_group("rule-proofs")]  # one process runs all cases

WORKERS = Path(__file__).parent / "workers"
SHIM = Path(verify.__file__).parent / "workers"
PROOFS = [proof for rule in read_rules() for proof in proofs(rule)]


class Sides:
    """The results of both workers, by job."""

    def __init__(self, legacy: Path, target: Path, folder: Path) -> None:
        self.errors: dict[str, dict[str, str]] = {}
        (folder / "jobs.json").write_text(json.dumps({proof.id: proof.job for proof in PROOFS}))
        (folder / "support.py").write_text(support_source(pieces()))
        self.legacy = self._run("legacy", legacy, folder, [str(SHIM), "jobs.json"])
        self.target = self._run("target", target, folder, ["jobs.json", "legacy.npz", "support.py"])

    def _run(self, side: str, python: Path, folder: Path, files: list[str]) -> dict[str, dict[str, Any]]:
        command = [str(python), str(WORKERS / f"{side}.py"), *files, f"{side}.npz", f"{side}.json"]
        quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "-1"}
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=quiet, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        self.errors[side] = json.loads((folder / f"{side}.json").read_text())
        found: dict[str, dict[str, Any]] = {}
        with np.load(folder / f"{side}.npz", allow_pickle=False) as results:
            for key in results.files:
                job, name = key.split("|", 1)
                found.setdefault(job, {})[name] = results[key]
        return found


@pytest.fixture(scope="module", params=["legacy", "tf1"])
def sides(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sides:
    """Both sides, run once per legacy runtime."""
    if absence(request.param):
        pytest.skip(absence(request.param))
    try:
        legacy, target = provide(request.param).python, provide("target").python
    except RuntimeAbsent as reason:
        pytest.skip(str(reason))
    found = Sides(legacy, target, tmp_path_factory.mktemp(request.param))
    found.errors["legacy"]["runtime"] = request.param
    return found


@pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: proof.id)
def test_both_sides_agree_and_each_twin_differs(sides: Sides, proof: Proof, record_property: Any) -> None:
    versions = {side: errors["version"] for side, errors in sides.errors.items()}
    record_property("versions", versions)
    if proof.case.contrib and versions["legacy"].startswith("2."):
        pytest.skip("this part of contrib needs TensorFlow 1.15")
    if proof.case.modern and versions["legacy"].startswith("1."):
        pytest.skip("TensorFlow 1.15 has no CPU kernel for it")
    of = proof.job.get("of", proof.id)
    assert of not in sides.errors["legacy"], f"legacy {versions['legacy']}: {sides.errors['legacy'].get(of)}"
    error = sides.errors["target"].get(proof.id)
    if proof.twin is not None:
        assert error is None or STRUCTURE.search(error), f"the twin fails by itself: {error}"
        assert error is not None or _differences(sides, proof, of), f"`{proof.twin}` makes no difference"
    else:
        assert error is None, error
        assert not _differences(sides, proof, of)


def _differences(sides: Sides, proof: Proof, of: str) -> list[str]:
    legacy: Mapping[str, Any] = sides.legacy[of]
    return differences(proof.rule.kind, bool(proof.job["statistics"]), legacy, sides.target[proof.id])

"""The names of the rules are real: legacy ones in TensorFlow 1.15 with the signature written, targets today."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from migrator.rulebook import Rule, parameters
from migrator.rulebook.reading import read_rules
from migrator.verify.runtimes import RuntimeAbsent, absence, provide

pytestmark = pytest.mark.runtime

RULES = read_rules()
WORKER = Path(__file__).parent / "workers" / "names.py"
WHOLE = {"tensorflow.contrib.layers.linear", "tensorflow.contrib.layers.relu", "tensorflow.contrib.layers.relu6"}
"""Partial functions: Python does not say their signature."""


def look_up(runtime: str, side: str, names: set[str], folder: Path) -> dict[str, list[str] | None]:
    if absence(runtime):
        pytest.skip(absence(runtime))
    try:
        python = provide(runtime).python
    except RuntimeAbsent as reason:
        pytest.skip(str(reason))
    (folder / "names.json").write_text(json.dumps(sorted(names)))
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    command = [str(python), str(WORKER), side, "names.json", "found.json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=quiet, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, list[str] | None] = json.loads((folder / "found.json").read_text())
    return found


def test_legacy_names_exist_with_the_signature_written(tmp_path: Path) -> None:
    rules = [rule for rule in RULES if rule.kind not in ("refuse", "drop")]
    names = {name for rule in rules for name in rule.legacy}
    found = look_up("tf1", "legacy", names, tmp_path)
    assert sorted(names - set(found)) == []
    wrong = [
        (name, found[name])
        for rule in rules
        if rule.signature is not None
        for name in rule.legacy
        if name not in WHOLE and not _agrees(rule, found[name])
    ]
    assert wrong == []


def _agrees(rule: Rule, found: list[str] | None) -> bool:
    """The same positional names in the same order; `*args, **kwargs` of a layer class are not written.

    What `**kwargs` takes stands behind the star of the rule's signature.
    """
    if found is None:
        return True
    known = parameters(rule.signature or "")
    taken = known.keyword_only if "kwargs" in found else ()
    written = [name for name in known.names if name in found or name not in taken]
    return [name for name in found if name not in ("self", "args", "kwargs")] == written


def test_targets_exist_and_take_the_arguments(tmp_path: Path) -> None:
    targets = [(rule, target) for rule in RULES for target in _targets(rule)]
    found = look_up("target", "target", {target for _, target in targets}, tmp_path)
    assert sorted({target for _, target in targets} - set(found)) == []
    unknown = []
    for rule, target in targets:
        known = found[target]
        if known is not None and "kwargs" not in known:
            needed = rule.aliases.values() if rule.kind == "rename" else [argument.name for argument in rule.args]
            unknown += [(rule.id, name) for name in needed if name not in known]
    assert unknown == []


def _targets(rule: Rule) -> list[str]:
    named = (rule.target, rule.idiomatic, rule.scheduled, rule.sparse, rule.elements, *rule.choose.values())
    return [name for name in named if name is not None and not name.startswith("support.")]

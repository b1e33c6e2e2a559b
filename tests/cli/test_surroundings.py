"""What a run does to the files around the code: pins go with the conversion, checkpoints are told of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrator.conversion import Conversion
from migrator.ledger import Finding

from ..workspace.trees import git, read_tree, repository, write_tree
from . import fakes
from .conftest import Migrate
from .fakes import MAIN, converted, model

A = model("a", MAIN)
PINNED = {"train.py": A, "requirements.txt": "six\ntensorflow==1.13.1  # old\n"}
RAISED = b"six\ntensorflow>=2.16  # old\n"


def findings(rule: str, root: Path = Path()) -> list[dict[str, object]]:
    """The findings of a rule in the report."""
    report = json.loads((root / "migration-report" / "report.json").read_text())
    return [finding for finding in report["findings"] if finding["rule"] == rule]


def test_pins_are_raised_with_the_code_and_undone_with_it(migrate: Migrate, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", PINNED)
    before = read_tree(root)
    assert migrate("p").code == 0
    assert read_tree(root) == {"train.py": converted(A).encode(), "requirements.txt": RAISED}
    assert migrate("p").code == 0
    assert read_tree(root)["requirements.txt"] == RAISED
    assert migrate("undo", "p").code == 0
    assert read_tree(root) == before


def test_pins_are_part_of_the_patch_and_of_a_copy(migrate: Migrate, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", PINNED)
    answer = migrate("p", "--diff")
    assert "-tensorflow==1.13.1  # old\n+tensorflow>=2.16  # old\n" in answer.out
    assert migrate("p", "--check").code == 1
    assert migrate("p", "--output", "new").code == 0
    assert read_tree(tmp_path / "new")["requirements.txt"] == RAISED
    assert read_tree(root)["requirements.txt"] == PINNED["requirements.txt"].encode()


def test_bytes_of_a_pinning_file_are_kept(migrate: Migrate, tmp_path: Path) -> None:
    data = "\ufeff# é\ntensorflow==1.13\n".replace("\n", "\r\n").encode()
    root = write_tree(tmp_path / "p", {"train.py": A, "requirements.txt": data})
    migrate("p")
    assert read_tree(root)["requirements.txt"] == data.replace(b"==1.13", b">=2.16")


def test_files_that_git_ignores_are_not_edited(migrate: Migrate, tmp_path: Path) -> None:
    root = repository(tmp_path / "p", {"train.py": A, ".gitignore": "env/\n"})
    write_tree(root, {"env/requirements.txt": "tensorflow==1.13\n"})
    assert migrate("p").code == 0
    assert read_tree(root)["env/requirements.txt"] == b"tensorflow==1.13\n"


def refused_with(migrate: Migrate, root: Path, reason: str, *words: str) -> None:
    """Asserts that the code is converted while the pin stays, and that a person is told."""
    assert migrate(*words).code == 3
    tree = read_tree(root)
    assert (tree["train.py"], tree["requirements.txt"]) == (converted(A).encode(), PINNED["requirements.txt"].encode())
    (finding,) = findings("dependency-pin")
    assert (finding["path"], finding["line"], finding["severity"]) == ("requirements.txt", 2, "error")
    assert reason in str(finding["message"])


def test_refused_outside_the_named_paths(migrate: Migrate, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", {"setup.cfg": "", **PINNED})
    refused_with(migrate, root, "lies outside the named paths", "p/train.py")


def test_refused_unstaged_changes(migrate: Migrate, tmp_path: Path) -> None:
    root = repository(tmp_path / "p", {**PINNED, "requirements.txt": ""})
    write_tree(root, PINNED)
    refused_with(migrate, root, "has changes that are neither committed nor staged", "p")


def test_refused_read_only(migrate: Migrate, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", PINNED)
    (root / "requirements.txt").chmod(0o444)
    refused_with(migrate, root, "is read-only", "p")


def test_refused_while_something_is_left(migrate: Migrate, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", {**PINNED, "b.py": model("b", "# refuse\n")})
    assert migrate("p").code == 3
    assert read_tree(root)["requirements.txt"] == PINNED["requirements.txt"].encode()
    assert "still needs TensorFlow 1" in str(findings("dependency-pin")[0]["message"])


def test_refused_while_a_group_is_not_proven(migrate: Migrate, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", {**PINNED, "b.py": model("b", MAIN + "# verify: failed\n")})
    assert migrate("p", "--verify").code == 3
    tree = read_tree(root)
    assert tree["train.py"] == converted(A).encode()
    assert tree["requirements.txt"] == PINNED["requirements.txt"].encode()


def test_without_a_conversion_nothing_around_it_is_read(migrate: Migrate, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", {**PINNED, "train.py": converted(A), "setup.py": "x = (\n"})
    assert migrate("p").code == 0
    assert read_tree(root)["requirements.txt"] == PINNED["requirements.txt"].encode()


# -------------------------------------------------------------------------------------------------------- checkpoints


def with_model_dir(sources: object, options: object) -> Conversion:
    """The fake converter, with the note that the real one gives where an Estimator had a model_dir."""
    import dataclasses

    found = fakes.convert(sources, options)  # type: ignore[arg-type]
    note = Finding("model-dir", "info", "train.py", 1, "model_dir holds Keras weights now")
    units = tuple(dataclasses.replace(unit, findings=(note,)) for unit in found.ledger.units)
    ledger = dataclasses.replace(found.ledger, findings=(note,), units=units)
    return dataclasses.replace(found, ledger=ledger)


ESTIMATOR = "est = Estimator(model_fn, model_dir='out/run')\n" + A


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, [("info", "train.py", "where model_dir holds TensorFlow 1 checkpoints")]),
        ({"out/run/model.ckpt-7.index": ""}, [("warning", "out/run/model.ckpt-7.index", "out/run holds TensorFlow 1")]),
        ({"out/run/model.ckpt-7.index": "", ".gitignore": "out/\n"}, [("warning", "train.py", "out/run holds")]),
    ],
    ids=["none in sight", "in the tree", "where model_dir says"],
)
def test_checkpoints(
    migrate: Migrate,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: dict[str, str],
    expected: list[tuple[str, str, str]],
) -> None:
    monkeypatch.setattr("migrator.cli._converter", lambda *_: with_model_dir)
    write_tree(tmp_path / "p", {"train.py": ESTIMATOR, **files})
    assert migrate("p").code == 0
    found = findings("checkpoints")
    assert [(f["severity"], f["path"]) for f in found] == [(severity, path) for severity, path, _ in expected]
    for finding, (_, _, words) in zip(found, expected, strict=True):
        assert words in str(finding["message"]) and "`migrate checkpoint`, a later capability" in str(
            finding["message"]
        )


def test_each_folder_of_checkpoints_is_named_once(migrate: Migrate, tmp_path: Path) -> None:
    files = {
        f"run_{run}/model.ckpt-{step}.{kind}": "" for run in (1, 2) for step in (0, 9) for kind in ("index", "meta")
    }
    root = repository(tmp_path / "p", {"train.py": A, **files})
    assert migrate(root).code == 0
    assert [finding["path"] for finding in findings("checkpoints")] == [
        "run_1/model.ckpt-0.index",
        "run_2/model.ckpt-0.index",
    ]
    assert git(root, "status", "--short").strip() == "M train.py"


def test_without_a_conversion_checkpoints_are_nobodys_business(migrate: Migrate, tmp_path: Path) -> None:
    write_tree(tmp_path / "p", {"train.py": model("a", "# refuse\n"), "model.ckpt-1.index": ""})
    assert migrate("p").code == 3
    assert findings("checkpoints") == []

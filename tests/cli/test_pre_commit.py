"""The hooks of .pre-commit-hooks.yaml, installed and run by the real pre-commit on small repositories."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ..workspace.trees import git, repository, write_tree

pytestmark = pytest.mark.runtime

ROOT = Path(__file__).resolve().parents[2]
INSTALLED = ("migrator", "rules", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", ".pre-commit-hooks.yaml")

MODEL = """\
import tensorflow as tf


def model_fn(features, labels, mode):
    logits = tf.layers.dense(features['x'], 3)
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(mode, loss=loss)
    optimizer = tf.train.GradientDescentOptimizer(0.1)
    train_op = optimizer.minimize(loss, global_step=tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
RUN = """

def input_fn():
    return tf.data.Dataset.from_tensor_slices(({'x': [[1.0], [2.0]]}, [0, 1])).batch(2).repeat()


if __name__ == '__main__':
    tf.estimator.Estimator(model_fn).train(input_fn, steps=2)
"""
PROGRAM = MODEL + RUN
SPLIT = {"net.py": MODEL, "run.py": "import tensorflow as tf\n\nfrom net import model_fn\n" + RUN}
LEFT = "import tensorflow as tf\n\nsession = tf.Session()\n"
PLAIN = {"web.py": "import os\n"}


@dataclasses.dataclass(frozen=True)
class PreCommit:
    """pre-commit with the hooks of this checkout."""

    home: Path
    hooks: Path
    revision: str

    def set_up(self, root: Path, files: dict[str, str], hook: str) -> Path:
        """A repository with files committed that uses a hook."""
        hooks = f"repos:\n- repo: {self.hooks}\n  rev: {self.revision}\n  hooks:\n  - id: {hook}\n"
        return repository(root, {**files, ".pre-commit-config.yaml": hooks})

    def run(self, root: Path, *words: str) -> tuple[int, str]:
        """What `pre-commit run` does: exit status and output."""
        command = [sys.executable, "-m", "pre_commit", "run", "--color=never", *words]
        environment = {**os.environ, "PRE_COMMIT_HOME": str(self.home), "MIGRATE_CACHE": str(self.home / "cache")}
        environment.pop("PYTHONPATH", None)
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def pre_commit(tmp_path_factory: pytest.TempPathFactory) -> PreCommit:
    """The hooks as a repository of their own, from the files as they are now."""
    folder = tmp_path_factory.mktemp("hooks")
    for name in INSTALLED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / name)
    repository(folder, {})
    return PreCommit(tmp_path_factory.mktemp("home"), folder, git(folder, "rev-parse", "HEAD").strip())


def staged(root: Path, files: dict[str, str]) -> None:
    """Writes and stages files."""
    write_tree(root, files)
    git(root, "add", *files)


def status(root: Path) -> str:
    """What git sees as changed or new."""
    return git(root, "status", "--short", "--untracked-files=all")


def test_the_checking_hook_fails_on_staged_legacy_code_and_changes_nothing(
    pre_commit: PreCommit, tmp_path: Path
) -> None:
    root = pre_commit.set_up(tmp_path / "p", PLAIN, "migrate-check")
    staged(root, {"train.py": PROGRAM})
    code, said = pre_commit.run(root)
    assert (code, "exit code: 1" in said) == (1, True), said
    assert status(root) == "A  train.py\n"
    assert (root / "train.py").read_text() == PROGRAM


def test_the_rewriting_hook_fails_once_and_passes_when_its_changes_are_staged(
    pre_commit: PreCommit, tmp_path: Path
) -> None:
    root = pre_commit.set_up(tmp_path / "p", PLAIN, "migrate")
    staged(root, {"train.py": PROGRAM})
    code, said = pre_commit.run(root)
    assert (code, "files were modified by this hook" in said) == (1, True), said
    assert "keras.Model" in (root / "train.py").read_text() or "EstimatorModel" in (root / "train.py").read_text()
    assert {line.split()[-1] for line in status(root).splitlines()} <= {"train.py", "estimator_semantics.py"}
    git(root, "add", "--all")
    before = status(root)
    assert pre_commit.run(root)[0] == 0
    assert status(root) == before


def test_changes_that_are_not_staged_survive(pre_commit: PreCommit, tmp_path: Path) -> None:
    root = pre_commit.set_up(tmp_path / "p", {**PLAIN, "other.py": PROGRAM}, "migrate")
    write_tree(root, {"web.py": "import sys\n", "other.py": PROGRAM + "# mine\n"})
    staged(root, {"train.py": PROGRAM})
    assert pre_commit.run(root)[0] == 1
    assert (root / "train.py").read_text() != PROGRAM
    assert (root / "web.py").read_text() == "import sys\n"
    assert (root / "other.py").read_text() == PROGRAM + "# mine\n"


def test_files_that_are_not_staged_do_not_count(pre_commit: PreCommit, tmp_path: Path) -> None:
    for hook in ("migrate", "migrate-check"):
        root = pre_commit.set_up(tmp_path / hook, {"old.py": PROGRAM, "left.py": LEFT}, hook)
        staged(root, PLAIN)
        code, said = pre_commit.run(root)
        assert code == 0, said
        assert (root / "old.py").read_text() == PROGRAM


def test_a_program_of_which_only_a_part_is_staged_stays_whole(pre_commit: PreCommit, tmp_path: Path) -> None:
    root = pre_commit.set_up(tmp_path / "p", {"net.py": MODEL}, "migrate")
    staged(root, {"run.py": SPLIT["run.py"]})
    code, said = pre_commit.run(root)
    assert (code, "outside the named paths: net.py" in " ".join(said.split())) == (1, True), said
    assert {path: (root / path).read_text() for path in SPLIT} == SPLIT
    assert pre_commit.run(root, "--all-files")[0] == 1
    assert all((root / path).read_text() != SPLIT[path] for path in SPLIT)


def test_leftovers_in_the_baseline_pass_and_new_ones_fail(pre_commit: PreCommit, tmp_path: Path) -> None:
    for hook in ("migrate", "migrate-check"):
        root = pre_commit.set_up(tmp_path / hook, {"left.py": LEFT}, hook)
        assert pre_commit.run(root, "--all-files")[0] == 1
        command = [sys.executable, "-m", "migrator", ".", "--check", "--write-baseline"]
        subprocess.run(command, cwd=root, check=True, capture_output=True)
        assert json.loads((root / "migration-baseline.json").read_text())["leftovers"]
        git(root, "add", "migration-baseline.json")
        code, said = pre_commit.run(root, "--all-files")
        assert code == 0, said
        staged(root, {"left.py": LEFT + "saver = tf.train.Saver()\n"})
        code, said = pre_commit.run(root)
        assert (code, "Saver" in said) == (1, True), said

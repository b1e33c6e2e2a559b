"""`migrate` as a real process, killed without warning: every file is whole, and undo restores all."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from ..workspace.trees import read_tree, write_tree
from .fakes import converted, model

HERE = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "tests.cli.fakes"]
FILES = {
    f"pkg{n % 7}/net{n}.py": model(f"g{n}", f"# also creates: pkg{n % 7}/made{n}/support.py\n" * (n % 5 == 0))
    for n in range(20)
}
OLD = {path: text.encode() for path, text in FILES.items()}
NEW = {path: converted(text).encode() for path, text in FILES.items()}
KILLS = 6


def start(root: Path, report: Path) -> subprocess.Popen[bytes]:
    words = [str(root), "--report", str(report)]
    return subprocess.Popen([*COMMAND, *words], cwd=HERE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_killed_at_random_moments(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "whole", FILES)
    process = start(root, tmp_path / "report")
    begun = time.monotonic()
    while not (root / ".migrate").exists() and process.poll() is None:
        time.sleep(0.001)
    writing_begins = time.monotonic() - begun
    assert process.wait() == 0
    ended = time.monotonic() - begun
    assert read_tree(root).keys() > OLD.keys()

    moments = random.Random(7)
    for number in range(KILLS):
        root = write_tree(tmp_path / f"killed{number}", FILES)
        process = start(root, tmp_path / f"report{number}")
        if number % 3 == 0:
            time.sleep(moments.uniform(0, ended))
        else:  # most kills shall fall into the short time in which files change
            limit = time.monotonic() + 60
            while not (root / ".migrate").exists() and process.poll() is None and time.monotonic() < limit:
                time.sleep(0.0005)
            time.sleep(moments.uniform(0, max(ended - writing_begins, 0.05)))
        process.send_signal(signal.SIGKILL)
        process.wait()
        found = {path: data for path, data in read_tree(root).items() if path in OLD}
        assert found.keys() == OLD.keys()
        assert all(data in (OLD[path], NEW[path]) for path, data in found.items())
        undone = subprocess.run([*COMMAND, "undo", str(root)], cwd=HERE, capture_output=True, text=True, check=False)
        assert undone.returncode == 0, undone.stderr
        assert read_tree(root) == OLD


def test_a_killed_run_can_simply_be_repeated(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", FILES)
    process = start(root, tmp_path / "report")
    while not (root / ".migrate" / "undo").exists() and process.poll() is None:
        time.sleep(0.0005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert start(root, tmp_path / "report").wait() == 0
    found = read_tree(root)
    assert {path: found[path] for path in NEW} == NEW
    assert not [path for path in found if path.endswith(".tmp")]
    assert subprocess.run([*COMMAND, "undo", str(root)], cwd=HERE, check=False).returncode == 0
    assert read_tree(root) == OLD

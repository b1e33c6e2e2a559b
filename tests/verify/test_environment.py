"""Entries, interpreters, runtimes and worker processes: what is built, what is refused, what is stopped."""

from __future__ import annotations

import ast
import json
import os
import stat
import sys
from pathlib import Path

import pytest

from migrator.verify import interpreters, runtimes
from migrator.verify.entry import Entry
from migrator.verify.process import Limits, run_worker, scratch_copy
from migrator.verify.runtimes import Recipe, Runtime, RuntimeAbsent

WORKERS = Path(interpreters.__file__).parent / "workers"


# --- entries


@pytest.mark.parametrize(
    ("command", "entry"),
    [
        ("train.py", Entry(script="train.py")),
        ("python3 src/train.py --steps 10", Entry(script="src/train.py", arguments=("--steps", "10"))),
        ("-m pkg.main --name 'two words'", Entry(module="pkg.main", arguments=("--name", "two words"))),
    ],
)
def test_entries_are_read_like_a_shell_reads_them(command: str, entry: Entry) -> None:
    assert Entry.parse(command) == entry
    assert Entry.parse(str(entry)) == entry


@pytest.mark.parametrize("command", ["", "-m", "--steps 10", "python"])
def test_what_starts_nothing_is_refused(command: str) -> None:
    with pytest.raises(ValueError, match="not a program to start"):
        Entry.parse(command)


# --- interpreters


def fake_python(path: Path, version: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{f'echo {version}' if version else 'exit 127'}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def pyenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "pyenv"
    fake_python(root / "shims" / "python3.6", "")
    monkeypatch.setenv("PATH", str(root / "shims"))
    monkeypatch.setenv("PYENV_ROOT", str(root))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    return root


def test_a_pyenv_shim_is_not_an_interpreter(pyenv: Path) -> None:
    assert interpreters.find_interpreter("3.6") is None


def test_versions_that_pyenv_installed_are_found_the_newest_first(pyenv: Path) -> None:
    for name in ("3.6.9", "3.6.15", "3.60.1", "3.6-dev"):
        fake_python(pyenv / "versions" / name / "bin" / "python", "3.6")
    assert interpreters.find_interpreter("3.6") == pyenv / "versions" / "3.6.15" / "bin" / "python"


def test_an_interpreter_of_another_version_is_passed_over(pyenv: Path) -> None:
    fake_python(pyenv / "versions" / "3.6.15" / "bin" / "python", "3.7")
    assert interpreters.find_interpreter("3.6") is None


# --- runtimes


@pytest.fixture
def building(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The cache in a folder of the test, and a builder that makes an environment from this interpreter."""
    monkeypatch.setenv("MIGRATE_CACHE", str(tmp_path / "cache"))
    built: list[str] = []

    def uv(recipe: Recipe, arguments: list[str]) -> None:
        if arguments[0] == "venv":
            folder = Path(arguments[-1])
            (folder / "lib/python3/site-packages/tensorflow").mkdir(parents=True)
            (folder / "bin").mkdir()
            (folder / "bin/python").symlink_to(sys.executable)
            built.append(recipe.name)

    monkeypatch.setattr(runtimes, "_uv", uv)
    monkeypatch.setattr(runtimes, "_probe", lambda recipe, folder: {"tensorflow": "2.0"})
    return built


def test_a_runtime_is_built_once(building: list[str]) -> None:
    assert runtimes.installed("target") is None
    said: list[str] = []
    first = runtimes.provide("target", said.append)
    assert runtimes.provide("target") == first == runtimes.installed("target")
    assert building == ["target"]
    assert said[0].startswith("runtime target: making") and said[-1] == "runtime target: ready"


def test_a_half_built_runtime_is_built_anew(building: list[str]) -> None:
    folder = runtimes.runtime_folder(runtimes.RECIPES["target"])
    (folder / "bin").mkdir(parents=True)  # no stamp: a build of old was cut off
    assert runtimes.installed("target") is None
    assert runtimes.provide("target").python.exists()
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


@pytest.mark.parametrize("damage", ["lib/python3/site-packages/tensorflow", "bin/python"])
def test_a_broken_runtime_is_built_anew(building: list[str], damage: str) -> None:
    runtimes.provide("target")
    lost = runtimes.runtime_folder(runtimes.RECIPES["target"]) / damage
    lost.rmdir() if lost.is_dir() else lost.unlink()
    assert runtimes.installed("target") is None
    runtimes.provide("target")
    assert building == ["target", "target"] and lost.exists()


def test_a_build_that_fails_leaves_nothing(building: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def probe(recipe: Recipe, folder: Path) -> dict[str, str]:
        raise RuntimeAbsent("does not start")

    monkeypatch.setattr(runtimes, "_probe", probe)
    with pytest.raises(RuntimeAbsent):
        runtimes.provide("target")
    assert list((runtimes.cache_folder() / "runtimes").iterdir()) == []


def test_without_python_37_the_runtime_tf1_is_absent_with_that_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIGRATE_CACHE", str(tmp_path))
    monkeypatch.setattr(runtimes, "find_interpreter", lambda version: None)
    assert runtimes.absence("tf1") == "TensorFlow 1.15.5 needs Python 3.7, which is not installed on this machine"
    assert runtimes.absence("legacy") == ""
    with pytest.raises(RuntimeAbsent, match=r"needs Python 3\.7"):
        runtimes.provide("tf1")


def test_without_network_the_message_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("uv")
    monkeypatch.setenv("MIGRATE_CACHE", str(tmp_path))
    for name in ("UV_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/simple")  # the discard port: nobody answers
    for name in (
        "UV_FIND_LINKS",
        "UV_CACHE_DIR",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "http_proxy",
        "https_proxy",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_HTTP_TIMEOUT", "3")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(RuntimeAbsent, match="could not be downloaded"):
        runtimes.provide("target")


# --- worker processes


def fake_runtime(folder: Path, script: str) -> Runtime:
    python = folder / "python"
    python.write_text(f"#!{sys.executable}\nimport json, sys, time\nrequest = json.load(open(sys.argv[2]))\n{script}\n")
    python.chmod(0o755)
    return Runtime("fake", python, {})


def test_a_worker_hands_over_its_answer_and_what_it_printed(tmp_path: Path) -> None:
    runtime = fake_runtime(tmp_path, "print('hello'); json.dump({'x': 1}, open(request['answer'], 'w'))")
    outcome = run_worker(runtime, {"job": "run"}, tmp_path, Limits())
    assert (outcome.status, outcome.result, outcome.printed) == ("done", {"x": 1}, "hello\n")


def test_a_crash_is_a_result_with_its_last_words(tmp_path: Path) -> None:
    outcome = run_worker(fake_runtime(tmp_path, "raise KeyError('lost')"), {"job": "run"}, tmp_path, Limits())
    assert outcome.status == "crashed"
    assert "status 1" in outcome.reason and "KeyError: 'lost'" in outcome.reason


def test_a_hang_is_a_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("migrator.verify.process._GRACE", 0.0)
    runtime = fake_runtime(tmp_path, "time.sleep(60)")
    outcome = run_worker(runtime, {"job": "run"}, tmp_path, Limits(program_seconds=0.2, seconds=0.5))
    assert (outcome.status, outcome.result) == ("hung", {})


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is watched through /proc")
def test_too_much_memory_is_a_result(tmp_path: Path) -> None:
    runtime = fake_runtime(
        tmp_path, "block = bytearray(300 * 2 ** 20)\nblock[::4096] = b'x' * len(block[::4096])\ntime.sleep(60)"
    )
    outcome = run_worker(runtime, {"job": "run"}, tmp_path, Limits(megabytes=200))
    assert outcome.status == "memory" and "200 MB" in outcome.reason


def test_programs_run_in_a_copy(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for name in ("train.py", ".hidden", "data/x.csv", ".git/config", ".venv/lib/x", "venv/lib/x"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    with scratch_copy(root) as copy:
        found = sorted(path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file())
        (copy / "train.py").write_text("changed")
    assert found == [".hidden", "data/x.csv", "train.py"]
    assert (root / "train.py").read_text() == "train.py" and not copy.exists()


# --- the files that run in other interpreters


@pytest.mark.parametrize("path", sorted(WORKERS.glob("*.py")), ids=lambda path: path.name)
def test_workers_are_python_37_and_import_nothing_of_the_tool(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 7))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            imported.add((node.module or "").split(".")[0])
    third_party = imported - set(sys.stdlib_module_names)
    assert third_party <= {"numpy", "tensorflow", "tensorflow_estimator", "tf_slim", "keras"}


def test_the_weight_map_needs_the_standard_library_only() -> None:
    source = (WORKERS.parents[1] / "weightmap.py").read_text(encoding="utf-8")
    modules = {node.module for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)}
    assert {str(module).split(".")[0] for module in modules} <= set(sys.stdlib_module_names)


def test_requests_are_plain_json(tmp_path: Path) -> None:
    runtime = fake_runtime(tmp_path, "json.dump(request, open(request['answer'], 'w'))")
    entry = Entry.parse("-m pkg.main --x 1")
    outcome = run_worker(runtime, {"job": "run", "entry": entry.data()}, tmp_path, Limits())
    assert outcome.result["entry"] == json.loads(json.dumps(entry.data()))
    assert os.path.isabs(outcome.result["answer"])

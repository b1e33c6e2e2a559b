"""Start-up, help, configuration, formats, baseline, and the commands beside `migrate PATH`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from migrator import __version__
from migrator.conversion import Options

from ..workspace.trees import read_tree, write_tree
from . import fakes
from .conftest import Migrate
from .fakes import MAIN, converted, model

A = model("a", MAIN)
REFUSED = model("r", "# refuse\n")


def test_version(migrate: Migrate) -> None:
    answer = migrate("--version")
    assert (answer.code, answer.out) == (0, f"migrate {__version__}\n")


def test_help_names_options_and_commands(migrate: Migrate) -> None:
    answer = migrate("--help")
    assert answer.code == 0
    for word in ("PATH...", "--verify", "--output", "Exit codes", "undo", "verify", "rules", "runtimes"):
        assert word in answer.out


def test_starting_imports_nothing_but_click() -> None:
    """What makes `migrate --version` slow is imports: only the first command that needs a library may load it."""
    heavy = {"libcst", "jinja2", "rich", "pygments", "pathspec", "json", "uv", "tomllib", "difflib", "tensorflow"}
    code = (
        "import sys, click; before = set(sys.modules); import migrator.cli; "
        "print(*sorted(m for m in set(sys.modules) - before))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not heavy & {name.split(".")[0] for name in loaded}
    assert [name for name in loaded if name.startswith("migrator")] == [
        "migrator",
        "migrator.cli",
        "migrator.subcommands",
    ]


def test_python_dash_m_is_the_same_command() -> None:
    command = [sys.executable, "-m", "migrator", "--version"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == f"migrate {__version__}\n"


def test_a_folder_with_the_name_of_a_command_is_meant_with_dot_slash(migrate: Migrate, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "undo", {"train.py": A})
    assert migrate("./undo").code == 0
    assert read_tree(root) == {"train.py": converted(A).encode()}


def test_options_may_stand_before_paths(migrate: Migrate, tmp_path: Path) -> None:
    write_tree(tmp_path / "p", {"train.py": A})
    assert migrate("--check", "p").code == 1


@pytest.mark.parametrize("words", [["--select", "a,b", "--select", "c"], ["--select", "a", "--select", "b, c"]])
def test_rules_are_chosen(migrate: Migrate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    seen: list[Options] = []

    def convert(sources: dict[str, str], options: Options) -> object:
        seen.append(options)
        return fakes.convert(sources, options)

    monkeypatch.setattr("migrator.cli._converter", lambda *_: convert)
    write_tree(tmp_path / "p", {"train.py": A})
    migrate("p", "--check", "--style", "subclass", "--semantics", "idiomatic", "--partial", "--ignore", "d", *words)
    assert seen[0] == Options("subclass", "idiomatic", True, frozenset("abc"), frozenset("d"))


def test_the_configuration_is_used_and_the_command_line_wins(
    migrate: Migrate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Options] = []

    def convert(sources: dict[str, str], options: Options) -> object:
        seen.append(options)
        return fakes.convert(sources, options)

    monkeypatch.setattr("migrator.cli._converter", lambda *_: convert)
    settings = '[tool.migrator]\nstyle = "subclass"\nsemantics = "idiomatic"\nexclude = ["old/"]\nignore = ["x"]\n'
    write_tree(tmp_path / "p", {"pyproject.toml": settings, "train.py": A, "old/b.py": model("b")})
    assert migrate("p", "--check", "--style", "functional").code == 1
    assert (seen[0].style, seen[0].semantics, seen[0].ignore) == ("functional", "idiomatic", frozenset("x"))
    migrate("p")
    assert (tmp_path / "p" / "old" / "b.py").read_text() == model("b")


def test_a_wrong_configuration_is_wrong_usage(migrate: Migrate, tmp_path: Path) -> None:
    write_tree(tmp_path / "p", {"pyproject.toml": "[tool.migrator]\nstil = 1\n", "train.py": A})
    answer = migrate("p")
    assert (answer.code, "has no setting 'stil'" in answer.err) == (2, True)


# ------------------------------------------------------------------------------------------------ formats and reports


def test_json_goes_to_standard_output_alone(migrate: Migrate, tmp_path: Path) -> None:
    write_tree(tmp_path / "p", {"train.py": A})
    answer = migrate("p", "--check", "--format", "json")
    assert json.loads(answer.out)["summary"] == {
        "files_scanned": 1,
        "files_changed": 1,
        "units": {"converted": 1, "partial": 0, "skipped": 0},
    }


def test_sarif(migrate: Migrate, tmp_path: Path) -> None:
    write_tree(tmp_path / "p", {"r.py": REFUSED})
    results = json.loads(migrate("p", "--check", "--format", "sarif").out)["runs"][0]["results"]
    assert {result["ruleId"] for result in results} == {"custom-op", "model-fn-skipped", "symbol-manual"}


def test_github(migrate: Migrate, tmp_path: Path) -> None:
    write_tree(tmp_path / "p", {"r.py": REFUSED})
    answer = migrate("p", "--check", "--format", "github")
    assert "::warning file=r.py,line=4,title=migrate%3A custom-op::a custom op has no Keras twin\n" in answer.out


def test_the_report_folder(migrate: Migrate, tmp_path: Path) -> None:
    write_tree(tmp_path / "p", {"train.py": A})
    migrate("p", "--report", "out/r")
    folder = tmp_path / "out" / "r"
    assert {path.name for path in folder.iterdir()} == {"report.json", "report.html", "report.md", "weights.json"}
    assert json.loads((folder / "weights.json").read_text())["models"][0]["unit"] == "train.py:model_fn"


def test_a_dry_run_writes_a_report_only_when_asked(migrate: Migrate, tmp_path: Path) -> None:
    write_tree(tmp_path / "p", {"train.py": A})
    migrate("p", "--check")
    assert not (tmp_path / "migration-report").exists()
    migrate("p", "--check", "--report", "migration-report")
    assert (tmp_path / "migration-report" / "report.json").exists()


def test_a_run_without_findings_keeps_the_report_of_the_last_one(migrate: Migrate, tmp_path: Path) -> None:
    write_tree(tmp_path / "p", {"train.py": A})
    migrate("p")
    migrate("p")
    assert json.loads((tmp_path / "migration-report" / "report.json").read_text())["units"]


def test_a_report_that_cannot_be_written_is_said(migrate: Migrate, tmp_path: Path) -> None:
    write_tree(tmp_path, {"p/train.py": A, "file": ""})
    answer = migrate("p", "--report", "file")
    assert (answer.code, "the report cannot be written to file" in answer.err) == (2, True)


# ------------------------------------------------------------------------------------------------ baseline


def test_leftovers_in_the_baseline_are_accepted_and_new_ones_are_not(migrate: Migrate, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", {"r.py": REFUSED})
    assert migrate("p", "--check", "--baseline", "migration-baseline.json").code == 3
    assert migrate("p", "--check", "--write-baseline").code == 0
    assert migrate("p", "--check", "--baseline", "migration-baseline.json").code == 0
    write_tree(root, {"r.py": "# moved down\n" + REFUSED})
    assert migrate("p", "--check", "--baseline", "migration-baseline.json").code == 0
    write_tree(root, {"s.py": model("s", "# refuse\n")})
    answer = migrate("p", "--check", "--baseline", "migration-baseline.json")
    assert (answer.code, "2 leftovers are in the baseline" in answer.out) == (3, True)


def test_a_baseline_does_not_hide_what_would_change(migrate: Migrate, tmp_path: Path) -> None:
    write_tree(tmp_path / "p", {"r.py": REFUSED, "train.py": A})
    migrate("p", "--check", "--write-baseline")
    assert migrate("p", "--check", "--baseline", "migration-baseline.json").code == 1


def test_a_file_that_is_no_baseline_is_refused(migrate: Migrate, tmp_path: Path) -> None:
    write_tree(tmp_path, {"p/r.py": REFUSED, "b.json": "[]"})
    answer = migrate("p", "--check", "--baseline", "b.json")
    assert (answer.code, "--write-baseline" in answer.err) == (2, True)


# ------------------------------------------------------------------------------------------------ other commands


def test_rules_are_listed_and_explained(migrate: Migrate) -> None:
    listed = migrate("rules")
    assert listed.code == 0
    assert "layers-dense" in listed.out
    explained = migrate("rules", "layers-dense")
    assert (explained.code, "tensorflow.layers.dense" in explained.out, "keras.layers.Dense" in explained.out) == (
        0,
        True,
        True,
    )
    unknown = migrate("rules", "no-such-rule")
    assert (unknown.code, "no-such-rule" in unknown.err) == (2, True)


def test_runtimes_are_listed(migrate: Migrate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGRATE_CACHE", str(tmp_path / "cache"))
    answer = migrate("runtimes")
    assert answer.code == 0
    assert [line.split()[0] for line in answer.out.splitlines()] == ["legacy", "tf1", "target"]
    assert "not built" in answer.out
    assert migrate("runtimes", "--build", "nonsense").code == 2


def test_undo_without_a_run(migrate: Migrate, tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    answer = migrate("undo", "p")
    assert (answer.code, "nothing to undo" in answer.out) == (0, True)
    assert migrate("undo", "nowhere").code == 2

"""`--verify`: only what is proven is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrator.conversion import ModelMap
from migrator.ledger import Verification

from ..workspace.trees import read_tree, write_tree
from . import fakes
from .conftest import Migrate
from .fakes import MAIN, converted, model

GOOD = model("good", MAIN)
WRONG = model("wrong", "# verify: failed\n" + MAIN)
UNRUN = model("unrun", "# verify: not_run\n" + MAIN)


def report(tmp_path: Path) -> dict[str, dict[str, object]]:
    """The units of the report, by path."""
    data = json.loads((tmp_path / "migration-report" / "report.json").read_text())
    return {unit["path"]: unit for unit in data["units"]}


def test_only_verified_groups_are_written(migrate: Migrate, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", {"good.py": GOOD, "wrong.py": WRONG, "unrun.py": UNRUN})
    answer = migrate("p", "--verify")
    assert answer.code == 3
    assert read_tree(root) == {
        "good.py": converted(GOOD).encode(),
        "wrong.py": WRONG.encode(),
        "unrun.py": UNRUN.encode(),
    }
    units = report(tmp_path)
    assert units["good.py"]["verification"]["status"] == "verified"  # type: ignore[index]
    assert units["wrong.py"]["status"] == units["unrun.py"]["status"] == "skipped"
    assert units["wrong.py"]["verification"]["evidence"][0]["max_abs_diff"] == 0.28  # type: ignore[index]
    assert "1 verified, 2 not written because not proven" in answer.out


def test_unproven_groups_are_written_only_when_asked_and_failed_ones_never(migrate: Migrate, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", {"good.py": GOOD, "wrong.py": WRONG, "unrun.py": UNRUN})
    answer = migrate("p", "--verify", "--write-unverified")
    assert answer.code == 3
    assert [path for path, data in read_tree(root).items() if b"keras(" in data] == ["good.py", "unrun.py"]
    assert "1 verified, 1 written without proof (--write-unverified), 1 not written because not proven" in answer.out


def test_all_verified_exits_0(migrate: Migrate, tmp_path: Path) -> None:
    write_tree(tmp_path / "p", {"good.py": GOOD})
    assert migrate("p", "--verify").code == 0


def test_verification_runs_in_scratch_copies(migrate: Migrate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, str, str, str]] = []

    def spoiling(
        before: Path, after: Path, entry: str, maps: list[ModelMap], runtime: str, progress: object
    ) -> dict[str, Verification]:
        seen.append((entry, runtime, (before / "data.txt").read_text(), (after / "net.py").read_text()))
        for folder in (before, after):
            (folder / "data.txt").write_text("spoilt")
        return {str(item["unit"]): Verification("verified") for item in maps}

    monkeypatch.setattr("migrator.cli.verifier", lambda: spoiling)
    root = write_tree(
        tmp_path / "p", {"ex/net.py": GOOD.replace(MAIN, ""), "ex/go.py": "import net\n" + MAIN, "ex/data.txt": "d"}
    )
    assert migrate("p", "--verify", "--runtime", "tf1").code == 0
    assert seen == [("go.py", "tf1", "d", converted(GOOD).replace(MAIN, ""))]
    assert (root / "ex" / "data.txt").read_text() == "d"


def test_the_text_that_is_written_is_the_text_that_was_proven(
    migrate: Migrate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two groups share a file: when one fails, the file looks different, and the other is proven again."""
    import dataclasses

    from migrator.conversion import Conversion, FileEdit, Options

    shared: list[str] = []

    def convert(sources: dict[str, str], options: Options) -> Conversion:
        found = fakes.convert(sources, options)
        groups = frozenset(group for edit in found.edits for group in edit.groups)
        text = "".join(f"class {group}: pass\n" for group in sorted(groups))
        support = (FileEdit("support.py", None, text, groups),) if groups else ()
        return dataclasses.replace(found, edits=(*found.edits, *support))

    def verify(before: Path, after: Path, entry: str, *others: object) -> object:
        shared.append((after / "support.py").read_text())
        return fakes.verify(before, after, entry, *others)  # type: ignore[arg-type]

    monkeypatch.setattr("migrator.cli._converter", lambda *_: convert)
    monkeypatch.setattr("migrator.cli.verifier", lambda: verify)
    root = write_tree(tmp_path / "p", {"good.py": GOOD, "wrong.py": WRONG})
    assert migrate("p", "--verify").code == 3
    assert (root / "support.py").read_text() == "class good: pass\n"
    assert shared[-1] == "class good: pass\n"


def test_without_an_entry_the_reason_says_what_to_pass(migrate: Migrate, tmp_path: Path) -> None:
    files = {"net.py": model("n"), "a.py": "import net\n" + MAIN, "b.py": "import net\n" + MAIN}
    root = write_tree(tmp_path / "p", files)
    answer = migrate("p", "--verify")
    assert answer.code == 3
    assert "several scripts run net.py (a.py, b.py); choose with --entry" in answer.out
    assert migrate("p", "--verify", "--entry", "a.py --steps 10").code == 0
    assert (root / "net.py").read_text() == converted(model("n"))


def test_check_with_verification_writes_nothing(migrate: Migrate, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", {"good.py": GOOD})
    assert migrate("p", "--check", "--verify").code == 1
    assert read_tree(root) == {"good.py": GOOD.encode()}


def test_a_unit_that_the_program_does_not_reach_is_not_run(
    migrate: Migrate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator.cli.verifier", lambda: lambda *arguments: {})
    root = write_tree(tmp_path / "p", {"good.py": GOOD})
    assert migrate("p", "--verify").code == 3
    assert (root / "good.py").read_text() == GOOD
    assert "the program did not reach it" in json.dumps(report(tmp_path))


# ------------------------------------------------------------------------------------------------ migrate verify


def test_a_pair_of_folders(migrate: Migrate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def compare(
        before: Path, after: Path, entry: str, maps: object, runtime: str, progress: object, after_entry: str | None
    ) -> object:
        second = (after_entry or entry).split()[0]
        same = (before / entry.split()[0]).read_text() == (after / second).read_text()
        return {f"{entry} on {runtime}": Verification("verified" if same else "failed", "" if same else "differs")}

    monkeypatch.setattr("migrator.subcommands.verifier", lambda: compare)
    write_tree(tmp_path, {"old/go.py": MAIN, "same/go.py": MAIN, "other/go.py": MAIN + "x\n", "new.py": MAIN})
    answer = migrate("verify", "old", "same", "--entry", "go.py -v")
    assert (answer.code, "verified go.py -v on legacy" in answer.out) == (0, True)
    answer = migrate("verify", "old/go.py", "other/go.py", "--runtime", "tf1", "--format", "json")
    assert answer.code == 3
    assert json.loads(answer.out)["go.py on tf1"]["reason"] == "differs"
    assert migrate("verify", "old/go.py", "new.py").code == 0
    assert migrate("verify", "old", "new.py").code == 2


def test_a_pair_without_an_entry_finds_one_or_says_what_to_pass(migrate: Migrate, tmp_path: Path) -> None:
    write_tree(tmp_path, {"old/a.py": "import tensorflow\n", "new/a.py": ""})
    answer = migrate("verify", "old", "new")
    assert answer.code in (2, 3)
    write_tree(tmp_path, {"old/b.py": "import tensorflow\n" + MAIN, "old/c.py": "import tensorflow\n" + MAIN})
    answer = migrate("verify", "old", "new")
    assert (answer.code, "--entry" in answer.err) == (2, True)
    assert migrate("verify", "old", "nowhere").code == 2

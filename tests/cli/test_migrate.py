"""`migrate PATH...`: what is written, what is refused, what is printed, and the exit code."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from ..workspace.trees import git, read_tree, repository, write_tree
from .conftest import Migrate
from .fakes import MAIN, converted, model

A, B = model("a", MAIN), model("b", MAIN)
REFUSED = model("r", "# refuse\n")


def units(root: Path) -> dict[str, dict[str, object]]:
    """The units of the report, by path."""
    report = json.loads((root / "migration-report" / "report.json").read_text())
    return {unit["path"]: unit for unit in report["units"]}


# ------------------------------------------------------------------------------------------------ writing


def test_files_are_rewritten_in_place_and_nothing_else_changes(migrate: Migrate, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", {"train.py": A, "data.bin": b"\0", "other.py": "import os\n"})
    answer = migrate("p")
    assert answer.code == 0
    assert read_tree(root) == {"train.py": converted(A).encode(), "data.bin": b"\0", "other.py": b"import os\n"}
    assert "1 converted" in answer.out


def test_a_second_run_changes_nothing(migrate: Migrate, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", {"train.py": A})
    migrate("p")
    first = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert migrate("p").code == 0
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == first
    assert migrate("p", "--check").code == 0
    assert read_tree(root)["train.py"] == converted(A).encode()


def test_undo_restores_all(migrate: Migrate, tmp_path: Path) -> None:
    files = {"train.py": A, "b/net.py": model("b", "# also creates: b/made/support.py\n")}
    root = write_tree(tmp_path / "p", files)
    before = read_tree(root)
    migrate("p")
    assert set(read_tree(root)) == {*files, "b/made/support.py"}
    answer = migrate("undo", "p")
    assert (answer.code, "restored train.py" in answer.out) == (0, True)
    assert read_tree(root) == before
    assert migrate("undo", "p").code == 0


def test_undo_keeps_later_work(migrate: Migrate, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", {"train.py": A})
    migrate("p")
    write_tree(root, {"train.py": "mine\n"})
    answer = migrate("undo", "p")
    assert (answer.code, "train.py" in answer.err) == (3, True)
    assert read_tree(root)["train.py"] == b"mine\n"
    assert migrate("undo", "p", "--force").code == 0
    assert read_tree(root)["train.py"] == A.encode()


@pytest.mark.parametrize(
    "shape",
    [
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: b"# -*- coding: latin-1 -*-\n" + data + b"s = '\xe9'\n",
        lambda data: data.rstrip(b"\n"),
        lambda data: data.replace(b"\n", b"\r\n", 1),
    ],
    ids=["crlf", "bom", "latin-1", "no final newline", "mixed newlines"],
)
def test_encoding_and_newlines_are_kept(migrate: Migrate, tmp_path: Path, shape: object) -> None:
    data = shape(A.encode())  # type: ignore[operator]
    root = write_tree(tmp_path / "p", {"train.py": data})
    assert migrate("p").code == 0
    assert read_tree(root)["train.py"] == data.replace(b"legacy(", b"keras(")


def test_created_files_follow_the_newlines_of_their_group(migrate: Migrate, tmp_path: Path) -> None:
    text = model("a", "# also creates: support.py\n")
    root = write_tree(tmp_path / "p", {"train.py": text.replace("\n", "\r\n")})
    migrate("p")
    assert read_tree(root)["support.py"] == b"class Support:\r\n    pass\r\n"


def test_edits_stay_within_the_named_paths(migrate: Migrate, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", {"setup.py": "", "a.py": A, "b.py": B, "sub/c.py": model("c")})
    assert migrate("p/a.py", "p/sub").code == 0
    assert [path for path, data in read_tree(root).items() if b"keras(" in data] == ["a.py", "sub/c.py"]


def test_a_linked_file_is_changed_where_it_is(migrate: Migrate, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", {"real/train.py": A})
    os.symlink("real/train.py", root / "alias.py")
    assert migrate("p/alias.py").code == 0
    assert (root / "alias.py").is_symlink()
    assert (root / "real" / "train.py").read_text() == converted(A)


def test_a_link_that_leads_outside_is_not_followed(migrate: Migrate, tmp_path: Path) -> None:
    write_tree(tmp_path, {"outside.py": A, "p/setup.py": ""})
    os.symlink("../outside.py", tmp_path / "p" / "train.py")
    migrate("p")
    assert (tmp_path / "outside.py").read_text() == A


# ------------------------------------------------------------------------------------------------ refusals


def refused_with(migrate: Migrate, root: Path, reason: str, *options: str) -> None:
    """Asserts that b.py is converted while a.py stays, with the reason in the report."""
    assert migrate(root, *options).code == 3
    assert (root / "b.py").read_text() == converted(B)
    unit = units(Path.cwd())["a.py"]
    assert unit["status"] == "skipped"
    assert reason in json.dumps(unit["findings"], ensure_ascii=False)


def test_refused_unstaged_changes(migrate: Migrate, tmp_path: Path) -> None:
    root = repository(tmp_path / "p", {"a.py": A, "b.py": B})
    write_tree(root, {"a.py": A + "# edited\n"})
    refused_with(migrate, root, "has changes that are neither committed nor staged; commit or stage it")
    assert (root / "a.py").read_text() == A + "# edited\n"
    assert migrate(root, "--allow-dirty").code == 0
    assert (root / "a.py").read_text() == converted(A) + "# edited\n"


def test_refused_untracked(migrate: Migrate, tmp_path: Path) -> None:
    root = repository(tmp_path / "p", {"b.py": B})
    write_tree(root, {"a.py": A})
    refused_with(migrate, root, "is not tracked by git")


def test_staged_changes_are_fine(migrate: Migrate, tmp_path: Path) -> None:
    root = repository(tmp_path / "p", {"a.py": ""})
    write_tree(root, {"a.py": A})
    git(root, "add", "a.py")
    assert migrate(root).code == 0
    assert (root / "a.py").read_text() == converted(A)


def test_dry_runs_look_at_dirty_files_too(migrate: Migrate, tmp_path: Path) -> None:
    root = repository(tmp_path / "p", {"b.py": ""})
    write_tree(root, {"a.py": A})
    assert migrate(root, "--check").code == 1


def test_refused_when_git_does_not_answer(migrate: Migrate, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", {"a.py": A, ".git": "gitdir: nowhere\n"})
    assert migrate(root).code == 3
    assert (root / "a.py").read_text() == A
    assert migrate(root, "--allow-dirty").code == 0


def test_refused_read_only(migrate: Migrate, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", {"a.py": A, "b.py": B})
    (root / "a.py").chmod(0o444)
    refused_with(migrate, root, "a.py is read-only")


def test_refused_when_a_created_file_exists(migrate: Migrate, tmp_path: Path) -> None:
    text = model("a", "# also creates: support.py\n")
    root = write_tree(tmp_path / "p", {"a.py": text, "b.py": B, "support.py": "mine\n"})
    refused_with(migrate, root, "support.py exists already")
    assert (root / "support.py").read_text() == "mine\n"


def test_refused_when_the_encoding_lacks_a_character(migrate: Migrate, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", {"a.py": A, "b.py": B})

    def outlandish(sources: object, options: object) -> object:
        import dataclasses

        from migrator.conversion import Conversion, Options

        from . import fakes

        assert isinstance(options, Options)
        found = fakes.convert(sources, options)  # type: ignore[arg-type]
        edits = [dataclasses.replace(e, after=e.after + "# →\n") if e.path == "a.py" else e for e in found.edits]
        return Conversion(tuple(edits), found.ledger, found.models)

    write_tree(root, {"a.py": "# coding: latin-1\n" + A})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("migrator.cli._converter", lambda *_: outlandish)
        refused_with(migrate, root, "which lacks '→'")


def test_refused_when_a_folder_cannot_be_made(migrate: Migrate, tmp_path: Path) -> None:
    text = model("a", "# also creates: data.bin/support.py\n")
    root = write_tree(tmp_path / "p", {"a.py": text, "b.py": B, "data.bin": "x"})
    refused_with(migrate, root, "data.bin/support.py cannot be written")


def test_a_converter_that_disobeys_is_a_fault_and_nothing_is_written(
    migrate: Migrate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dataclasses

    from . import fakes

    def wilful(sources: object, options: object) -> object:
        return fakes.convert(sources, dataclasses.replace(options, excluded_groups=frozenset()))  # type: ignore

    monkeypatch.setattr("migrator.cli._converter", lambda *_: wilful)
    root = write_tree(tmp_path / "p", {"a.py": A})
    (root / "a.py").chmod(0o444)
    answer = migrate("p")
    assert (answer.code, "a fault of the tool" in answer.err) == (2, True)
    assert (root / "a.py").read_text() == A


# ------------------------------------------------------------------------------------------------ dry runs and copies


def test_check_writes_nothing_and_exits_1(migrate: Migrate, tmp_path: Path) -> None:
    write_tree(tmp_path / "p", {"train.py": A, "r.py": REFUSED})
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert migrate("p", "--check").code == 1
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_check_exits_3_when_only_leftovers_are_found(migrate: Migrate, tmp_path: Path) -> None:
    write_tree(tmp_path / "p", {"r.py": REFUSED})
    answer = migrate("p", "--check")
    assert (answer.code, "a custom op has no Keras twin" in answer.out) == (3, True)


def test_diff_prints_a_patch_that_gives_what_migrate_writes(migrate: Migrate, tmp_path: Path) -> None:
    files = {
        "plain.py": A,
        "crlf.py": B.replace("\n", "\r\n"),
        "no end.py": model("c").rstrip("\n"),
        "latin.py": b"# coding: latin-1\n" + model("d").encode() + b"# \xe9\n",
        "new.py": model("e", "# also creates: sub/support.py\n"),
    }
    patched = repository(tmp_path / "patched", files)
    written = repository(tmp_path / "written", files)
    (tmp_path / "out.patch").write_bytes(diff_of(patched))
    git(patched, "apply", "--whitespace=nowarn", str(tmp_path / "out.patch"))
    migrate(written)
    assert read_tree(patched) == read_tree(written)
    assert read_tree(written)["crlf.py"].count(b"\r\n") == B.count("\n")


def diff_of(root: Path) -> bytes:
    """What `migrate --diff` prints, byte for byte."""
    fake = "cli._converter = lambda *_: fakes.convert"
    script = f"from tests.cli import fakes; from migrator import cli; {fake}; cli.main()"
    command = ["python", "-c", script, str(root), "--diff"]
    import sys

    command[0] = sys.executable
    here = Path(__file__).resolve().parents[2]
    answer = subprocess.run(command, cwd=here, capture_output=True, check=False)
    assert answer.returncode == 1
    assert b"5 converted" in answer.stderr
    return answer.stdout


def test_output_is_a_complete_migrated_copy(migrate: Migrate, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", {"train.py": A, "data/x.npz": b"\0", "sub/b.py": B, ".git/HEAD": "x"})
    before = read_tree(root)
    assert migrate("p", "--output", "out/new", "--allow-dirty").code == 0
    assert read_tree(root) == before
    assert read_tree(tmp_path / "out" / "new") == {
        "train.py": converted(A).encode(),
        "data/x.npz": b"\0",
        "sub/b.py": converted(B).encode(),
    }


def test_output_of_a_folder_in_a_repository_is_that_folder(migrate: Migrate, tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", {"lib/a.py": A, "ex/train.py": B, "ex/data.csv": "1\n"})
    assert migrate("repo/ex", "--output", "new").code == 0
    assert set(read_tree(tmp_path / "new")) == {"train.py", "data.csv"}
    assert (root / "ex" / "train.py").read_text() == B


def test_output_inside_the_program_itself(migrate: Migrate, tmp_path: Path) -> None:
    write_tree(tmp_path / "p", {"train.py": A})
    assert migrate("p", "--output", "p/migrated").code == 0
    assert read_tree(tmp_path / "p") == {"train.py": A.encode(), "migrated/train.py": converted(A).encode()}


@pytest.mark.parametrize("output", ["full", "file", "p", "."])
def test_output_never_overwrites(migrate: Migrate, tmp_path: Path, output: str) -> None:
    write_tree(tmp_path, {"p/train.py": A, "full/x": "x", "file": "x"})
    before = read_tree(tmp_path)
    assert migrate("p", "--output", output).code == 2
    assert read_tree(tmp_path) == before


# ------------------------------------------------------------------------------------------------ bad input


def test_bad_files_each_get_a_message_and_do_not_disturb_the_others(migrate: Migrate, tmp_path: Path) -> None:
    bad = {
        "empty.py": b"",
        "nul.py": b"import tensorflow\0",
        "two.py": b"import tensorflow\nprint 'x'\n",
        "latin.py": b"import tensorflow\nx = '\xe9'\n",
        "broken.py": b"import tensorflow\nbroken(\n",
    }
    root = write_tree(tmp_path / "p", {"train.py": A, **bad})
    answer = migrate(*(root / name for name in ("train.py", *bad)))
    assert answer.code == 3
    assert (root / "train.py").read_text() == converted(A)
    for text in ("empty file", "NUL byte", "not valid utf-8", "line 2: '(' was never closed"):
        assert text in answer.out.replace("\n", " ")
    assert {path: data for path, data in read_tree(root).items() if path != "train.py"} == bad


def test_a_missing_path_is_wrong_usage_and_does_not_disturb_the_others(migrate: Migrate, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "p", {"train.py": A})
    answer = migrate("p/train.py", "p/nowhere.py")
    assert (answer.code, "no such file" in answer.out) == (2, True)
    assert (root / "train.py").read_text() == converted(A)
    assert migrate("nowhere").code == 2


def test_an_empty_file_alone_leaves_nothing_to_do(migrate: Migrate, tmp_path: Path) -> None:
    write_tree(tmp_path / "p", {"empty.py": ""})
    answer = migrate("p/empty.py")
    assert (answer.code, "empty file" in answer.out) == (0, True)


def test_nothing_to_migrate(migrate: Migrate, tmp_path: Path) -> None:
    write_tree(tmp_path / "p", {"web.py": "import flask\n"})
    assert migrate("p").code == 0
    assert not (tmp_path / "migration-report").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["--nonsense", "p"],
        [],
        ["p", "--check", "--diff"],
        ["p", "--diff", "--format", "json"],
        ["p", "--style", "odd"],
        ["p", "--entry", "a.py"],
    ],
)
def test_wrong_usage_exits_2(migrate: Migrate, tmp_path: Path, words: list[str]) -> None:
    root = write_tree(tmp_path / "p", {"train.py": A})
    assert migrate(*words).code == 2
    assert read_tree(root) == {"train.py": A.encode()}


def test_a_fault_of_the_tool_is_one_line_and_exits_2(
    migrate: Migrate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(sources: object, options: object) -> object:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("migrator.cli._converter", lambda *_: faulty)
    write_tree(tmp_path / "p", {"train.py": A})
    answer = migrate("p")
    assert answer.code == 2
    assert answer.err.count("\n") == 1
    assert "ZeroDivisionError: oh" in answer.err

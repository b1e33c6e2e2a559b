"""Plans that are kept: the same plan comes back, and never one for anything that differs."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import os
import stat
from pathlib import Path

import pytest

from migrator.conversion import Conversion, FileEdit, Options
from migrator.ledger import FileProblem, Finding, Ledger, Symbol, Target, Unit
from migrator.workspace import plans as rooms
from migrator.workspace.plans import Plans

TEXTS = {"train.py": "legacy\n", "net.py": "other\n"}
NOTE = Finding("layers-dense", "info", "train.py", 3, "π")
UNIT = Unit(
    "model_fn:train.py:3", "train.py:3", "model_fn", "train.py", 3, "f", "converted", "support",
    Target("train.py", "Model", "subclass"), (NOTE,),
)  # fmt: skip
PLAN = Conversion(
    (
        FileEdit("train.py", "legacy\n", "keras\n", frozenset({"train.py:3"})),
        FileEdit("support.py", None, "class S: pass\n", frozenset({"train.py:3", "net.py:1"})),
    ),
    Ledger(
        2, 2, (UNIT, dataclasses.replace(UNIT, target=None, status="skipped")),
        (Symbol("train.py", 3, "tensorflow.layers.dense", "converted"),), (NOTE,),
        (FileProblem("net.py", "unparsable", "invalid syntax"),),
    ),
    ({"unit": UNIT.id, "creation": [{"attr": "d", "weights": {"kernel": "kernel"}, "permute": None}]},),
)  # fmt: skip


@pytest.fixture
def plans(tmp_path: Path) -> Plans:
    """A folder with one plan in it."""
    made = Plans(tmp_path, tool="1")
    made.keep(TEXTS, Options(), PLAN)
    return made


def entries(folder: Path) -> list[Path]:
    """The files of the cache."""
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_plan_comes_back_whole(plans: Plans) -> None:
    assert plans.plan(TEXTS, Options()) == PLAN


def test_a_plan_comes_back_in_another_process_of_the_same_tool(plans: Plans, tmp_path: Path) -> None:
    assert Plans(tmp_path, tool="1").plan(TEXTS, Options()) == PLAN


@pytest.mark.parametrize(
    "texts",
    [
        {**TEXTS, "net.py": "other \n"},
        {"train.py": "legacy\n"},
        {**TEXTS, "more.py": ""},
        {"train.py": "legacy\n", "neto.py": "ther\n"},
        {"train.py": "other\n", "net.py": "legacy\n"},
    ],
    ids=["another text", "a file less", "a file more", "another name", "texts exchanged"],
)
def test_other_texts_have_no_plan(plans: Plans, texts: dict[str, str]) -> None:
    assert plans.plan(texts, Options()) is None


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Options)])
def test_every_option_counts(plans: Plans, field: str) -> None:
    other = {"style": "functional", "semantics": "idiomatic", "partial": True}.get(field, frozenset({"x"}))
    assert plans.plan(TEXTS, dataclasses.replace(Options(), **{field: other})) is None


def test_another_tool_has_other_plans(plans: Plans, tmp_path: Path) -> None:
    assert Plans(tmp_path, tool="2").plan(TEXTS, Options()) is None


def test_the_tool_is_known_by_its_files_and_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "migrator"
    for name in ("workspace/plans.py", "../rules/layers.toml", "lower/models/model.py"):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text("1")
    monkeypatch.setattr(rooms, "__file__", str(package / "workspace" / "plans.py"))
    seen = set()
    for changed in (None, "../rules/layers.toml", "lower/models/model.py"):
        if changed:
            (package / changed).write_text("2")
        rooms.fingerprint.cache_clear()
        seen.add(rooms.fingerprint())
    rooms.fingerprint.cache_clear()
    assert len(seen) == 3


@pytest.mark.parametrize(
    "harm",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data.replace(b"keras", b"karas", 1),
        lambda data: data + b" ",
        lambda data: b"\0" * len(data),
    ],
    ids=["emptied", "cut short", "one letter changed", "longer", "zeros"],
)
def test_a_damaged_entry_is_none(plans: Plans, tmp_path: Path, harm: object) -> None:
    (entry,) = entries(tmp_path)
    entry.write_bytes(harm(entry.read_bytes()))  # type: ignore[operator]
    assert plans.plan(TEXTS, Options()) is None
    plans.keep(TEXTS, Options(), PLAN)
    assert plans.plan(TEXTS, Options()) == PLAN


def test_an_entry_under_another_name_is_none(plans: Plans, tmp_path: Path) -> None:
    (entry,) = entries(tmp_path)
    other = plans._path(plans._key("plan", {"a.py": ""}, Options()))
    other.parent.mkdir(parents=True, exist_ok=True)
    entry.rename(other)
    assert plans.plan({"a.py": ""}, Options()) is None


def test_a_fault_is_not_kept(tmp_path: Path) -> None:
    plans = Plans(tmp_path, tool="1")
    fault = Finding("fault", "error", "train.py", 1, "a fault of the tool (MemoryError)")
    plans.keep(TEXTS, Options(), Conversion((), Ledger(findings=(fault,))))
    assert entries(tmp_path) == []


def test_parts_come_back_only_for_the_same_tree(tmp_path: Path) -> None:
    plans = Plans(tmp_path, tool="1")
    plans.keep_parts(TEXTS, [("net.py",), ("train.py",)])
    assert plans.parts(TEXTS) == [("net.py",), ("train.py",)]
    assert plans.parts({**TEXTS, "net.py": "import train\n"}) is None


def test_a_folder_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "plans").write_text("a file where the folder should be")
    plans = Plans(tmp_path, tool="1")
    plans.keep(TEXTS, Options(), PLAN)
    plans.prune()
    assert plans.plan(TEXTS, Options()) is None


def test_only_the_owner_reads_what_is_kept(plans: Plans, tmp_path: Path) -> None:
    (entry,) = entries(tmp_path)
    assert stat.S_IMODE(entry.stat().st_mode) == 0o600


def test_many_writers_and_readers_meet_whole_entries(tmp_path: Path) -> None:
    def work(number: int) -> bool:
        plans = Plans(tmp_path, tool="1")
        for _ in range(20):
            plans.keep(TEXTS, Options(), PLAN)
            plans.prune()
            if plans.plan(TEXTS, Options()) != PLAN:
                return False
        return True

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))
    assert len(entries(tmp_path)) == 1


def test_what_was_not_read_for_longest_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans = Plans(tmp_path, tool="1")
    for number in range(4):
        plans.keep({f"{number}.py": ""}, Options(), PLAN)
        path = plans._path(plans._key("plan", {f"{number}.py": ""}, Options()))
        os.utime(path, (number, number))
        size = path.stat().st_size
    assert plans.plan({"0.py": ""}, Options()) is None  # the plan edits train.py, which these texts lack
    monkeypatch.setattr(rooms, "MOST_BYTES", 2 * size + 10)
    plans.prune()
    kept = [n for n in range(4) if plans._path(plans._key("plan", {f"{n}.py": ""}, Options())).exists()]
    assert kept == [0, 3]

"""Modules that a runtime lacks: a program may import and call them, as long as nothing depends on what they return."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy
import pytest

from migrator.convert import convert
from migrator.verify import runtimes
from migrator.verify.entry import Entry
from migrator.verify.program import verify_program
from migrator.verify.workers import stand_ins

from ..conversion.small import program


@pytest.fixture
def finder(tmp_path: Path) -> Iterator[stand_ins.Finder]:
    before, path = set(sys.modules), list(sys.meta_path)
    yield stand_ins.install(str(tmp_path))
    sys.meta_path[:] = path
    for name in set(sys.modules) - before:
        if isinstance(sys.modules[name], stand_ins._Module):
            del sys.modules[name]


def run(folder: Path, text: str) -> dict[str, object]:
    """Runs a text as a file of the program in `folder`; its names afterwards."""
    path = folder / "train.py"
    path.write_text(text, encoding="utf-8")
    names: dict[str, object] = {}
    exec(compile(text, str(path), "exec"), names)
    return names


def test_a_missing_module_is_imported_called_and_thrown_away(finder: stand_ins.Finder, tmp_path: Path) -> None:
    run(
        tmp_path,
        "import plots_of_nowhere.pyplot as plt\n"
        "from plots_of_nowhere import cm\n"
        "figure, (left, right) = plt.subplots(2)\n"
        "left.plot([1, 2], cmap=cm.cool)\n"
        "left.axes[0].set_title('x')\n"
        "plt.settings['size'] = 3\n"
        "with plt.style('dark'):\n"
        "    plt.show()\n",
    )
    assert finder.names == {"plots_of_nowhere"}


@pytest.mark.parametrize(
    "use",
    ["bool(m.x)", "list(m.x())", "float(m.x)", "len(m.x)", "[1, 2][m.x]", "m.x < 1", "numpy.asarray(m.x())"],
)
def test_needing_what_it_returns_is_an_error_that_names_the_module(
    finder: stand_ins.Finder, tmp_path: Path, use: str
) -> None:
    with pytest.raises(stand_ins.StandInUsed, match="data_of_nowhere is not installed in this runtime"):
        run(tmp_path, f"import numpy\nimport data_of_nowhere as m\n{use}\n")


@pytest.mark.parametrize("use", ["m.x + 1", "for _ in m.x(): pass", "class A(m.Base): pass", "numpy.float32(m.x)"])
def test_no_other_use_passes_either(finder: stand_ins.Finder, tmp_path: Path, use: str) -> None:
    with pytest.raises((stand_ins.StandInUsed, TypeError)):
        run(tmp_path, f"import numpy\nimport data_of_nowhere as m\n{use}\n")


def test_a_program_that_minds_the_absence_itself_is_left_to_it(finder: stand_ins.Finder, tmp_path: Path) -> None:
    names = run(tmp_path, "try:\n    import plots_of_nowhere as m\nexcept ImportError:\n    m = None\n")
    assert names["m"] is None and not finder.names


@pytest.mark.parametrize("name", ["tensorflow_nowhere", "tf_nowhere", "keras_nowhere", "horovod_nowhere"])
def test_what_builds_graphs_is_never_stood_in_for(finder: stand_ins.Finder, tmp_path: Path, name: str) -> None:
    with pytest.raises(ImportError):
        run(tmp_path, f"import {name}\n")


def test_only_the_programs_own_files_are_helped(finder: stand_ins.Finder) -> None:
    with pytest.raises(ImportError):
        exec(compile("import plots_of_nowhere", "/elsewhere/library.py", "exec"), {})


def test_libraries_are_left_alone_where_the_program_runs_in_its_own_folder(
    finder: stand_ins.Finder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ImportError):
        exec(compile("import plots_of_nowhere", "/elsewhere/library.py", "exec"), {})


def test_a_missing_part_of_an_installed_module_stays_missing(finder: stand_ins.Finder, tmp_path: Path) -> None:
    assert numpy.__version__
    with pytest.raises(ImportError):
        run(tmp_path, "import numpy.part_of_nowhere\n")


@pytest.mark.runtime
def test_the_evidence_says_what_was_stood_in_for(tmp_path: Path) -> None:
    for name in ("legacy", "target"):
        if runtimes.absence(name):
            pytest.skip(runtimes.absence(name))
    head = "import numpy as np\nimport plots_of_nowhere.pyplot as plt\nimport tensorflow as tf\n"
    text = program(head=head).replace("steps=8)", "steps=8)\n    plt.plot([1, 2])\n    plt.show()")
    conversion = convert({"train.py": text})
    for side, files in (("before", {"train.py": text}), ("after", {e.path: e.after for e in conversion.edits})):
        (tmp_path / side).mkdir()
        for path, content in files.items():
            (tmp_path / side / path).write_text(content, encoding="utf-8")
    result = verify_program(tmp_path / "before", tmp_path / "after", Entry.parse("train.py"), conversion.models)
    assert result.verified, result.units[0].verification.reason
    note = next(row.note for row in result.units[0].verification.evidence if row.check == "imports")
    assert note == "not installed, replaced by inert stand-ins: plots_of_nowhere"

"""Which script runs a model, and how it is started."""

from __future__ import annotations

import pytest

from migrator.workspace.entries import NoProgram, Program, find_program, given_program

MAIN = "if __name__ == '__main__':\n    main()\n"
TRAIN = "est.train(input_fn)\n" + MAIN

FOUND = {
    "the model's own file": ({"train.py": TRAIN}, {"train.py"}, Program("", "train.py")),
    "app.run": ({"train.py": "if True:\n  tf.app.run()\n"}, {"train.py"}, Program("", "train.py")),
    "compat app.run": ({"train.py": "tf.compat.v1.app.run(main)\n"}, {"train.py"}, Program("", "train.py")),
    "a script that imports the model": (
        {"model.py": "", "run.py": "import model\n" + TRAIN, "other.py": MAIN},
        {"model.py"},
        Program("", "run.py"),
    ),
    "a script in a folder": (
        {"ex/model.py": "", "ex/run.py": "from model import f\n" + TRAIN},
        {"ex/model.py"},
        Program("ex", "run.py"),
    ),
    "relative imports mean -m": (
        {"trainer/__init__.py": "", "trainer/model.py": "", "trainer/task.py": "from . import model\n" + TRAIN},
        {"trainer/model.py"},
        Program("", "-m trainer.task"),
    ),
    "absolute imports of its own package mean -m": (
        {
            "x/trainer/__init__.py": "",
            "x/trainer/model.py": "",
            "x/trainer/task.py": "from trainer import model\n" + TRAIN,
        },
        {"x/trainer/model.py"},
        Program("x", "-m trainer.task"),
    ),
    "a deep package runs from above its top": (
        {
            "s/a/__init__.py": "",
            "s/a/b/__init__.py": "",
            "s/a/b/net.py": "",
            "s/a/b/go.py": "from ..b import net\n" + TRAIN,
        },
        {"s/a/b/net.py"},
        Program("s", "-m a.b.go"),
    ),
    "__main__.py": (
        {"pkg/__init__.py": "", "pkg/net.py": "", "pkg/__main__.py": "from pkg import net\n" + TRAIN},
        {"pkg/net.py"},
        Program("", "-m pkg"),
    ),
    "the script that trains, of several": (
        {"model.py": "", "run.py": "import model\n" + TRAIN, "show.py": "import model\n" + MAIN},
        {"model.py"},
        Program("", "run.py"),
    ),
    "a script without a guard": (
        {"lib.py": "", "go.py": "import lib\nest.train(f)\n"},
        {"lib.py"},
        Program("", "go.py"),
    ),
    "a script above the model": (
        {"nets/__init__.py": "", "nets/cnn.py": "", "train.py": "from nets.cnn import f\n" + TRAIN},
        {"nets/cnn.py"},
        Program("", "train.py"),
    ),
}


@pytest.mark.parametrize(("sources", "models", "program"), FOUND.values(), ids=FOUND.keys())
def test_the_program_is_found(sources: dict[str, str], models: set[str], program: Program) -> None:
    assert find_program(sources, models) == program


def test_several_scripts_are_ambiguous() -> None:
    found = find_program({"m.py": "", "a.py": "import m\n" + TRAIN, "b.py": "import m\n" + TRAIN}, {"m.py"})
    assert isinstance(found, NoProgram)
    assert "several scripts run m.py (a.py, b.py)" in found.reason
    assert "--entry" in found.reason


def test_no_script_says_what_to_pass() -> None:
    found = find_program({"a.py": "import b\n", "b.py": "import a\n"}, {"a.py"})
    assert isinstance(found, NoProgram)
    assert "no script was found that runs a.py" in found.reason


GIVEN = {
    "at the root": ("train.py --steps 10", "", Program("", "train.py --steps 10")),
    "python in front": ("python3 train.py --steps 10", "", Program("", "train.py --steps 10")),
    "where the person is": ("run.py", "ex", Program("ex", "run.py")),
    "named from the root": ("ex/run.py -v", "ex", Program("", "ex/run.py -v")),
    "module": ("-m ex.run", "", Program("", "-m ex.run")),
    "model outside the folder": ("apps/go.py", "", Program("", "apps/go.py")),
    "model beside the folder": ("go.py --x", "apps", Program("", "apps/go.py --x")),
}


@pytest.mark.parametrize(("entry", "start", "program"), GIVEN.values(), ids=GIVEN.keys())
def test_a_given_entry_runs_where_the_person_would_run_it(entry: str, start: str, program: Program) -> None:
    sources = {"train.py": "", "ex/run.py": "", "apps/go.py": "", "ex/model.py": ""}
    assert given_program(entry, start, sources, {"ex/model.py"}) == program

"""The import planner: LibCST is shown the imports only, and the rest of a file comes back as it was."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from migrator.emit import imports
from migrator.emit.imports import ImportPlan, plan_imports
from migrator.source.syntax import syntax_of

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
TEXTS = {
    "nothing": "",
    "a docstring": '"""What it does."""\n',
    "no import": "x = f(y)\n\n\ndef f(x):\n    return x\n",
    "no newline at the end": "import os\nx = os.sep",
    "comments between": "# first\nimport os\n\n# second\nx = 1  # third\n\n# fourth\nimport sys\n\nx = 2\n# fifth\n",
    "one line": "x = 1; import os; y = 2\nz = 3\n",
    "a line that goes on": "x = 1; y = (\n    2\n); import os\nprint(x)\n",
    "decorators": "import os\n\n\n@f\n@g(\n    1)\ndef h():\n    pass\n\n\nimport sys\nprint(sys)\n",
    "imports below": "def f():\n    import os\n\n\ntry:\n    import a\nexcept ImportError:\n    import sys\n",
    "a comment of the block above": "def f():\n    pass\n    # of f\n\n# of the import\nimport os\n",
    "a text that looks like another": 'import os\n_rest1 = """\n_rest2\nimport sys\n"""\nx = _rest1\n',
    "future": '"""Doc."""\nfrom __future__ import division\n\nx = 1\n',
    "a name beside an import": "x; import os\nprint(os)\n",
    "tabs": "import os\nif x:\n\ty = 1\nelse:\n\timport sys\n",
}
FILES = {str(p.relative_to(FIXTURES)): p for p in sorted(FIXTURES.glob("*/legacy/**/*.py"))}
PLANS = {
    "nothing": ImportPlan(frozenset()),
    "libraries": ImportPlan(frozenset({"keras", "np", "functools"})),
    "a statement": ImportPlan(frozenset({"keras"}), ("from estimator_semantics import Momentum",)),
}


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
@pytest.mark.parametrize("name", [*TEXTS, *FILES])
def test_what_is_left_out_changes_nothing(name: str, plan: ImportPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    before = TEXTS[name] if name in TEXTS else FILES[name].read_text(encoding="utf-8")
    after = before + ("" if before.endswith("\n") else "\n") + "keras.layers.Dense(np.pi, functools.partial)\n"
    original = before + "\nprint(os, sys, tf)\n"
    short = plan_imports(after, syntax_of(original), plan)
    monkeypatch.setattr(imports, "plain_runs", lambda tree, lines: [])
    assert short == plan_imports(after, syntax_of(original), plan)


def test_the_statements_without_imports_are_left_out() -> None:
    text = '"""Doc."""\nimport os\n\nx = 1\n\n\ndef f():\n    return os\n\n\nimport sys\ny = 2\n'
    assert left_out(text) == ["x = 1\n\n\ndef f():\n    return os", "y = 2"]


def test_a_docstring_and_a_line_shared_with_an_import_stay() -> None:
    assert left_out('"""Doc."""\nx = 1; import os\n') == []


def test_an_unused_import_goes_and_its_neighbours_keep_their_comments() -> None:
    original = "import os  # kept\nimport sys  # gone\n\nprint(os, sys)  # said\n"
    text = original.replace("print(os, sys)", "print(os)")
    assert plan_imports(text, syntax_of(original), PLANS["nothing"]) == "import os  # kept\n\nprint(os)  # said\n"


def test_a_new_import_stands_behind_the_docstring() -> None:
    text = textwrap.dedent('''\
        """Doc."""
        x = keras.Input(())
    ''')
    assert plan_imports(text, syntax_of(text), PLANS["libraries"]).startswith('"""Doc."""\n\nimport keras\nx = ')


def left_out(text: str) -> list[str]:
    """The parts of a text that LibCST is not shown."""
    _, rest = imports.shortened(text, syntax_of(text))
    return [run.text for run in reversed(rest.values())]

"""A notebook is read as one text, and its cells are written back: what the conversion did not change, byte for byte."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from migrator.convert import convert
from migrator.workspace import notebooks

CELLS = [
    "%matplotlib inline\nimport tensorflow as tf",
    "%%bash\nls",
    "def look():\n    !nvidia-smi\n\n\n"
    "def my_model_fn(features, labels, mode):\n"
    "    logits = tf.layers.dense(features['x'], 3)\n"
    "    return tf.estimator.EstimatorSpec(mode, predictions=logits)",
    "%%time\nestimator = tf.estimator.Estimator(my_model_fn)",
]
SHOWN = """\
# %% [2]
pass  # %matplotlib inline
import tensorflow as tf

# %% [4]
def look():
    pass  # !nvidia-smi


def my_model_fn(features, labels, mode):
    logits = tf.layers.dense(features['x'], 3)
    return tf.estimator.EstimatorSpec(mode, predictions=logits)

# %% [5]
pass  # %%time
estimator = tf.estimator.Estimator(my_model_fn)
"""


def notebook(cells: list[str], **layout: Any) -> bytes:
    """A notebook with a title and these code cells."""
    shown = [{"cell_type": "code", "source": cell.splitlines(keepends=True), "outputs": []} for cell in cells]
    title = {"cell_type": "markdown", "source": "# title"}
    return json.dumps({"cells": [title, *shown], "nbformat": 4}, **layout).encode()


def cells_of(data: bytes) -> list[str]:
    """The code of the code cells."""
    return ["".join(c["source"]) for c in json.loads(data)["cells"] if c["cell_type"] == "code"]


# ------------------------------------------------------------------------------------------------------------ reading
def test_code_cells_become_one_text_without_what_is_no_python() -> None:
    text = notebooks.code(notebook(CELLS))
    assert text == SHOWN
    compile(text, "book", "exec")


PLAIN = {
    "a command that goes on": ("!curl \\\n  -s x\ny = 1", "pass  # !curl \\\n#  -s x\ny = 1"),
    "what a command printed": ("files = !ls data", "files = get_ipython().magic('!ls data')"),
    "help": ("tf.layers.dense?", "pass  # tf.layers.dense?"),
    "a percent sign in a text": ("t = '''\n%d of\n''' % 3", "t = '''\n%d of\n''' % 3"),
    "a future that is not at the beginning": (
        ["x = 1", "from __future__ import division"][1],
        "pass  # from __future__ import division",
    ),
}


@pytest.mark.parametrize(("cell", "shown"), PLAIN.values(), ids=PLAIN)
def test_what_ipython_alone_understands_becomes_python_and_comes_back(cell: str, shown: str) -> None:
    data = notebook([cell])
    text = notebooks.code(data)
    assert text == f"# %% [2]\n{shown}\n"
    compile(text, "book", "exec")
    assert notebooks.rewritten(data, text) == data
    assert cells_of(notebooks.rewritten(data, text + "z = 2\n")) == [f"{cell}\nz = 2"]


LEFT_OUT = ["%%bash\nls", "%%writefile a.py\nimport b", "%bq query\nSELECT 1", "ls -la data", "", "\n"]


@pytest.mark.parametrize("cell", LEFT_OUT)
def test_cells_in_another_language_are_left_out(cell: str) -> None:
    assert notebooks.code(notebook(["x = 1", cell, "y = 2"])) == "# %% [2]\nx = 1\n\n# %% [4]\ny = 2\n"


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"cells": [1]}', b"\xff\xfe", b'"cells"', b'{"cells": {}}'])
def test_what_is_no_notebook_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a notebook"):
        notebooks.code(data)


# --------------------------------------------------------------------------------------------------------- converting
UNREADABLE = {
    "print 'Python 2'": "cannot be read as Python: Python 2 code (print statement on line 1)",
    "x = # your code": "cannot be read as Python: line 1: invalid syntax",
    "%time estimator.train(f)": "cannot be read as Python: `%time estimator.train(f)`: write the statement on lines",
    "# %% [3]\nx = 1": "cannot be read as Python: a line of it looks like the marks between cells",
}


@pytest.mark.parametrize(("cell", "reason"), UNREADABLE.items(), ids=UNREADABLE)
def test_a_cell_that_cannot_be_read_refuses_the_notebook(cell: str, reason: str) -> None:
    data = notebook([*CELLS, cell])
    text = notebooks.code(data)
    result = convert({"book.ipynb": text})
    assert result.edits == ()
    (unit,) = [u for u in result.ledger.units if u.kind == "model_fn"]
    assert (unit.name, unit.status) == ("my_model_fn", "skipped")
    assert unit.findings[0].rule == "notebook" and unit.findings[0].message.startswith(reason)
    assert notebooks.rewritten(data, text) == data
    with pytest.raises(ValueError, match="cell 6 cannot be read"):
        notebooks.rewritten(data, text + "y = 1\n")


def test_a_notebook_is_converted_cell_by_cell() -> None:
    data = notebook(CELLS, indent=1)
    result = convert({"book.ipynb": notebooks.code(data)})
    (edit,) = [edit for edit in result.edits if edit.path == "book.ipynb"]
    new = notebooks.rewritten(data, edit.after)
    first, shell, model, estimator = cells_of(new)
    assert first.startswith("%matplotlib inline\n\nimport keras")
    assert shell == "%%bash\nls"
    assert model.startswith("def look():\n    !nvidia-smi\n\n\nclass My(EstimatorModel):\n")
    assert estimator.startswith("%%time\nestimator = build_")
    assert notebooks.code(new) == edit.after
    assert convert({"book.ipynb": edit.after}).edits == ()


def test_what_only_looks_like_a_model_fn_is_in_the_ledger_too() -> None:
    text = "import tensorflow as tf  # for an Estimator\n\n\ndef build(features, labels, mode):\n    return make()\n"
    (unit,) = convert({"a.py": text}).ledger.units
    assert (unit.kind, unit.name, unit.status, unit.findings[0].rule) == ("model_fn", "build", "skipped", "unattached")


def test_findings_say_which_cell_they_mean(tmp_path: Path) -> None:
    cells = [*CELLS, "with tf.Session() as session:\n    session.run(estimator)"]
    messages = [finding["message"] for unit in reported(tmp_path, cells)["units"] for finding in unit["findings"]]
    assert messages and all(message.startswith("cell 6, line 1: ") for message in messages)


INSTALLS = {
    "!pip install tensorflow==1.15": "cell 2, line 1: it installs tensorflow==1.15: ",
    "!pip3 install -q 'tensorflow-gpu<2'": "cell 2, line 1: it installs tensorflow-gpu<2: ",
    "%pip install numpy\n!python -m pip install tensorflow~=1.14.0": "cell 2, line 2: it installs tensorflow~=1.14.0: ",
    "!pip install tensorflow>=2.16 pandas": "",
    "!pip list | grep tensorflow==1.15": "",
}


@pytest.mark.parametrize(("cell", "message"), INSTALLS.items(), ids=INSTALLS)
def test_a_cell_that_installs_another_tensorflow_is_told_of(tmp_path: Path, cell: str, message: str) -> None:
    found = [f["message"] for f in reported(tmp_path, [cell, *CELLS])["findings"] if f["rule"] == "dependency-pin"]
    assert [one[: len(message)] for one in found] == ([message] if message else [])


def reported(folder: Path, cells: list[str]) -> Any:
    """What the command says of a notebook."""
    (folder / "book.ipynb").write_bytes(notebook(cells))
    words = [sys.executable, "-m", "migrator", "--check", "--format", "json", str(folder)]
    return json.loads(subprocess.run(words, capture_output=True, text=True).stdout)


# ------------------------------------------------------------------------------------------------------------ writing
LAYOUTS: dict[str, dict[str, Any]] = {
    "as Jupyter writes": {"indent": 1},
    "as Colab writes": {"indent": 2},
    "on one line": {},
    "without blanks": {"separators": (",", ":")},
    "with tabs": {"indent": "\t", "sort_keys": True},
    "other letters": {"indent": 1, "ensure_ascii": False},
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_what_does_not_change_stays_byte_for_byte(layout: dict[str, Any]) -> None:
    cells = ["a = 'ä <b> {}[],:'\nb = 1", "c = {'source': [1, 2]}", "d = 3"]
    data = notebook(cells, **layout) + b"\n"
    text = notebooks.code(data)
    assert notebooks.rewritten(data, text) == data
    new = notebooks.rewritten(data, text.replace("c = {", "e = {"))
    assert new == data.replace(b"c = {", b"e = {")


def test_characters_are_escaped_as_the_file_has_them() -> None:
    data = notebook(["a = '<b>'", "c = 1"]).replace(b"<", b"\\u003c").replace(b">", b"\\u003e")
    new = notebooks.rewritten(data, notebooks.code(data).replace("c = 1", "c = 1 < 2"))
    assert b"c = 1 \\u003c 2" in new and cells_of(new) == ["a = '<b>'", "c = 1 < 2"]


def test_a_byte_order_mark_is_kept() -> None:
    data = b"\xef\xbb\xbf" + notebook(["a = 1"])
    assert notebooks.rewritten(data, "# %% [2]\na = 2\n") == data.replace(b"a = 1", b"a = 2")


def test_old_notebooks_have_worksheets_and_inputs() -> None:
    cells = [{"cell_type": "code", "input": "x = 1", "language": "python"}, {"cell_type": "code", "input": ["y"]}]
    data = json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}]}).encode()
    new = notebooks.rewritten(data, notebooks.code(data).replace("x = 1", "x = 2"))
    assert new == data.replace(b"x = 1", b"x = 2")


def test_a_cell_that_loses_everything_is_empty_and_what_comes_before_the_first_mark_is_of_the_first_cell() -> None:
    data = notebook(["a = 1", "b = 2"])
    assert cells_of(notebooks.rewritten(data, "import x\n# %% [2]\n\n# %% [3]\nb = 2\n")) == ["import x\n", "b = 2"]
    assert cells_of(notebooks.rewritten(data, "# %% [2]\n\n# %% [3]\nb = 2\n")) == ["", "b = 2"]


LOST = {
    "a mark": ("# %% [2]\n%ls\nb = 2\n", "told apart"),
    "the order": ("# %% [3]\nb = 2\n# %% [2]\npass  # %ls\n", "told apart"),
    "a magic": ("# %% [2]\nx = 1\n# %% [3]\nb = 2\n", "`%ls` would be lost"),
}


@pytest.mark.parametrize(("text", "reason"), LOST.values(), ids=LOST)
def test_a_text_that_lost_something_is_not_written(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        notebooks.rewritten(notebook(["%ls", "b = 2"]), text)


def test_the_code_of_a_notebook_can_stand_beside_it_as_a_script(tmp_path: Path) -> None:
    (tmp_path / "My book.ipynb").write_bytes(notebook(CELLS))
    (tmp_path / "no.ipynb").write_bytes(b"{")
    notebooks.write_scripts(tmp_path, ["My book.ipynb", "no.ipynb", "absent.ipynb"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["My book.ipynb", "no.ipynb", "notebook_My_book.py"]
    assert (tmp_path / "notebook_My_book.py").read_text(encoding="utf-8") == SHOWN
    assert notebooks.script_path("a b/c-d.ipynb") == "a b/notebook_c_d.py" and notebooks.script_path("a.py") == "a.py"

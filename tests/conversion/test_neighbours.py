"""Files around a converted program that hold nothing but library names: they are run with it, so they follow."""

from __future__ import annotations

from migrator.convert import convert

from .small import program

RECORDS = """\
import tensorflow as tf


def write(path):
    with tf.python_io.TFRecordWriter(path) as writer:
        writer.write(b"x")
"""
SCRIPT = """\
import tensorflow as tf

import train

if __name__ == "__main__":
    tf.logging.set_verbosity(tf.logging.INFO)
    train.main()
"""


def files(**others: str) -> dict[str, str]:
    """The new texts of the small program in train.py, which imports `records`, and of files around it."""
    text = program().replace("import tensorflow as tf\n", "import tensorflow as tf\n\nimport records\n", 1)
    text = text.replace("def main():\n", "def main():\n    records.write('here')\n")
    sources = {"train.py": text, **{f"{name}.py": source for name, source in others.items()}}
    found = convert(sources)
    assert all(unit.status == "converted" for unit in found.ledger.units)
    return {edit.path: edit.after for edit in found.edits}


def test_a_module_that_the_program_imports() -> None:
    assert "tf.io.TFRecordWriter(path)" in files(records=RECORDS)["records.py"]


def test_a_script_that_imports_the_program() -> None:
    after = files(records="def write(path):\n    pass\n", script=SCRIPT)["script.py"]
    assert "from absl import logging\n" in after and "logging.set_verbosity(logging.INFO)\n" in after


def test_a_file_that_cannot_follow_as_a_whole_stays() -> None:
    text = RECORDS + "\n\ndef read():\n    return tf.Session().run(tf.placeholder(tf.float32))\n"
    assert "records.py" not in files(records=text)


def test_a_file_without_a_tie_stays() -> None:
    assert "alone.py" not in files(records="def write(path):\n    pass\n", alone=RECORDS)


def test_a_file_that_makes_what_another_program_trains_stays() -> None:
    text = RECORDS + "\n\ndef optimizer():\n    return tf.train.AdamOptimizer(0.1)\n"
    assert "records.py" not in files(records=text)

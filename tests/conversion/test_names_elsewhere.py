"""Names that other modules, tests and notebooks use: they keep working, or the report says where they do not."""

from __future__ import annotations

import pytest

from migrator.conversion import Conversion
from migrator.convert import convert

NET = """\
import tensorflow as tf

SIZE = 3


def encoder(x):
    return tf.layers.dense(x, SIZE, activation=tf.nn.relu)


def input_fn():
    return tf.data.Dataset.from_tensor_slices(({"x": [[1.0], [2.0]]}, [0.0, 1.0])).batch(2).repeat()


def model_fn(features, labels, mode):
    logits = tf.layers.dense(encoder(features["x"]), 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
RUN = """\
import tensorflow as tf

from net import input_fn, model_fn


def main():
    tf.estimator.Estimator(model_fn).train(input_fn, steps=8)


if __name__ == "__main__":
    main()
"""
PROGRAM = {"net.py": NET, "run.py": RUN}


def converted(more: dict[str, str]) -> Conversion:
    """The conversion of the program with other files around it; the program itself is always converted."""
    found = convert({**PROGRAM, **more})
    assert {unit.status for unit in found.ledger.units} == {"converted"}
    return found


def reported(found: Conversion) -> list[tuple[str, int, str]]:
    """(file, line, name) of every use that a person must look at."""
    return [(f.path, f.line, f.message.split("`")[1]) for f in found.ledger.findings if f.rule == "name-elsewhere"]


KEPT = {
    "the program alone": {},
    "names that stay": {"test_net.py": "from net import SIZE, input_fn\n\nassert SIZE == 3 and input_fn()\n"},
    "a star import of names that stay": {"test_net.py": "from net import *\n\nassert SIZE == 3 and input_fn()\n"},
    "an equal name of another module": {
        "other.py": "def encoder(x):\n    return x\n",
        "use.py": "import net, other\n\nother.encoder(net.SIZE)\n",
    },
    "an equal name of its own": {"use.py": "import net\n\n\ndef encoder():\n    return net.SIZE\n\n\nencoder()\n"},
    "an attribute of another object": {"use.py": "import net\n\n\ndef f(o):\n    return o.encoder, net.SIZE\n"},
    "a notebook": {"look.ipynb": "from net import SIZE\n\nprint(SIZE)\n"},
    "another Estimator of the model": {
        "tune.py": "import tensorflow as tf\nimport net\n\n"
        "tf.estimator.Estimator(net.model_fn).train(net.input_fn, steps=2)\n",
    },
}


@pytest.mark.parametrize("more", KEPT.values(), ids=KEPT)
def test_what_keeps_working_is_not_reported(more: dict[str, str]) -> None:
    assert reported(converted(more)) == []


def test_an_import_follows_the_new_name() -> None:
    after = {edit.path: edit.after for edit in converted({}).edits}
    assert "def build_model(" in after["net.py"]
    assert "from net import input_fn, build_model" in after["run.py"]
    assert "build_model().fit(" in after["run.py"]


REPORTED = {
    "a test that calls the model_fn": (
        {"test_net.py": "import net\n\n\ndef test():\n    assert net.model_fn({}, 2, 'train').loss\n"},
        [("test_net.py", 5, "model_fn")],
    ),
    "a test that calls a part of the network": (
        {"test_net.py": "from net import encoder\n\n\ndef test():\n    assert encoder([[1.0]])\n"},
        [("test_net.py", 1, "encoder"), ("test_net.py", 5, "encoder")],
    ),
    "under another name": (
        {"use.py": "from net import encoder as e\n\ne(1)\n"},
        [("use.py", 1, "encoder"), ("use.py", 3, "encoder")],
    ),
    "a table": ({"table.py": "import net as n\n\nALL = {'dense': n.encoder}\n"}, [("table.py", 3, "encoder")]),
    "an import that passes it on": (
        {"api.py": "from net import encoder\n\n__all__ = ['encoder']\n"},
        [("api.py", 1, "encoder")],
    ),
    "a star import": ({"api.py": "from net import *\n\nALL = [encoder]\n"}, [("api.py", 3, "encoder")]),
    "getattr": ({"use.py": "import net\n\nfn = getattr(net, 'encoder')\n"}, [("use.py", 3, "encoder")]),
    "a name in a string": (
        {"test_net.py": "from unittest import mock\nimport net\n\nwith mock.patch('net.encoder'):\n    pass\n"},
        [("test_net.py", 4, "encoder")],
    ),
    "a notebook": (
        {"look.ipynb": "from net import model_fn\n\nmodel_fn({}, 2, 'train')\n"},
        [("look.ipynb", 3, "model_fn")],
    ),
}


@pytest.mark.parametrize(("more", "expected"), REPORTED.values(), ids=REPORTED)
def test_what_breaks_is_reported(more: dict[str, str], expected: list[tuple[str, int, str]]) -> None:
    found = converted(more)
    assert reported(found) == expected
    assert {f.severity for f in found.ledger.findings if f.rule == "name-elsewhere"} == {"error"}


def test_a_relative_import_of_a_package_is_followed() -> None:
    files = {
        "p/__init__.py": "",
        "p/net.py": NET,
        "p/run.py": RUN.replace("from net", "from .net"),
        "p/test_net.py": "from . import net\nfrom .net import encoder\n\nnet.model_fn(1, 2, 3)\n",
    }
    assert reported(convert(files)) == [("p/test_net.py", 2, "encoder"), ("p/test_net.py", 4, "model_fn")]


def test_a_call_beside_the_model_in_its_own_file_is_reported() -> None:
    text = NET + "\n\ndef probe():\n    return model_fn({}, 1, 'infer')\n"
    assert reported(converted({"net.py": text})) == [("net.py", text.count("\n"), "model_fn")]


def test_a_program_that_cannot_follow_a_name_that_stays_is_no_obstacle() -> None:
    """Only files that name what is called otherwise now must be changed with it."""
    other = NET.replace("model_fn", "other_fn").replace("    logits", "    eval('1')\n    logits")
    files = {**PROGRAM, "other.py": other + "\n\ntf.estimator.Estimator(other_fn).train(input_fn)\n"}
    files["other.py"] += "import net\n\nprint(net.SIZE)\n"
    status = {unit.path: unit.status for unit in convert(files).ledger.units}
    assert status == {"net.py": "converted", "run.py": "converted", "other.py": "skipped"}


def test_a_method_beside_those_that_use_the_estimator_is_left_and_marked() -> None:
    test = """\
import tensorflow as tf
import net


class NetTest(tf.test.TestCase):
    def test_data(self):
        with tf.Session() as session:
            session.run(net.input_fn())

    def test_training(self):
        tf.estimator.Estimator(net.model_fn).train(net.input_fn, steps=2)
"""
    after = {edit.path: edit.after for edit in converted({"test_net.py": test}).edits}["test_net.py"]
    assert "# TODO(migrate): a session runs a graph by hand" in after and "with tf.Session() as session" in after
    assert "net.build_model().fit(" in after


def test_a_method_that_the_program_calls_must_be_converted() -> None:
    test = """\
import tensorflow as tf
import net


class Training:
    def data(self):
        with tf.Session() as session:
            return session.run(net.input_fn())

    def run(self):
        self.data()
        tf.estimator.Estimator(net.model_fn).train(net.input_fn, steps=2)


Training().run()
"""
    assert {unit.status for unit in convert({**PROGRAM, "train.py": test}).ledger.units} == {"skipped"}


DEAD = """

def look(name):
    kernels = tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, name)
    tf.summary.histogram(name, kernels[0])


def unused(x):
    look("dense")
    return x
"""


@pytest.mark.parametrize(("called", "status"), [("", "converted"), ("\n\nlook('dense')\n", "skipped")])
def test_a_function_of_dropped_calls_alone_stays_unless_something_runs_it(called: str, status: str) -> None:
    text = NET.replace("    loss =", "    look('dense')\n    loss =") + DEAD + called
    assert {unit.status for unit in convert({"net.py": text, "run.py": RUN}).ledger.units} == {status}


def test_a_notebook_is_written_as_a_script_is() -> None:
    found = converted({"look.ipynb": "from net import model_fn\nimport tensorflow as tf\n\nmodel_fn(1, 2, 3)\n"})
    assert [edit.path for edit in found.edits] == ["estimator_semantics.py", "look.ipynb", "net.py", "run.py"]

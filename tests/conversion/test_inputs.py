"""Input functions: one-shot iterators become the datasets behind them; what feeds a model is converted or refused."""

from __future__ import annotations

import textwrap

import pytest

from .small import converted, line_of, program, refused

DATASET = 'tf.data.Dataset.from_tensor_slices(({"x": np.ones([8, 3], "float32")}, np.ones([8], "float32"))).batch(4)'
PAIR = 'tf.data.Dataset.from_tensor_slices((np.ones([8, 3], "float32"), np.ones([8], "float32"))).batch(4)'


def body(text: str) -> str:
    """The converted input_fn."""
    after = converted(program(input_fn=text))["train.py"]
    return after[after.index("def input_fn") : after.index("class Model")].strip()


@pytest.mark.parametrize(
    "ending",
    [
        "return dataset.make_one_shot_iterator().get_next()",
        "return tf.compat.v1.data.make_one_shot_iterator(dataset).get_next()",
        "iterator = dataset.make_one_shot_iterator()\nreturn iterator.get_next()",
        "features, labels = dataset.make_one_shot_iterator().get_next()\nreturn features, labels",
        "iterator = dataset.make_one_shot_iterator()\nfeatures, labels = iterator.get_next()\nreturn features, labels",
        "batch = dataset.make_one_shot_iterator().get_next()\nreturn batch",
    ],
)
def test_an_iterator_that_is_returned_as_it_is_becomes_its_dataset(ending: str) -> None:
    before = f"def input_fn():\n    dataset = {DATASET}\n"
    assert body(before + textwrap.indent(ending, "    ")) == f"{before}    return dataset"


def test_elements_that_are_arranged_anew_are_mapped() -> None:
    text = f"""
        def input_fn():
            # all rows
            dataset = {PAIR}
            x, labels = dataset.make_one_shot_iterator().get_next()
            return {{"x": x}}, labels
    """
    assert body(text).endswith('return dataset.map(lambda x, labels: ({"x": x}, labels))')
    assert "    # all rows\n" in body(text)


@pytest.mark.parametrize(
    ("ending", "at"),
    [
        ("element = dataset.make_one_shot_iterator().get_next()\nreturn element, None", "return element"),
        ("iterator = dataset.make_initializable_iterator()\nreturn iterator.get_next()", "make_initializable"),
        ("x, y = dataset.make_one_shot_iterator().get_next()\nif y is None:\n    return x, y", "make_one_shot"),
    ],
)
def test_an_iterator_whose_elements_cannot_be_followed_refuses(ending: str, at: str) -> None:
    text = program(input_fn=f"def input_fn():\n    dataset = {DATASET}\n{textwrap.indent(ending, '    ')}\n")
    assert refused(text) == {("iterator", line_of(text, at))}


@pytest.mark.parametrize("data", ["input_fn", "lambda: input_fn()", "lambda: parts.input_fn()"])
def test_a_helper_of_an_input_function_without_a_rule_refuses_the_program(data: str) -> None:
    helper = f"""
        def batches(dataset):
            return dataset.apply(tf.contrib.data.choose_from_datasets(4))


        def input_fn():
            return batches({DATASET})
    """
    if "parts" not in data:
        text = program(input_fn=helper, data=data)
        assert refused(text) == {("no-rule", line_of(text, "choose_from"))}
    else:
        part = "import numpy as np\nimport tensorflow as tf\n\n" + textwrap.dedent(helper)
        text = program(head="import tensorflow as tf\n\nimport parts\n", data=data)
        assert refused({"train.py": text, "parts.py": part}) == {("no-rule", line_of(part, "choose_from"))}


def test_a_definition_that_feeds_nothing_may_keep_what_has_no_rule() -> None:
    unused = "\n\ndef unused(dataset):\n    return dataset.apply(tf.contrib.data.choose_from_datasets(4))\n"
    marker = "    # TODO(migrate): there is no rule for `tf.contrib.data.choose_from_datasets`"
    kept = unused.strip().replace("\n", f"\n{marker}\n")
    assert kept in converted(program() + unused)["train.py"]


@pytest.mark.parametrize("ending", ["data.make_one_shot_iterator()", "tf.data.make_one_shot_iterator(data)"])
def test_an_iterator_in_a_lambda_becomes_its_dataset(ending: str) -> None:
    rows = f"data = {DATASET}\n"
    text = converted(program(input_fn=rows, data=f"lambda: {ending}.get_next()"))["train.py"]
    assert "fit(data" in text and "iterator" not in text
    named = f"{rows}input_fn = lambda: {ending}.get_next()\n"
    assert "input_fn = lambda: data\n" in converted(program(input_fn=named))["train.py"]


def test_an_iterator_in_a_lambda_that_feeds_nothing_refuses() -> None:
    text = program(input_fn=f"def input_fn():\n    return {DATASET}\n\n\nfirst = lambda: x.make_one_shot_iterator()")
    assert {rule for rule, _ in refused(text)} == {"iterator"}


EAGER = f"""
tf.enable_eager_execution()


def input_fn():
    return {DATASET}


iterator = input_fn().make_one_shot_iterator()
first, _ = iterator.get_next()
print(first["x"].numpy().sum())
"""


def test_an_iterator_that_a_script_steps_through_eagerly_is_that_of_python() -> None:
    text = converted(program(input_fn=EAGER))["train.py"]
    assert "iterator = iter(input_fn())\nfirst, _ = iterator.get_next()\n" in text


@pytest.mark.parametrize(
    "change",
    [
        ("tf.enable_eager_execution()", "if DEBUG:\n    tf.enable_eager_execution()"),
        ("iterator = ", "with tf.Graph().as_default():\n    iterator = "),
    ],
)
def test_one_that_may_belong_to_a_graph_refuses(change: tuple[str, str]) -> None:
    text = program(input_fn="DEBUG = False\n" + EAGER.replace(*change))
    assert refused(text) == {("iterator", line_of(text, "input_fn().make"))}


UNNAMED = f"""
def parse(x, y):
    return {{"x": x["x"]}}, y


def input_fn():
    return {DATASET}.map(parse)


def old_reader():
    return tf.TextLineReader()


def old_input_fn(name):
    x = tf.contrib.learn.io.read_batch_examples(name, 4, reader=old_reader)
    return parse(x, x)
"""


def test_what_nothing_names_feeds_no_model() -> None:
    after = converted(program(input_fn=UNNAMED))["train.py"]
    assert "TODO(migrate)" in after and "    return tf.TextLineReader()" in after
    named = program(input_fn=UNNAMED) + "\n\nREADERS = [old_input_fn]\n"
    assert refused(named) == {("refuse-queues", line_of(named, "TextLineReader"))}


def test_an_input_function_with_all_its_arguments_bound_is_called() -> None:
    text = program(
        head="import functools\n\nimport numpy as np\nimport tensorflow as tf\n",
        input_fn=f"def input_fn(size):\n    return {DATASET}.take(size)\n",
        data="functools.partial(input_fn, 2)",
    )
    assert "fit(input_fn(2)" in converted(text)["train.py"]


@pytest.mark.parametrize(
    ("signature", "given"), [("params", "params={}"), ("mode='x'", "mode='train'"), ("mode, params", "mode='train', ")]
)
def test_an_input_function_gets_what_the_estimator_gave_it_by_name(signature: str, given: str) -> None:
    text = program(input_fn=f"def input_fn({signature}):\n    return {DATASET}\n")
    assert f"fit(input_fn({given}" in converted(text)["train.py"]


@pytest.mark.parametrize("signature", ["size", "config", "params, size"])
def test_an_input_function_that_asks_for_what_nobody_gives_refuses(signature: str) -> None:
    text = program(input_fn=f"def input_fn({signature}):\n    return {DATASET}\n")
    assert refused(text) == {("input-fn", line_of(text, ".train(input_fn"))}

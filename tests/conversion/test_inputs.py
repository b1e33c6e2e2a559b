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

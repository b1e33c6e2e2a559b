"""Statements between an iterator's elements and the return: they become a function that the dataset is mapped with."""

from __future__ import annotations

import textwrap

import pytest

from .small import converted, line_of, program, refused

ROWS = 'x = np.arange(24, dtype="float32").reshape(8, 3)\n    dataset = tf.data.Dataset.from_tensor_slices'
TAIL = f"""
def input_fn(labelled=True, scale=2.0):
    {ROWS}(({{"x": x}}, x.sum(1))).repeat().batch(4)
    iterator = dataset.make_one_shot_iterator()
    features, labels = iterator.get_next()
    # twice as large
    features["x"] = features["x"] * scale
    for name in sorted(features):
        features[name] = features[name] + tf.log(scale)
    if labelled:
        return features, labels  # both
    else:
        return features
"""
SINGLE = """
def input_fn():
    x = np.arange(24, dtype="float32").reshape(8, 3)
    dataset = tf.data.Dataset.from_generator(lambda: iter(x), tf.float32, [3]).repeat().batch(4)
    rows = dataset.make_one_shot_iterator().get_next()
    return {"x": rows}, tf.reduce_sum(rows, axis=1)
"""


NAMED = """
def parse(row):
    features = dict(zip(["x"], [row]))
    return features


def input_fn():
    x = np.arange(24, dtype="float32").reshape(8, 3)
    dataset = tf.data.Dataset.from_tensor_slices(x).batch(4)
    rows = (dataset
            # by name
            .map(parse).make_one_shot_iterator().get_next())
    return rows, None
"""


def data_part(text: str) -> str:
    """The input function after the conversion."""
    after = converted(program(input_fn=text))["train.py"]
    return after[after.index("def input_fn") :].split("\n\n\n")[0]


def test_the_statements_behind_an_iterator_become_a_function_of_its_elements() -> None:
    after = data_part(TAIL)
    assert "iterator" not in after and "get_next" not in after
    assert after.endswith("    return dataset.map(arrange)")
    arranging = after[after.index("    def arrange") : after.index("    return dataset.map")]
    assert (
        textwrap.dedent(arranging).strip()
        == textwrap.dedent("""
        def arrange(features, labels):
            features["x"] = features["x"] * scale
            for name in sorted(features):
                features[name] = features[name] + tf.math.log(scale)
            if labelled:
                return features, labels  # both
            else:
                return features
        """).strip()
    )


def test_an_element_that_is_one_array_in_sight_is_one_argument() -> None:
    assert data_part(SINGLE).endswith('return dataset.map(lambda rows: ({"x": rows}, tf.reduce_sum(rows, axis=1)))')


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # a name of its own in the new function, which the statement reads from the one around it
        ("    # twice as large\n", "    scale += 1.0\n"),
        # a function that was made before and reads the elements when it is called
        ("    iterator =", "    def largest():\n        return tf.reduce_max(features['x'])\n\n    iterator ="),
        # an element of a dataset cannot hold a list: it would stack it
        ("return features, labels  # both", "return [features['x'], labels]"),
        # a path that returns nothing
        ("    else:\n        return features\n", ""),
        ("    if labelled:\n", "    while labelled:\n"),
    ],
)
def test_statements_that_mean_something_else_in_a_function_refuse(before: str, after: str) -> None:
    text = program(input_fn=TAIL.replace(before, after))
    assert {rule for rule, _ in refused(text)} == {"iterator"}


def test_an_element_that_may_have_several_components_refuses() -> None:
    text = program(input_fn=SINGLE.replace("tf.float32, [3]", "(tf.float32,), ([3],)"))
    assert refused(text) == {("iterator", line_of(text, "return {"))}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("tf.contrib.data.batch_and_drop_remainder(4)", "batch(4, drop_remainder=True)"),
        (
            "tf.contrib.data.padded_batch_and_drop_remainder(4, ([None], []))",
            "padded_batch(4, ([None], []), drop_remainder=True)",
        ),
    ],
)
def test_batches_without_their_remainder_are_asked_for_by_an_argument(before: str, after: str) -> None:
    text = f"def input_fn():\n    {ROWS}((x, x.sum(1)))\n    return dataset.apply({before})\n"
    assert data_part(text).endswith(f"return dataset.{after}")


def test_the_function_of_the_elements_is_indented_as_the_file_is() -> None:
    text = program(input_fn=TAIL)
    narrow = "\n".join(line.replace("    ", "  ") for line in text.split("\n"))
    after = converted(narrow)["train.py"]
    assert "\n  def arrange(features, labels):\n    features[" in after


NUMBERED = """
import other


def input_fn():
    rows = other.read().batch(4).make_one_shot_iterator().get_next()
    return RETURNED
"""


def test_components_that_are_read_by_number_need_not_be_in_sight() -> None:
    after = data_part(NUMBERED.replace("RETURNED", '{"x": rows[0]}, rows[1]'))
    assert '.map(\n        lambda *rows: ({"x": rows[0]}, rows[1])\n    )' in after or (
        '    return other.read().batch(4).map(lambda *rows: ({"x": rows[0]}, rows[1]))' in after
    )


@pytest.mark.parametrize(
    "returned", ['{"x": rows[0]}', "{'x': rows[0]}, rows[-1]", "{'x': rows[0]}, rows[1] + len(rows)"]
)
def test_what_may_be_one_tensor_refuses(returned: str) -> None:
    text = program(input_fn=NUMBERED.replace("RETURNED", returned))
    assert {rule for rule, _ in refused(text)} == {"iterator"}


def test_labels_that_are_none_are_left_out() -> None:
    text = SINGLE.replace('return {"x": rows}, tf.reduce_sum(rows, axis=1)', 'return {"x": rows}, None')
    after = converted(predicting(text))["train.py"]
    assert 'dataset.map(lambda rows: {"x": rows})' in after


def predicting(text: str) -> str:
    """A program that predicts from an input function."""
    main = "    tf.estimator.Estimator(model_fn).train(input_fn, steps=8)"
    return program(input_fn=text).replace(main, "    print(list(tf.estimator.Estimator(model_fn).predict(input_fn)))")


def test_a_dictionary_of_computed_names_is_one_component() -> None:
    after = converted(predicting(NAMED))["train.py"]
    assert "    return (dataset\n            # by name\n            .map(parse))\n" in after


@pytest.mark.parametrize(
    "change",
    [
        ("return features", "return features.popitem()"),
        ("return features", "features = row, row\n    return features"),
        ("return features", "if names:\n        return features"),
        ("dict(zip", "other(zip"),
    ],
)
def test_what_may_be_no_dictionary_refuses(change: tuple[str, str]) -> None:
    text = "from elsewhere import names, other\n" + NAMED.replace(*change)
    assert {rule for rule, _ in refused(predicting(text))} == {"iterator"}

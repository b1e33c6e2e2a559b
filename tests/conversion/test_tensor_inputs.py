"""Input functions that return tensors, not a dataset: what they compute for each step is a dataset without end."""

from __future__ import annotations

import pytest

from .small import converted, program, refused

COUNTED = """
def input_fn():
    x = tf.constant(np.arange(24, dtype="float32").reshape(8, 3))
    return {"x": x}, tf.reduce_sum(x, axis=1)
"""
ARGUED = COUNTED.replace("input_fn()", "input_fn(scale)").replace("return {", "return {").replace("x}", "x * scale}")
LISTED = COUNTED.replace('return {"x": x}, tf.reduce_sum(x, axis=1)', 'return [{"x": x}, tf.reduce_sum(x, axis=1)]')
THROUGH = COUNTED.replace("input_fn()", "make()") + "\n\ndef input_fn():\n    return make()\n"
TENSORS = {
    "a function": (COUNTED, "input_fn", "tensor_batches(input_fn)"),
    "a list": (LISTED, "input_fn", "tensor_batches(input_fn)"),
    "a function of another": (THROUGH, "input_fn", "tensor_batches(input_fn)"),
    "a lambda": (ARGUED, "lambda: input_fn(2.0)", "tensor_batches(lambda: input_fn(2.0))"),
}


@pytest.mark.parametrize(("text", "given", "data"), TENSORS.values(), ids=TENSORS)
def test_tensors_become_a_dataset_that_computes_them(text: str, given: str, data: str) -> None:
    after = converted(program(input_fn=text, data=given))["train.py"]
    assert f".fit({data}, steps_per_epoch=8)" in after


ELEMENT = """
def input_fn():
    x = tf.constant(np.arange(24, dtype="float32").reshape(8, 3))
    dataset = tf.data.Dataset.from_tensors(({"x": x}, tf.reduce_sum(x, axis=1)))
    return dataset.make_one_shot_iterator().get_next()
"""


@pytest.mark.parametrize("text", ["", ELEMENT], ids=["a dataset", "an element of one"])
def test_datasets_stay_what_they_are(text: str) -> None:
    assert "tensor_batches" not in converted(program(input_fn=text))["train.py"]


def test_a_function_that_asks_for_params_refuses() -> None:
    text = program(input_fn=COUNTED.replace("input_fn()", "input_fn(params)"), data="input_fn")
    text = text.replace("tf.estimator.Estimator(model_fn)", "tf.estimator.Estimator(model_fn, params={})")
    assert {rule for rule, _ in refused(text)} == {"input-fn"}

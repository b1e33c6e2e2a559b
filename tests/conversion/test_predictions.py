"""What `predict` yields: examples, or whole batches where the program asks for these."""

from __future__ import annotations

from .small import converted, line_of, program, refused

TRAINED = program().replace(
    "    tf.estimator.Estimator(model_fn).train(input_fn, steps=8)\n",
    "    estimator = tf.estimator.Estimator(model_fn)\n"
    "    estimator.train(input_fn, steps=8)\n"
    "    for batch in estimator.predict(few_rows, yield_single_examples=False):\n"
    '        print(batch["y"].shape)\n',
)
BATCHES = TRAINED.replace(
    "def model_fn",
    "def few_rows():\n    return tf.data.Dataset.from_tensor_slices({'x': np.ones((5, 3), 'float32')}).batch(4)\n\n\n"
    "def model_fn",
)


def test_predictions_come_batch_by_batch_where_they_did() -> None:
    assert "for batch in predict_batches(estimator, few_rows()):" in converted(BATCHES)["train.py"]
    single = BATCHES.replace("examples=False", "examples=True")
    assert "for batch in predict_examples(estimator, few_rows()):" in converted(single)["train.py"]


def test_batches_of_a_bare_tensor_refuse() -> None:
    text = BATCHES.replace('predictions={"y": logits}', "predictions=logits").replace('batch["y"]', "batch")
    assert refused(text) == {("estimator-argument", line_of(text, "yield_single_examples"))}


def test_examples_or_batches_by_a_setting_of_the_program_refuse() -> None:
    text = BATCHES.replace("examples=False", 'examples=input() == "single"')
    assert refused(text) == {("estimator-argument", line_of(text, "yield_single_examples"))}

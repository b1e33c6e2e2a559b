"""Serving functions and exporters: what is received, the features made of it, and when a model is exported."""

from __future__ import annotations

import textwrap

import pytest

from migrator.convert import convert

from .small import HEAD, MODEL_FN, converted, line_of, reasons, refused

DATA = """
def input_fn():
    x = np.arange(24, dtype="float32").reshape(8, 3)
    return tf.data.Dataset.from_tensor_slices(({"x": x}, x.sum(1))).repeat(2).batch(4)
"""


def exporting(serving: str, uses: str = "") -> str:
    """A program that trains and exports with the given serving function."""
    uses = textwrap.dedent(uses) or 'estimator.train(input_fn)\nestimator.export_savedmodel("out", serving_fn)\n'
    main = "def main():\n    estimator = tf.estimator.Estimator(model_fn)\n" + textwrap.indent(uses, "    ")
    parts = (HEAD, DATA, textwrap.dedent(serving), MODEL_FN, main, 'if __name__ == "__main__":\n    main()\n')
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


DERIVED = """
def serving_fn():
    \"\"\"What is served.\"\"\"
    # three numbers come in
    received = {"row": tf.placeholder(tf.float32, [None, 3])}  # one row
    # the model calls them x
    features = {"x": tf.identity(received["row"])}
    return tf.estimator.export.ServingInputReceiver(features, received)
"""
SAME = """
def serving_fn():
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    received = {"x": x}
    features = {"x": x}
    return tf.estimator.export.ServingInputReceiver(features, received)
"""
LOOPED = """
COLUMNS = ["a", "b", "c"]


def serving_fn():
    inputs = {}
    for name in COLUMNS:
        inputs[name] = tf.placeholder(shape=[None], dtype=tf.float32)
    features = {"x": tf.stack([inputs[name] for name in COLUMNS], axis=1)}
    return tf.estimator.export.ServingInputReceiver(features=features, receiver_tensors=inputs)
"""
SINGLE = """
def serving_fn():
    serialized = tf.placeholder(tf.string, [None])
    parsed = tf.io.parse_example(serialized, {"x": tf.FixedLenFeature([3], tf.float32)})
    return tf.estimator.export.ServingInputReceiver(parsed, serialized)
"""
TENSOR = """
def serving_fn():
    row = tf.placeholder(tf.float32, [None, 3])
    return tf.estimator.export.TensorServingInputReceiver(features=row, receiver_tensors={"row": row})
"""
DEFAULTS = """
def serving_fn():
    received = {
        "x": tf.placeholder(tf.float32, [None, 3]),
        "key": tf.placeholder_with_default(tf.constant(["none"]), [None]),
        "scale": tf.placeholder_with_default([1.5], [None]),
        "kind": tf.placeholder_with_default(tf.constant([1], dtype=tf.int64), shape=[None], name="kind"),
    }
    return tf.estimator.export.ServingInputReceiver({"x": tf.identity(received["x"])}, received)
"""
COMPREHENDED = """
COLUMNS = open("columns.txt").read().split()


def serving_fn():
    received = {name: tf.placeholder(tf.float32, [None]) for name in COLUMNS}
    return tf.estimator.export.ServingInputReceiver(received, received)
"""
CHANGED = """
def doubled(features):
    features["x"] = features["row"] * 2.0
    features["row"] = features["row"] - 1.0
    return features


def serving_fn():
    \"\"\"What is served.\"\"\"
    received = {"row": tf.placeholder(tf.float32, [None, 3])}
    # the model calls them x
    features = doubled(received)
    return tf.estimator.export.ServingInputReceiver(features=features, receiver_tensors=received)
"""
EXPORTERS = """
exporters = [
    tf.estimator.LatestExporter("latest", serving_fn, exports_to_keep=2),
    tf.estimator.FinalExporter("final", serving_fn),
]
train_spec = tf.estimator.TrainSpec(input_fn, max_steps=8)
eval_spec = tf.estimator.EvalSpec(input_fn, steps=None, exporters=exporters)
tf.estimator.train_and_evaluate(estimator, train_spec, eval_spec)
"""


def test_features_that_are_made_get_a_function_of_their_own() -> None:
    text = converted(exporting(DERIVED))["train.py"]
    assert (
        '''
def serving_fn():
    """What is served."""
    # three numbers come in
    received = {"row": tf.TensorSpec([None, 3], tf.float32)}  # one row

    def to_features(received):
        # the model calls them x
        features = {"x": tf.identity(received["row"])}
        return features

    return received, to_features
'''
        in text
    )
    assert 'export_saved_model(estimator, "out", serving_fn())' in text


def test_tensors_that_are_the_features_are_only_described() -> None:
    text = converted(exporting(SAME))["train.py"]
    assert (
        """
def serving_fn():
    x = tf.TensorSpec([None, 3], tf.float32, name="x")
    received = {"x": x}
    return received
"""
        in text
    )


def test_placeholders_of_a_loop() -> None:
    text = converted(exporting(LOOPED))["train.py"]
    assert "        inputs[name] = tf.TensorSpec([None], tf.float32)\n\n    def to_features(inputs):\n" in text


def test_a_tensor_that_stands_alone_is_called_input() -> None:
    text = converted(exporting(SINGLE))["train.py"]
    assert "        serialized = tensors['input']\n" in text
    assert '    return {"input": serialized}, to_features\n' in text


def of_a_tensor(text: str) -> str:
    """The same program with a model whose features are one tensor."""
    return text.replace('features["x"]', "features").replace('({"x": x}, x.sum(1))', "(x, x.sum(1))")


def test_features_that_are_one_tensor_are_taken_from_what_is_received() -> None:
    text = converted(of_a_tensor(exporting(TENSOR)))["train.py"]
    assert "    def to_features(tensors):\n        row = tensors['row']\n        return row\n" in text
    assert '    return {"row": row}, to_features\n' in text


def test_a_tensor_with_a_default_must_be_sent_and_that_is_said() -> None:
    text = exporting(DEFAULTS)
    after = converted(text)["train.py"]
    for line in (
        '        "key": tf.TensorSpec([None], tf.string),',
        '        "scale": tf.TensorSpec([None], tf.float32),',
        '        "kind": tf.TensorSpec([None], tf.int64, name="kind"),',
    ):
        assert line in after
    said = {one for one in reasons(convert({"train.py": text})) if "a client must send this input now" in one}
    assert len(said) == 3


def test_a_default_of_unknown_type_refuses() -> None:
    text = exporting(DEFAULTS.replace('tf.constant(["none"])', "np.load('default.npy')"))
    assert refused(text) == {("serving", line_of(text, "default.npy"))}


OUTPUTS = """export_outputs={
            "served": tf.estimator.export.PredictOutput({"y": logits}),
            "classes": tf.estimator.export.ClassificationOutput(logits)})"""


@pytest.mark.parametrize(("kind", "texts"), [("tf.float32", False), ("tf.string", True)])
def test_tensors_that_a_comprehension_makes_are_texts_by_its_placeholder(kind: str, texts: bool) -> None:
    text = exporting(COMPREHENDED.replace("tf.float32", kind))
    text = text.replace('mode, predictions={"y": logits})', f'mode, predictions={{"y": logits}}, {OUTPUTS}')
    assert ("serve_texts" in converted(text)["train.py"]) is texts


def test_exporters_run_after_evaluations() -> None:
    text = converted(exporting(SAME, EXPORTERS))["train.py"]
    assert 'LatestExporter("latest", serving_fn, exports_to_keep=2)' in text
    assert "callbacks=[ExportAfterEvaluation(exporters, max_steps=8)]" in text


def test_a_receiver_of_examples() -> None:
    build = "tf.estimator.export.build_parsing_serving_input_receiver_fn"
    text = converted(exporting(f'serving_fn = {build}({{"x": tf.FixedLenFeature([3], tf.float32)}})\n'))["train.py"]
    assert 'serving_fn = parsing_receiver_fn({"x": tf.io.FixedLenFeature([3], tf.float32)})' in text


PARSING = """
def serving_fn():
    spec = {"x": tf.FixedLenFeature([3], tf.float32)}
    return tf.estimator.export.build_parsing_serving_input_receiver_fn(spec)()
"""


def test_a_function_may_give_the_receiver_of_examples_itself() -> None:
    assert "    return parsing_receiver_fn(spec)()\n" in converted(exporting(PARSING))["train.py"]
    named = PARSING.replace("    return tf", "    receive = tf").replace("(spec)()", "(spec)\n    return receive()")
    assert "    receive = parsing_receiver_fn(spec)\n    return receive()\n" in converted(exporting(named))["train.py"]


def test_examples_in_batches_of_one_size_refuse() -> None:
    assert {rule for rule, _ in refused(exporting(PARSING.replace("(spec)", "(spec, 3)")))} == {"serving"}


def test_a_receiver_of_examples_that_may_be_none_refuses() -> None:
    early = PARSING.replace("    return tf", "    if input():\n        return None\n    return tf")
    assert {rule for rule, _ in refused(exporting(early))} == {"export"}


def test_what_is_received_must_not_be_computed() -> None:
    text = exporting(SAME.replace('tf.placeholder(tf.float32, [None, 3], name="x")', "tf.zeros([1, 3])"))
    assert refused(text) == {("serving", line_of(text, "return tf.estimator.export"))}


def test_what_is_added_to_the_dict_that_is_received_is_received() -> None:
    text = exporting(CHANGED)
    assert """
def serving_fn():
    \"\"\"What is served.\"\"\"
    received = {"row": tf.TensorSpec([None, 3], tf.float32)}

    def to_features(received):
        # the model calls them x
        features = doubled(received)
        return features

    return specs_of(to_features, received)
""" in converted(text)["train.py"]
    said = f"serving-changed:{line_of(text, 'return tf.estimator.export')} a client sends what the function adds"
    assert any(reason.startswith(said) for reason in reasons(convert({"train.py": text})))


def test_a_copy_of_what_is_received_is_not_received() -> None:
    text = converted(exporting(CHANGED.replace("doubled(received)", "doubled(dict(received))")))["train.py"]
    assert "    return received, to_features\n" in text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[None, 3])}", "[None, 3]) * 2.0}"),  # computed before it is received
        ("    # the model", "    received = dict(received)\n    # the model"),
        ("features=features", 'features={"x": received["x"]}'),
    ],
)
def test_other_ways_to_change_what_is_received_are_refused(before: str, after: str) -> None:
    assert {rule for rule, _ in refused(exporting(CHANGED.replace(before, after)))} == {"serving"}


def test_a_function_inside_may_return_from_several_places() -> None:
    helper = """
    def widened(tensor):
        if tensor is None:
            return tensor
        return tf.identity(tensor)
"""
    text = DERIVED.replace("    # three numbers", f"{helper}\n    # three numbers").replace(
        'tf.identity(received["row"])', 'widened(received["row"])'
    )
    after = converted(exporting(text))["train.py"]
    assert "    def to_features(received):\n" in after and "def widened(tensor):" in after


def test_two_places_to_return_from_are_refused() -> None:
    early = SAME.replace("    x =", "    if COLUMNS:\n        return None\n    x =")
    assert refused(exporting("COLUMNS = []\n" + early))

"""Feature columns inside a model_fn: the columns stay, the layers over them become Keras layers."""

from __future__ import annotations

import pytest

from migrator.convert import convert

from .small import HEAD, converted, program, reasons, refused

NUMBER = "tf.feature_column.numeric_column('a')"
WORD = "tf.feature_column.categorical_column_with_hash_bucket('b', 5)"
EMBEDDED = f"tf.feature_column.embedding_column({WORD}, 3)"


ROWS = """
def input_fn():
    a = np.arange(12, dtype="float32")
    rows = {"a": a, "b": np.array(list("kkkkllllmmmm"))}
    return tf.data.Dataset.from_tensor_slices((rows, a)).repeat().batch(4)
"""


def model_fn(network: str) -> str:
    """A model_fn whose network is one expression over `features`."""
    return f"""
def model_fn(features, labels, mode):
    net = {network}
    logits = tf.layers.dense(net, 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={{"y": logits}})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""


def after(network: str, head: str = HEAD) -> str:
    return converted(program(model_fn=model_fn(network), head=head))["train.py"]


def test_the_columns_stay_and_a_layer_takes_them() -> None:
    text = after("tf.feature_column.input_layer(features, COLUMNS)", head=f"{HEAD}\nCOLUMNS = [{NUMBER}]\n")
    assert f"COLUMNS = [{NUMBER}]" in text
    assert "self.net = DenseFeatures(COLUMNS)" in text
    assert "net = self.net(features)" in text


def test_a_keras_layer_of_columns_is_that_layer_too() -> None:
    text = after(f"tf.keras.layers.DenseFeatures([{NUMBER}])(features)")
    assert f"self.net = DenseFeatures([{NUMBER}])" in text


def test_a_script_may_look_at_columns() -> None:
    looking = f"print(tf.keras.layers.DenseFeatures([{NUMBER}])({{'a': [[1.0]]}}))\n"
    text = converted(program(head=f"{HEAD}\n{looking}"))["train.py"]
    assert "print(DenseFeatures([tf.feature_column.numeric_column('a')])({'a': [[1.0]]}))" in text


def test_a_linear_model_is_a_layer_too() -> None:
    text = after("tf.feature_column.linear_model(features, COLUMNS, units=4)", head=f"{HEAD}\nCOLUMNS = [{WORD}]\n")
    assert "self.net = LinearModel(COLUMNS, units=4)" in text


def test_embedding_weights_are_mapped_as_many_as_there_are() -> None:
    text = program(model_fn=model_fn(f"tf.feature_column.input_layer(features, [{NUMBER}, {EMBEDDED}])"))
    conversion = convert({"train.py": text})
    assert conversion.models, reasons(conversion)
    node = conversion.models[0]["creation"][0]
    assert (node["scope"], node["default"]) == ("input_layer", True)
    assert node["weights"] == {"*/embedding_weights": "embedding_weights.*"}


@pytest.mark.parametrize(
    ("network", "optimizer"),
    [
        (f"tf.feature_column.input_layer(features, [{NUMBER}])", "keras.optimizers.Adam("),
        (f"tf.feature_column.input_layer(features, [{EMBEDDED}])", "SparseAdam("),
        (f"tf.keras.layers.DenseFeatures([{NUMBER}])(features)", "keras.optimizers.Adam("),
        (f"tf.keras.layers.DenseFeatures([{EMBEDDED}])(features)", "SparseAdam("),
        (f"tf.feature_column.linear_model(features, [{NUMBER}])", "keras.optimizers.Adam("),
        (f"tf.feature_column.linear_model(features, [{WORD}])", "SparseAdam("),
    ],
)
def test_weights_that_are_read_by_rows_choose_the_optimizer(network: str, optimizer: str) -> None:
    assert f"optimizer={optimizer}" in after(network)


def test_columns_of_another_file_count_for_the_optimizer() -> None:
    text = program(model_fn=model_fn("tf.feature_column.input_layer(features, made.columns())"), head=HEAD)
    made = f"import tensorflow as tf\n\n\ndef columns():\n    return [{EMBEDDED}]\n"
    files = converted({"train.py": f"import made\n{text}", "made.py": made})
    assert "optimizer=SparseAdam(" in files["train.py"]


def test_arguments_that_changed_places_are_named() -> None:
    column = "tf.feature_column.categorical_column_with_vocabulary_file('b', 'words.txt', 3, 2)"
    text = after(f"tf.feature_column.linear_model(features, [{column}])")
    assert "'words.txt', 3, num_oov_buckets=2" in text


def test_columns_keep_the_name_that_the_program_has_for_them() -> None:
    column = EMBEDDED.replace("tf.feature_column", "fc")
    text = after(f"fc.input_layer(features, [{column}])", head=f"{HEAD}fc = tf.feature_column\n")
    assert "fc.embedding_column(fc.categorical_column_with_hash_bucket('b', 5), 3)" in text


def test_columns_of_compat_v1_are_those_of_today() -> None:
    text = after(f"tf.compat.v1.feature_column.input_layer(features, [{NUMBER.replace('tf.', 'tf.compat.v1.')}])")
    assert "compat.v1" not in text
    assert NUMBER in text


@pytest.mark.parametrize(
    ("network", "rule"),
    [
        (f"tf.feature_column.input_layer(features, [{NUMBER}], trainable=False)", "feature-column-input-layer"),
        (f"tf.keras.layers.DenseFeatures([{NUMBER}], trainable=False)(features)", "keras-dense-features"),
        (f"tf.feature_column.input_layer(features, [{NUMBER}], cols_to_vars={{}})", "feature-column-input-layer"),
        (f"tf.feature_column.linear_model(features, [{NUMBER}], trainable=False)", "feature-column-linear-model"),
        (
            f"tf.feature_column.input_layer(features, tf.feature_column.shared_embedding_columns([{WORD}], 3))",
            "feature-column-shared-embeddings",
        ),
        (
            f"tf.feature_column.input_layer(features, [tf.feature_column.embedding_column({WORD}, 3, "
            "ckpt_to_load_from='old', tensor_name_in_ckpt='table')])",
            "feature-column-embedding",
        ),
    ],
)
def test_what_is_not_exact_is_refused(network: str, rule: str) -> None:
    assert {found for found, _ in refused(program(model_fn=model_fn(network)))} == {rule}


def test_columns_of_tensorflow_hub_refuse() -> None:
    text = (
        "import tensorflow as tf\nimport tensorflow_hub as hub\n\n\ndef columns():\n"
        "    return [hub.text_embedding_column('a', 'nnlm')]\n\n\ndef input_fn():\n"
        "    return tf.data.Dataset.from_tensor_slices(({'a': ['b']}, [1])).batch(1)\n\n\n"
        "tf.estimator.DNNClassifier([4], columns()).train(input_fn)\n"
    )
    assert {rule for rule, _ in refused(text)} == {"hub-column"}

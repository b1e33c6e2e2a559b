"""Estimators of Keras models compute what they did: each program is run as it was and as it became, and compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from .test_proofs import prove, verification

pytestmark = pytest.mark.runtime

START = """
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

RANDOM = np.random.RandomState(0)
SIZE = RANDOM.rand(60, 4).astype("float32")
CLASS = (SIZE[:, 0] * 3).astype("int64")



def input_fn(labels, epochs=None):
    return tf.data.Dataset.from_tensor_slices((SIZE, labels)).repeat(epochs).batch(14)

"""
END = """

def main():
    estimator = make("out", 0.02)
    estimator.train(lambda: input_fn(LABELS), steps=12)
    print(estimator.evaluate(lambda: input_fn(LABELS, 1)))
    print(list(estimator.predict(lambda: input_fn(LABELS, 1)))[0])


main()
"""
SPARSE = """
LABELS = CLASS


def make(model_dir, rate):
    model = tf.keras.Sequential()
    model.add(layers.Dense(8, activation="relu", input_shape=(4,)))
    model.add(layers.Dropout(0.2))
    model.add(layers.Dense(3, activation=tf.nn.softmax))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return tf.keras.estimator.model_to_estimator(keras_model=model, model_dir=model_dir)
"""
VALUES = """
LABELS = SIZE[:, :1] * 3


def network(rate):
    model = tf.keras.models.Sequential([layers.Dense(6, input_dim=4), layers.Activation("tanh"), layers.Dense(1)])
    model.compile(loss="mse", optimizer=tf.train.RMSPropOptimizer(rate), metrics=["mae", "mse", "mape"])
    return model


def make(model_dir, rate):
    model = network(rate)
    return tf.keras.estimator.model_to_estimator(model, model_dir=model_dir)
"""
BODIES = {
    "several classes": SPARSE,
    "values": VALUES,
    "absolute values": VALUES.replace('"mse", opt', '"mae", opt').replace("tf.train.RMSPropOptimizer(rate)", '"sgd"'),
    "several classes in a column": SPARSE.replace("= CLASS", "= CLASS[:, None]").replace(
        'optimizer="adam"', "optimizer=tf.keras.optimizers.SGD(lr=rate, momentum=0.9)"
    ),
    "two classes": SPARSE.replace("= CLASS", "= (CLASS % 2)[:, None]")
    .replace("Dense(3, activation=tf.nn.softmax)", 'Dense(1, activation="sigmoid")')
    .replace('optimizer="adam"', "optimizer=tf.keras.optimizers.Adam(rate)")
    .replace("sparse_categorical", "binary"),
    "classes in rows": SPARSE.replace("= CLASS", '= np.eye(3)[CLASS].astype("float32")').replace("sparse_", ""),
}
LAYERS = {
    "batch normalization": """
    model.add(layers.Dense(8, use_bias=False, input_shape=(4,)))
    model.add(layers.BatchNormalization(momentum=0.9))
    model.add(layers.Activation("relu"))
""",
    "convolutions": """
    model.add(layers.Reshape((4, 4, 1), input_shape=(16,)))
    model.add(layers.Conv2D(3, 2, activation="relu", padding="same"))
    model.add(layers.BatchNormalization())
    model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.5))
""",
    "an embedding": """
    model.add(layers.Embedding(5, 4))
    model.add(layers.GlobalAveragePooling1D())
""",
    "a recurrent network": """
    model.add(layers.Reshape((4, 1), input_shape=(4,)))
    model.add(layers.LSTM(5, return_sequences=True))
    model.add(layers.GRU(4))
""",
    "convolutions of sequences": """
    model.add(layers.Embedding(input_dim=5, output_dim=6, input_length=4))
    model.add(layers.Conv1D(filters=4, kernel_size=2, activation="relu", padding="same"))
    model.add(layers.MaxPooling1D(pool_size=2))
    model.add(layers.GlobalMaxPooling1D())
""",
}
FIRST = """
    model.add(layers.Dense(8, activation="relu", input_shape=(4,)))
    model.add(layers.Dropout(0.2))
"""


def of_layers(name: str) -> str:
    """A program whose model has these layers."""
    text = START + SPARSE.replace(FIRST, LAYERS[name]) + END
    if "Embedding" in text:
        text = text.replace("SIZE, labels", "(SIZE * 5).astype('int32'), labels")
    return text.replace("RANDOM.rand(60, 4)", "RANDOM.rand(60, 16)") if "(16,)" in text else text


@pytest.mark.parametrize("runtime", ["legacy", "tf1"])
@pytest.mark.parametrize("name", LAYERS)
def test_so_are_those_of_other_layers(name: str, runtime: str, tmp_path: Path) -> None:
    prove(of_layers(name), runtime, tmp_path)


@pytest.mark.parametrize("runtime", ["legacy", "tf1"])
@pytest.mark.parametrize("name", BODIES)
def test_the_numbers_are_those_of_the_estimator(name: str, runtime: str, tmp_path: Path) -> None:
    prove(START + BODIES[name] + END, runtime, tmp_path)


EXPORTED = """
LABELS = CLASS


def network(units):
    model = tf.keras.Sequential()
    model.add(layers.InputLayer(input_shape=(4,), name="size"))
    model.add(layers.Dense(units, activation="relu"))
    model.add(layers.Dense(3, activation="softmax", name="probabilities"))
    return model


def input_fn(labels, epochs=None):
    return tf.data.Dataset.from_tensor_slices(({"size": SIZE}, labels)).repeat(epochs).batch(14)


def receive():
    tensors = {"size": tf.placeholder(tf.float32, [None, 4])}
    return tf.estimator.export.ServingInputReceiver(tensors, tensors)


def main():
    model = network(5)
    model.summary()
    model.compile(loss="sparse_categorical_crossentropy", optimizer=tf.train.AdamOptimizer(0.02), metrics=["acc"])
    config = tf.estimator.RunConfig(save_checkpoints_steps=6)
    estimator = tf.keras.estimator.model_to_estimator(model, model_dir="out", config=config)
    exporter = tf.estimator.LatestExporter("exporter", receive)
    tf.estimator.train_and_evaluate(
        estimator,
        tf.estimator.TrainSpec(lambda: input_fn(LABELS), max_steps=12),
        tf.estimator.EvalSpec(lambda: input_fn(LABELS, 1), steps=None, exporters=exporter))


main()
"""
WHOLE = {
    "one that is exported": START.partition("def input_fn")[0] + EXPORTED,
    # tensors while it is trained, and a dictionary when it serves
    "one that is asked for the names of its input": START.partition("def input_fn")[0]
    + EXPORTED.replace('({"size": SIZE}, labels)', "(SIZE, labels)")
    .replace(', name="size"', "")
    .replace('("exporter", receive)', '("exporter", receive(model.input_names[0], model.input.name.split(":")[0]))')
    .replace("receive():", "receive(name, same):\n    assert name == same\n\n    def receiver():")
    .replace(
        """    tensors = {"size": tf.placeholder(tf.float32, [None, 4])}
    return tf.estimator.export.ServingInputReceiver(tensors, tensors)
""",
        """        tensors = {"size": tf.placeholder(tf.float32, [None, 4])}
        return tf.estimator.export.ServingInputReceiver({name: tensors["size"] * 2.0}, tensors)

    return receiver
""",
    ),
}


@pytest.mark.parametrize("runtime", ["legacy", "tf1"])
@pytest.mark.parametrize("name", WHOLE)
def test_an_exported_one_serves_its_outputs_by_the_name_of_the_last_layer(
    name: str, runtime: str, tmp_path: Path
) -> None:
    prove(WHOLE[name], runtime, tmp_path)


CHOSEN = """
LABELS = CLASS
LAYER = "size"
SIZES = "{}_input".format(LAYER)


def input_fn(labels, epochs=None):
    return tf.data.Dataset.from_tensor_slices(({SIZES: SIZE}, labels)).repeat(epochs).batch(14)


def receive():
    tensors = {SIZES: tf.placeholder(tf.float32, [None, 4])}
    return tf.estimator.export.ServingInputReceiver(tensors, tensors)


def make(model_dir):
    from tensorflow import keras
    model = keras.models.Sequential()
    model.add(keras.layers.Dense(6, activation="relu", input_shape=(4,), name=LAYER))
    model.add(keras.layers.Dense(3, activation="softmax"))
    model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["acc"])
    return keras.estimator.model_to_estimator(model, model_dir=model_dir)


def model_fn(features, labels, mode):
    logits = tf.layers.dense(tf.layers.dense(features[SIZES], 5, tf.nn.relu), 3)
    outputs = {"scores": tf.estimator.export.PredictOutput(logits)}
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"logits": logits}, export_outputs=outputs)
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.AdamOptimizer(0.02).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def main(use_keras):
    if use_keras:
        estimator = make("out")
    else:
        estimator = tf.estimator.Estimator(model_fn, "out")
    exporter = tf.estimator.LatestExporter("exporter", receive)
    tf.estimator.train_and_evaluate(
        estimator,
        tf.estimator.TrainSpec(lambda: input_fn(LABELS), max_steps=12),
        tf.estimator.EvalSpec(lambda: input_fn(LABELS, 1), steps=None, exporters=exporter))


main(len(sys.argv) < 2)
"""
ONE_OF = "import sys\n" + START.replace("from tensorflow.keras import layers\n", "") + CHOSEN


@pytest.mark.parametrize("runtime", ["legacy", "tf1"])
@pytest.mark.parametrize("text", [ONE_OF, ONE_OF.replace("< 2", "> 1")], ids=["the Keras model", "the other"])
def test_one_of_two_is_exported_under_its_own_signatures(text: str, runtime: str, tmp_path: Path) -> None:
    found = [unit.verification for unit in verification(text, runtime, tmp_path).units]
    assert sorted(one.status for one in found) == ["not_run", "verified"], [one.reason for one in found]
    proven = {row.check for one in found for row in one.evidence if row.ok}
    assert proven >= {"loss", "gradients", "training", "forward", "metrics", "export"}

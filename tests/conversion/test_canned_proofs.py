"""Canned estimators compute what they did: each program is run as it was and as it became, and compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from .test_proofs import prove

pytestmark = pytest.mark.runtime

START = """
import numpy as np
import tensorflow as tf

fc = tf.feature_column
WORDS = ["a", "b", "c"]
RANDOM = np.random.RandomState(0)
SIZE = RANDOM.rand(60, 2).astype("float32")
WORD = RANDOM.choice(WORDS + ["d"], 60)
WEIGHT = RANDOM.rand(60) + 0.5
CLASS = (SIZE[:, 0] * 3).astype("int64")


def features():
    return {"size": SIZE, "word": WORD, "weight": WEIGHT}


def numbers():
    return [fc.numeric_column("size", shape=[2])]


def words():
    return fc.categorical_column_with_vocabulary_list("word", WORDS, num_oov_buckets=1)


def input_fn(labels, epochs=None):
    return tf.data.Dataset.from_tensor_slices((features(), labels)).repeat(epochs).batch(12)

"""
END = """
    estimator.train(lambda: input_fn(labels), steps=12)
    print(estimator.evaluate(lambda: input_fn(labels, 1)))
    print(list(estimator.predict(lambda: input_fn(labels, 1)))[0])


main()
"""
BODIES = {
    "a deep classifier": """
def main():
    labels = CLASS
    estimator = tf.estimator.DNNClassifier([8, 4], numbers(), n_classes=3)
""",
    "a deep classifier of as many classes as there are": """
def main():
    labels = CLASS
    count = len(np.unique(labels))
    estimator = tf.estimator.DNNClassifier([8, 4], numbers(), n_classes=count)
""",
    "a linear classifier of as many classes as there are, which are two": """
def main():
    labels = CLASS % 2
    count = len(np.unique(labels))
    estimator = tf.estimator.LinearClassifier(numbers() + [words()], n_classes=count)
""",
    "a deep classifier of words": """
def build(rate):
    optimizer = tf.train.AdamOptimizer(rate)
    return tf.estimator.DNNClassifier(
        hidden_units=[8], feature_columns=numbers() + [fc.indicator_column(words())], n_classes=len(WORDS),
        label_vocabulary=WORDS, weight_column="weight", activation_fn=tf.nn.tanh, dropout=0.2, optimizer=optimizer)


def main():
    labels = np.array(WORDS)[CLASS]
    estimator = build(0.01)
""",
    "a deep regressor of two values": """
def main():
    labels = SIZE * 2
    estimator = tf.estimator.DNNRegressor(
        [6], numbers() + [fc.embedding_column(words(), 3)], label_dimension=2,
        loss_reduction=tf.losses.Reduction.MEAN,
        optimizer=lambda: tf.train.MomentumOptimizer(
            tf.train.exponential_decay(0.1, tf.train.get_global_step(), 5, 0.9), 0.9))
""",
    "a linear classifier": """
def main():
    labels = CLASS % 2
    estimator = tf.estimator.LinearClassifier(numbers() + [words()], config=tf.estimator.RunConfig(tf_random_seed=7))
""",
    "a linear classifier of two words": """
def main():
    labels = np.array(["no", "yes"])[CLASS % 2]
    estimator = tf.estimator.LinearClassifier(
        numbers(), label_vocabulary=["no", "yes"], weight_column="weight", optimizer="Adam")
""",
    "a linear classifier of three classes": """
def main():
    labels = CLASS
    estimator = tf.estimator.LinearClassifier([words()], n_classes=3, sparse_combiner="mean", optimizer=None)
""",
    "a linear regressor": """
def squares(labels, predictions):
    return {"squares": tf.metrics.mean(tf.square(labels - predictions["predictions"][:, 0]))}


def main():
    labels = SIZE[:, 0]
    estimator = tf.estimator.LinearRegressor(numbers(), weight_column="weight")
    estimator = tf.contrib.estimator.add_metrics(estimator, squares)
""",
    "a linear regressor with an inner function of metrics": """
def main():
    labels = SIZE[:, 0]
    estimator = tf.estimator.LinearRegressor(numbers(), weight_column="weight")

    def squares(labels, predictions):
        values = tf.cast(predictions["predictions"], tf.float32)
        return {"squares": tf.metrics.root_mean_squared_error(labels, values[:, 0])}

    estimator = tf.contrib.estimator.add_metrics(estimator, squares)
""",
    "a wide and deep classifier": """
def main():
    labels = CLASS % 2
    estimator = tf.estimator.DNNLinearCombinedClassifier(
        linear_feature_columns=[words(), fc.crossed_column(["word", fc.bucketized_column(numbers()[0], [0.5])], 20)],
        linear_optimizer=tf.train.FtrlOptimizer(0.1, l1_regularization_strength=0.01),
        dnn_feature_columns=numbers() + [fc.embedding_column(words(), 2)],
        dnn_hidden_units=[8, 4])
""",
    "a wide and deep regressor": """
def main():
    labels = SIZE[:, 1]
    estimator = tf.estimator.DNNLinearCombinedRegressor(
        linear_feature_columns=[words()], dnn_feature_columns=numbers(), dnn_hidden_units=[4], dnn_dropout=0.1)
""",
    "a regressor that hands its keys on": """
KEY = "word"


def main():
    labels = SIZE[:, 1]
    estimator = tf.estimator.DNNRegressor([4], numbers())
    estimator = tf.contrib.estimator.forward_features(estimator, KEY)
    estimator = tf.contrib.estimator.forward_features(estimator, ["weight"])
""",
    "a deep estimator with a head": """
def main():
    labels = np.array(WORDS)[CLASS]
    head = tf.contrib.estimator.multi_class_head(n_classes=3, label_vocabulary=WORDS, weight_column="weight")
    estimator = tf.estimator.DNNEstimator(head=head, hidden_units=[6], feature_columns=numbers(), dropout=0.1)
""",
    "a deep estimator with merged heads": """
def main():
    labels = {"kind": np.array(WORDS)[CLASS], "size": SIZE[:, 1]}
    kind = tf.contrib.estimator.multi_class_head(3, label_vocabulary=WORDS, name="kind")
    size = tf.contrib.estimator.regression_head(weight_column="weight", name="size")
    head = tf.contrib.estimator.multi_head([kind, size], head_weights=(1.0, 0.5))
    estimator = tf.estimator.DNNEstimator(head, hidden_units=[6], feature_columns=numbers(), batch_norm=True)
""",
    "a wide and deep estimator with a head": """
def main():
    labels = SIZE[:, 1]
    estimator = tf.estimator.DNNLinearCombinedEstimator(
        tf.contrib.estimator.regression_head(), linear_feature_columns=[words()], dnn_feature_columns=numbers(),
        dnn_hidden_units=[4])
""",
    "a regressor whose weights may be None": """
class Settings:
    weight = "weight"


def main():
    labels = SIZE[:, 0]
    estimator = tf.estimator.LinearRegressor(numbers(), weight_column=Settings.weight)
""",
    "a classifier whose weights are None": """
class Settings:
    weight = None


def main():
    labels = CLASS % 2
    estimator = tf.estimator.LinearClassifier(numbers(), weight_column=Settings.weight)
""",
    "a baseline of three classes": """
def main():
    labels = np.array(WORDS)[CLASS]
    estimator = tf.estimator.BaselineClassifier(n_classes=3, weight_column="weight", label_vocabulary=WORDS)
""",
    "a baseline of two values": """
def main():
    labels = SIZE
    estimator = tf.estimator.BaselineRegressor(label_dimension=2, optimizer=tf.train.AdamOptimizer(0.1))
""",
    "a deep classifier with batch norm": """
def main():
    labels = CLASS
    estimator = tf.estimator.DNNClassifier([8, 4], numbers(), n_classes=3, dropout=0.1, batch_norm=True)
""",
    "a wide and deep regressor with batch norm": """
def main():
    labels = SIZE[:, 1]
    estimator = tf.estimator.DNNLinearCombinedRegressor(
        linear_feature_columns=[words()], dnn_feature_columns=numbers(), dnn_hidden_units=[4, 3], batch_norm=True)
""",
}


EXPORTED = """
def receive():
    tensors = {"size": tf.placeholder(tf.float32, [None, 2]), "word": tf.placeholder(tf.string, [None])}
    return tf.estimator.export.ServingInputReceiver(tensors, tensors)


def main():
    config = tf.estimator.RunConfig(save_checkpoints_steps=6)
    estimator = tf.estimator.LinearClassifier(numbers() + [words()], config=config)
    exporter = tf.estimator.LatestExporter("exporter", receive)
    tf.estimator.train_and_evaluate(
        estimator,
        tf.estimator.TrainSpec(lambda: input_fn(CLASS % 2), max_steps=12),
        tf.estimator.EvalSpec(lambda: input_fn(CLASS % 2, 1), steps=None, exporters=exporter))


main()
"""


TEXTS = EXPORTED.replace(
    """    tensors = {"size": tf.placeholder(tf.float32, [None, 2]), "word": tf.placeholder(tf.string, [None])}
    return tf.estimator.export.ServingInputReceiver(tensors, tensors)
""",
    """    rows = tf.placeholder(tf.string, [None])
    first, second, word = tf.decode_csv(rows, [[0.0], [0.0], ["a"]])
    features = {"size": tf.stack([first, second], axis=1), "word": word}
    return tf.estimator.export.ServingInputReceiver(features, {"row": rows})
""",
)
ESTIMATORS = {
    "two classes": "LinearClassifier(numbers() + [words()], config=config)",
    "three classes": "DNNClassifier([4], numbers(), n_classes=3, label_vocabulary=WORDS, config=config)",
    "values": "DNNRegressor([4], numbers(), config=config)",
}
LABELS = {"two classes": "CLASS % 2", "three classes": "np.array(WORDS)[CLASS]", "values": "SIZE[:, 0]"}


@pytest.mark.parametrize("runtime", ["legacy", "tf1"])
def test_an_exported_one_serves_its_predictions(runtime: str, tmp_path: Path) -> None:
    prove(START + EXPORTED, runtime, tmp_path)


HEADS = (
    "DNNEstimator(tf.contrib.estimator.multi_head([tf.contrib.estimator.binary_classification_head(name='two'),"
    " tf.contrib.estimator.regression_head(name='size')]), [4], numbers(), config=config)"
)


@pytest.mark.parametrize("runtime", ["legacy", "tf1"])
def test_merged_heads_serve_each_head(runtime: str, tmp_path: Path) -> None:
    text = EXPORTED.replace(ESTIMATORS["two classes"], HEADS)
    prove(START + text.replace("CLASS % 2", '{"two": CLASS % 2, "size": SIZE[:, 0]}'), runtime, tmp_path)


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_one_that_receives_texts_serves_classes_and_values_too(kind: str, tmp_path: Path) -> None:
    text = TEXTS.replace(ESTIMATORS["two classes"], ESTIMATORS[kind]).replace("CLASS % 2", LABELS[kind])
    prove(START + text, "tf1", tmp_path)


@pytest.mark.parametrize("name", BODIES)
def test_the_numbers_are_those_of_the_estimator(name: str, tmp_path: Path) -> None:
    prove(START + BODIES[name] + END, "legacy", tmp_path)


TF1 = ["a deep classifier of words", "a linear classifier", "a wide and deep classifier"]
TF1 += [
    "a deep estimator with a head",
    "a deep estimator with merged heads",
    "a regressor that hands its keys on",
    "a deep classifier with batch norm",
]


@pytest.mark.parametrize("name", TF1)
def test_they_are_those_of_tensorflow_1_too(name: str, tmp_path: Path) -> None:
    prove(START + BODIES[name] + END, "tf1", tmp_path)


TABLE = """
import numpy as np
import pandas as pd
import tensorflow as tf

RANDOM = np.random.RandomState(0)
TABLE = pd.DataFrame({"size": RANDOM.rand(60), "count": RANDOM.randint(0, 9, 60)})
TABLE["word"] = RANDOM.choice(["a", "b"], 60)
LABEL = pd.Series((TABLE["size"] * 2).astype("int64"))


def input_fn(epochs, shuffle=False):
    return tf.estimator.inputs.pandas_input_fn(TABLE, LABEL, batch_size=8, num_epochs=epochs, shuffle=shuffle)


def main():
    word = tf.feature_column.categorical_column_with_vocabulary_list("word", ["a", "b"])
    columns = [tf.feature_column.numeric_column("size"), tf.feature_column.numeric_column("count"), word]
    estimator = tf.estimator.LinearClassifier(columns)
    estimator.train(input_fn(None, shuffle=True), steps=12)
    print(estimator.evaluate(input_fn(1)))
    print(list(estimator.predict(input_fn(1)))[0])


main()
"""


@pytest.mark.parametrize("runtime", ["legacy", "tf1"])
def test_tables_are_read_as_they_were(runtime: str, tmp_path: Path) -> None:
    prove(TABLE, runtime, tmp_path)


CELLS = """
import numpy as np
import tensorflow as tf

RANDOM = np.random.RandomState(0)
SIZE = RANDOM.rand(60, 2).astype("float32")
columns = [tf.feature_column.numeric_column("size", shape=[2])]


def input_fn(epochs=None):
    return tf.data.Dataset.from_tensor_slices(({"size": SIZE}, SIZE[:, 0])).repeat(epochs).batch(12)


model = tf.estimator.DNNRegressor([4], columns)


def squares(labels, predictions):
    return {"squares": tf.metrics.mean(tf.square(labels - predictions["predictions"][:, 0]))}


model = tf.contrib.estimator.add_metrics(model, squares)
model.train(input_fn, steps=12)
print(model.evaluate(lambda: input_fn(1)))

model = tf.estimator.LinearRegressor(columns)


def squares(labels, predictions):
    return {"squares": tf.metrics.mean(tf.square(labels - predictions["predictions"][:, 0]))}


def errors(labels, predictions):
    return {"errors": tf.metrics.mean_absolute_error(labels, predictions["predictions"][:, 0])}


model = tf.contrib.estimator.add_metrics(model, squares)
model = tf.contrib.estimator.add_metrics(model, errors)
model.train(input_fn, steps=12)
print(model.evaluate(lambda: input_fn(1)))
"""


def test_copied_cells_measure_what_they_did(tmp_path: Path) -> None:
    prove(CELLS, "tf1", tmp_path)

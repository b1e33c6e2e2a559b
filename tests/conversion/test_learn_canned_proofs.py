"""Canned estimators of `tf.contrib.learn` compute what they did: each program is run as it was and as it became."""

from __future__ import annotations

from pathlib import Path

import pytest

from .test_proofs import prove

pytestmark = pytest.mark.runtime

START = """
import numpy as np
import tensorflow as tf

layers = tf.contrib.layers
RANDOM = np.random.RandomState(0)
SIZE = RANDOM.rand(60, 2).astype("float32")
AGE = RANDOM.randint(0, 80, 60)
WORD = RANDOM.choice(["a", "b", "c", "d"], (60, 1))
PLACE = RANDOM.choice(["x", "y", "z"], (60, 1))
CLASS = (SIZE[:, 0] * 3).astype("int64")


def numbers():
    return [layers.real_valued_column("size", dimension=2)]


def words():
    return layers.sparse_column_with_keys("word", keys=["a", "b", "c"])


def places():
    return layers.sparse_column_with_hash_bucket("place", hash_bucket_size=8)


def batches(labels, epochs=None):
    features = {"size": SIZE, "age": AGE, "word": WORD, "place": PLACE}
    dataset = tf.data.Dataset.from_tensor_slices((features, labels)).repeat(epochs).batch(12)
    return dataset.make_one_shot_iterator().get_next()

"""
# without the columns of tf.contrib.layers
TODAY = START.replace("layers = tf.contrib.layers\n", "")
TODAY = TODAY[: TODAY.index("def numbers")] + TODAY[TODAY.index("def batches") :]
END = """
    estimator.fit(input_fn=lambda: batches(labels), steps=12)
    print(estimator.evaluate(input_fn=lambda: batches(labels, 1), steps=5))
    print(list(estimator.predict(input_fn=lambda: batches(labels, 1))))


main()
"""
BODIES = {
    "a deep classifier": """
def main():
    labels = CLASS
    estimator = tf.contrib.learn.DNNClassifier(feature_columns=numbers(), hidden_units=[8, 4], n_classes=3)
""",
    "a deep classifier of two": """
def main():
    labels = CLASS % 2
    estimator = tf.contrib.learn.DNNClassifier([8], numbers(), activation_fn=tf.nn.tanh, dropout=0.2)
""",
    "a deep regressor without activation": """
def main():
    labels = SIZE[:, 0] * 3
    estimator = tf.contrib.learn.DNNRegressor(
        [8], numbers(), activation_fn=None, optimizer=tf.train.AdamOptimizer(0.01))
""",
    "a deep regressor of two values": """
def main():
    labels = SIZE * 3
    estimator = tf.contrib.learn.DNNRegressor([8], numbers(), label_dimension=2, optimizer="SGD")
""",
    "a deep classifier of words": """
def main():
    labels = CLASS % 2
    age = layers.real_valued_column("age")
    columns = numbers() + [
        layers.one_hot_column(places()), layers.embedding_column(words(), dimension=3),
        layers.embedding_column(places(), dimension=2, combiner="sum"),
        layers.bucketized_column(age, boundaries=[18, 25, 60]),
    ]
    estimator = tf.contrib.learn.DNNClassifier(hidden_units=[8], feature_columns=columns)
""",
    "a linear classifier": """
def main():
    labels = CLASS % 2
    age = layers.bucketized_column(layers.real_valued_column("age"), boundaries=[18, 25, 60])
    estimator = tf.contrib.learn.LinearClassifier(feature_columns=numbers() + [words(), places(), age])
""",
    "a linear classifier of crosses": """
def main():
    labels = CLASS % 2
    age = layers.bucketized_column(layers.real_valued_column("age"), boundaries=[18, 25, 60])
    crosses = [
        layers.crossed_column([words(), places()], hash_bucket_size=int(1e2)),
        layers.crossed_column([age, words(), places()], hash_bucket_size=int(1e3)),
    ]
    estimator = tf.contrib.learn.LinearClassifier(feature_columns=[words(), age] + crosses)
""",
    "a linear classifier of several": """
def main():
    labels = CLASS
    optimizer = tf.train.FtrlOptimizer(0.1, l1_regularization_strength=0.2, l2_regularization_strength=0.2)
    estimator = tf.contrib.learn.LinearClassifier(numbers() + [words()], n_classes=3, optimizer=optimizer)
""",
    "a linear regressor": """
def main():
    labels = SIZE[:, 0] * 3
    estimator = tf.contrib.learn.LinearRegressor(numbers() + [words()])
""",
    "both networks": """
def main():
    labels = CLASS % 2
    estimator = tf.contrib.learn.DNNLinearCombinedClassifier(
        linear_feature_columns=[words(), places()],
        dnn_feature_columns=numbers() + [layers.embedding_column(words(), dimension=3)],
        dnn_hidden_units=[8, 4], fix_global_step_increment_bug=True)
""",
    "both networks for values": """
def main():
    labels = SIZE[:, 0] * 3
    estimator = tf.contrib.learn.DNNLinearCombinedRegressor(
        linear_feature_columns=[words()], linear_optimizer="SGD", dnn_feature_columns=numbers(),
        dnn_optimizer=tf.train.AdamOptimizer(0.01), dnn_activation_fn=None, dnn_hidden_units=[4],
        fix_global_step_increment_bug=True)
""",
    "both networks, which both count the step": """
def main():
    labels = CLASS % 2
    estimator = tf.contrib.learn.DNNLinearCombinedClassifier(
        linear_feature_columns=[words(), places()], dnn_feature_columns=numbers(), dnn_hidden_units=[8])
""",
    "columns of today": """
def main():
    labels = CLASS % 2
    size = tf.feature_column.numeric_column("size", shape=[2])
    word = tf.feature_column.categorical_column_with_hash_bucket("word", 5)
    estimator = tf.contrib.learn.DNNLinearCombinedClassifier(
        linear_feature_columns=[size, word], dnn_feature_columns=[tf.feature_column.embedding_column(word, 3), size],
        dnn_hidden_units=[8], fix_global_step_increment_bug=True)
""",
}
ARRAYS = """
import numpy as np
import tensorflow as tf

X = np.random.RandomState(0).rand(60, 3)
Y = (X[:, 0] * 3).astype("int64")


def main():
    COLUMNS
    ESTIMATOR
    estimator.fit(x=X, y=Y, steps=12, batch_size=10)
    print(estimator.evaluate(x=X, y=Y)["loss"])
    print(list(estimator.predict(X[:8])), PREDICTED)


main()
"""
OF_ARRAYS = {
    "a deep classifier": (
        'columns = [tf.contrib.layers.real_valued_column("", dimension=3)]',
        "estimator = tf.contrib.learn.DNNClassifier(feature_columns=columns, hidden_units=[8], n_classes=3)",
        'list(estimator.predict_proba(X)), list(estimator.predict(x=X, outputs=["logits"]))',
    ),
    "a linear regressor": (
        "columns = tf.contrib.learn.infer_real_valued_columns_from_input(X)",
        "estimator = tf.contrib.learn.LinearRegressor(feature_columns=columns)",
        "list(estimator.predict_scores(x=X))",
    ),
}


@pytest.mark.parametrize("name", OF_ARRAYS)
def test_they_are_those_on_arrays_without_names(name: str, tmp_path: Path) -> None:
    columns, estimator, predicted = OF_ARRAYS[name]
    program = ARRAYS.replace("COLUMNS", columns).replace("ESTIMATOR", estimator).replace("PREDICTED", predicted)
    prove(program, "tf1", tmp_path)


@pytest.mark.parametrize("name", BODIES)
def test_the_numbers_are_those_of_the_estimator(name: str, tmp_path: Path) -> None:
    prove((TODAY if name == "columns of today" else START) + BODIES[name] + END, "tf1", tmp_path)

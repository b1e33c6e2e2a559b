"""The canned estimators of TensorFlow 1.15: their signatures, the networks they build, and those that stay.

Read in its sources: the two networks of a combined estimator have learning rates of their own, and a text that names
an optimizer is that optimizer with the rate of its network.
"""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Head:
    """A head of tf.contrib.estimator: what of the template it is, the argument that tells its outputs, its signature.

    `link` makes predictions of logits, and `loss` is that of an example, where they are not a regressor's own.
    """

    kind: str
    outputs: str
    signature: str
    link: str = ""
    loss: str = ""


@dataclasses.dataclass(frozen=True)
class Network:
    """One of the networks of an estimator, with the names of the arguments that describe it; a baseline has no columns.

    `rate`: the learning rate of an optimizer that is named or left out; `without`: where it is None. "{}" stands for
    the number of feature columns.
    """

    scope: str
    columns: str
    optimizer: str
    rate: str
    without: str | None = None
    units: str = ""
    activation: str = ""
    dropout: str = ""
    combiner: str = ""


@dataclasses.dataclass(frozen=True)
class Canned:
    """A canned estimator: its networks, its head, and its signature."""

    networks: tuple[Network, ...]
    head: str
    signature: str


GIVEN = "given"  # the head of an estimator that is given one
KERAS = "keras"  # that of an estimator whose network, loss and metrics a Keras model has
DNN = Network("dnn", "feature_columns", "optimizer", "0.05", None, "hidden_units", "activation_fn", "dropout")
LINEAR = Network("linear", "feature_columns", "optimizer", "0.2", "min(0.2, {} ** -0.5)", combiner="sparse_combiner")
BASELINE = Network("baseline", "", "optimizer", "0.3")
COMBINED = (
    Network(
        "dnn",
        "dnn_feature_columns",
        "dnn_optimizer",
        "0.001",
        None,
        "dnn_hidden_units",
        "dnn_activation_fn",
        "dnn_dropout",
    ),
    Network(
        "linear",
        "linear_feature_columns",
        "linear_optimizer",
        "min(0.005, {} ** -0.5)",
        combiner="linear_sparse_combiner",
    ),
)

DNN_TAIL = (
    "optimizer='Adagrad', activation_fn=None, dropout=None, input_layer_partitioner=None, config=None, "
    "warm_start_from=None, loss_reduction='sum', batch_norm=False"
)
LINEAR_TAIL = (
    "optimizer='Ftrl', config=None, partitioner=None, warm_start_from=None, loss_reduction='sum', sparse_combiner='sum'"
)
COMBINED_HEAD = (
    "model_dir=None, linear_feature_columns=None, linear_optimizer='Ftrl', dnn_feature_columns=None, "
    "dnn_optimizer='Adagrad', dnn_hidden_units=None, dnn_activation_fn=None, dnn_dropout=None"
)
COMBINED_TAIL = (
    "input_layer_partitioner=None, config=None, warm_start_from=None, loss_reduction='sum', batch_norm=False, "
    "linear_sparse_combiner='sum'"
)
CLASSES = "n_classes=2, weight_column=None, label_vocabulary=None"
VALUES = "label_dimension=1, weight_column=None"
BASELINE_TAIL = "optimizer='Ftrl', config=None, loss_reduction='sum'"

ESTIMATORS = {
    "DNNClassifier": Canned(
        (DNN,), "classifier", f"hidden_units, feature_columns, model_dir=None, {CLASSES}, {DNN_TAIL}"
    ),
    "DNNRegressor": Canned((DNN,), "regressor", f"hidden_units, feature_columns, model_dir=None, {VALUES}, {DNN_TAIL}"),
    "LinearClassifier": Canned((LINEAR,), "classifier", f"feature_columns, model_dir=None, {CLASSES}, {LINEAR_TAIL}"),
    "LinearRegressor": Canned((LINEAR,), "regressor", f"feature_columns, model_dir=None, {VALUES}, {LINEAR_TAIL}"),
    "DNNLinearCombinedClassifier": Canned(COMBINED, "classifier", f"{COMBINED_HEAD}, {CLASSES}, {COMBINED_TAIL}"),
    "DNNLinearCombinedRegressor": Canned(COMBINED, "regressor", f"{COMBINED_HEAD}, {VALUES}, {COMBINED_TAIL}"),
    "BaselineClassifier": Canned((BASELINE,), "classifier", f"model_dir=None, {CLASSES}, {BASELINE_TAIL}"),
    "BaselineRegressor": Canned((BASELINE,), "regressor", f"model_dir=None, {VALUES}, {BASELINE_TAIL}"),
    # those that are given their head
    "BaselineEstimator": Canned((BASELINE,), GIVEN, "head, model_dir=None, optimizer='Ftrl', config=None"),
    "DNNEstimator": Canned((DNN,), GIVEN, f"head, hidden_units, feature_columns, model_dir=None, {DNN_TAIL}"),
    "LinearEstimator": Canned((LINEAR,), GIVEN, f"head, feature_columns, model_dir=None, {LINEAR_TAIL}"),
    "DNNLinearCombinedEstimator": Canned(COMBINED, GIVEN, f"head, {COMBINED_HEAD}, {COMBINED_TAIL}"),
    # of a Keras model
    "model_to_estimator": Canned(
        (),
        KERAS,
        "keras_model=None, keras_model_path=None, custom_objects=None, model_dir=None, config=None, "
        "checkpoint_format=None, use_v2_estimator=False",
    ),
}
MODULE = "tensorflow.estimator."
KERAS_MODULE = "tensorflow.keras.estimator."

STAYING = {  # first words of a name -> why it stays
    "tensorflow.estimator.BoostedTrees": "boosted trees have no counterpart in Keras: TensorFlow Decision Forests",
    "tensorflow.contrib.boosted_trees.": "boosted trees have no counterpart in Keras: TensorFlow Decision Forests",
    "tensorflow.contrib.factorization.KMeans": "clustering has no counterpart in Keras: sklearn.cluster.KMeans",
    "tensorflow.contrib.learn.KMeans": "clustering has no counterpart in Keras: sklearn.cluster.KMeans",
    "tensorflow.contrib.factorization.WALS": "matrix factorisation by WALS has no counterpart in Keras: implicit.als",
    "tensorflow.contrib.estimator.": "the estimators of contrib are not covered yet",
    "tensorflow.contrib.learn.": "this estimator of contrib.learn was not measured",
}
ENDINGS = ("Classifier", "Regressor", "Estimator", "KMeans", "KMeansClustering", "WALSMatrixFactorization")
PLAIN = frozenset({"Estimator", "TPUEstimator", "SKCompat"})


def staying(name: str) -> str | None:
    """Why a canned estimator stays as it is; None for every other name."""
    last = name.rpartition(".")[2]
    if not last.endswith(ENDINGS) or last in PLAIN:
        return None
    return next((why for start, why in STAYING.items() if name.startswith(start)), None)


OPTIMIZERS = {  # the texts that name an optimizer
    "Adagrad": "AdagradOptimizer",
    "Adam": "AdamOptimizer",
    "Ftrl": "FtrlOptimizer",
    "RMSProp": "RMSPropOptimizer",
    "SGD": "GradientDescentOptimizer",
}

HEAD_TAIL = "loss_reduction='mean', loss_fn=None, name=None"
MEASURED = "thresholds=None, label_vocabulary=None"
HEADS = {  # the heads of tf.contrib.estimator in 1.15, whose losses are means
    "binary_classification_head": Head("binary", "1", f"weight_column=None, {MEASURED}, {HEAD_TAIL}"),
    "multi_class_head": Head(
        "classifier", "n_classes", f"n_classes, weight_column=None, label_vocabulary=None, {HEAD_TAIL}"
    ),
    "multi_label_head": Head(
        "labels",
        "n_classes",
        f"n_classes, weight_column=None, {MEASURED}, loss_reduction='mean', loss_fn=None, "
        "classes_for_class_based_metrics=None, name=None",
    ),
    "regression_head": Head(
        "regressor",
        "label_dimension",
        "weight_column=None, label_dimension=1, loss_reduction='mean', loss_fn=None, inverse_link_fn=None, name=None",
    ),
    "poisson_regression_head": Head(
        "regressor",
        "label_dimension",
        "weight_column=None, label_dimension=1, loss_reduction='mean', compute_full_loss=True, name=None",
        "exp",
        "poisson",
    ),
    "logistic_regression_head": Head(
        "regressor", "1", "weight_column=None, loss_reduction='mean', name=None", "sigmoid", "logistic"
    ),
}
MAKING = "tensorflow.contrib.estimator."
MERGED = "multi_head"
REFUSED = ("loss_fn", "inverse_link_fn", "classes_for_class_based_metrics")

"""The canned estimators of tf.contrib.learn in TensorFlow 1.15: their signatures, and where they differ from today's.

Read in its sources (contrib/learn/python/learn/estimators/dnn.py, linear.py, dnn_linear_combined.py and head.py):

- The loss is the mean over the batch, where those of tf.estimator sum; what `evaluate` calls `loss` is its mean.
- Layers are those of tf.contrib.layers, whose variables are `weights` and `biases`. A `DNNClassifier` without an
  activation function has relu, one that is given None has none, and a combined estimator that is given None has relu.
- Adagrad has 0.05 and Ftrl at most 0.2, in combined estimators too. Ftrl that is left out, or belongs to a combined
  estimator, has no more than one by the root of the number of columns.
- Each optimizer of a combined estimator counts the step, unless `fix_global_step_increment_bug` is set.
- `predict` gives one thing per example: the class, or the value.
"""

from __future__ import annotations

from migrator.plain.estimators import Canned, Network

LEARN = "tensorflow.contrib.learn."
RATE = "min(0.2, {} ** -0.5)"

DNN = Network("dnn", "feature_columns", "optimizer", "0.05", "0.05", "hidden_units", "activation_fn", "dropout")
LINEAR = Network("linear", "feature_columns", "optimizer", "0.2", RATE)
COMBINED = (
    Network(
        "dnn",
        "dnn_feature_columns",
        "dnn_optimizer",
        "0.05",
        "0.05",
        "dnn_hidden_units",
        "dnn_activation_fn",
        "dnn_dropout",
    ),
    Network("linear", "linear_feature_columns", "linear_optimizer", RATE, RATE),
)

BIAS = "gradient_clip_norm=None, enable_centered_bias=False"
ENGINEERED = "config=None, feature_engineering_fn=None"
EMBEDDED = "embedding_lr_multipliers=None, input_layer_min_slice_size=None"
DNN_MIDDLE = f"optimizer=None, activation_fn=relu, dropout=None, {BIAS}, {ENGINEERED}"
COMBINED_MIDDLE = (
    "weight_column_name=None, linear_feature_columns=None, linear_optimizer=None, _joint_linear_weights=False, "
    "dnn_feature_columns=None, dnn_optimizer=None, dnn_hidden_units=None, dnn_activation_fn=relu, dnn_dropout=None, "
    f"{BIAS}"
)
FIX = "fix_global_step_increment_bug"
FIXED = f"{FIX}=False"

ESTIMATORS = {
    "DNNClassifier": Canned(
        (DNN,),
        "classifier",
        f"hidden_units, feature_columns, model_dir=None, n_classes=2, weight_column_name=None, {DNN_MIDDLE}, "
        f"{EMBEDDED}, label_keys=None",
    ),
    "DNNRegressor": Canned(
        (DNN,),
        "regressor",
        f"hidden_units, feature_columns, model_dir=None, weight_column_name=None, {DNN_MIDDLE}, label_dimension=1, "
        f"{EMBEDDED}",
    ),
    "LinearClassifier": Canned(
        (LINEAR,),
        "classifier",
        f"feature_columns, model_dir=None, n_classes=2, weight_column_name=None, optimizer=None, {BIAS}, "
        f"_joint_weight=False, {ENGINEERED}, label_keys=None",
    ),
    "LinearRegressor": Canned(
        (LINEAR,),
        "regressor",
        f"feature_columns, model_dir=None, weight_column_name=None, optimizer=None, {BIAS}, label_dimension=1, "
        f"_joint_weights=False, {ENGINEERED}",
    ),
    "DNNLinearCombinedClassifier": Canned(
        COMBINED,
        "classifier",
        f"model_dir=None, n_classes=2, {COMBINED_MIDDLE}, {ENGINEERED}, {EMBEDDED}, label_keys=None, {FIXED}",
    ),
    "DNNLinearCombinedRegressor": Canned(
        COMBINED,
        "regressor",
        f"model_dir=None, {COMBINED_MIDDLE}, label_dimension=1, {ENGINEERED}, {EMBEDDED}, {FIXED}",
    ),
}

# arguments that must have their default; `input_layer_min_slice_size` is left out: on one machine nothing is sliced
UNCHANGED = {
    "weight_column_name": "the loss that is trained and the one that is reported weigh examples differently",
    "gradient_clip_norm": "gradients are clipped, which is not covered yet",
    "enable_centered_bias": "a centered bias is trained by an optimizer of its own",
    "feature_engineering_fn": "features are changed on the way, which is not covered yet",
    "embedding_lr_multipliers": "embeddings learn at rates of their own",
    "label_keys": "labels are texts, which is not covered yet",
    "_joint_weight": "the columns share one variable",
    "_joint_weights": "the columns share one variable",
    "_joint_linear_weights": "the columns share one variable",
}

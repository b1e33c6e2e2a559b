"""A canned estimator of tf.contrib.learn is written out with its own loss and layers, or stays with the reason."""

from __future__ import annotations

import pytest

from migrator.convert import convert

from .test_canned import HEAD, model_fn, reasons, written

COLUMNS = 'columns = [tf.contrib.layers.real_valued_column("x")]\n'
DATA = """

def input_fn():
    dataset = tf.data.Dataset.from_tensor_slices(({"x": [[1.0], [2.0]]}, [0, 1])).batch(2)
    return dataset.make_one_shot_iterator().get_next()


"""


def script(call: str, columns: str = COLUMNS) -> str:
    """A program that makes an estimator of contrib.learn, at the top of its file."""
    return f"{HEAD}{columns}estimator = tf.contrib.learn.{call}\n"


def test_it_is_an_estimator_that_predicts_one_thing_with_layers_and_columns_of_its_time() -> None:
    text = script("DNNClassifier(columns, [4], n_classes=3)".replace("columns, [4]", "[4], columns"))
    assert "estimator = tf.contrib.learn.Classifier(\n    model_fn=dnn_classifier,\n" in written(text)
    made = model_fn(text)
    assert '"""The model of tf.contrib.learn.DNNClassifier."""' in made
    assert 'tf.contrib.layers.input_from_feature_columns(features, params["feature_columns"])' in made
    assert 'activation_fn=tf.nn.relu, scope="hiddenlayer_%d" % index)' in made
    assert "loss = tf.losses.sparse_softmax_cross_entropy(targets, logits)\n" in made
    assert "tf.contrib.learn.Regressor(" in written(script("LinearRegressor(columns)"))


@pytest.mark.parametrize(
    ("call", "rate"),
    [
        ("DNNRegressor([4], columns)", "tf.train.AdagradOptimizer(0.05)"),
        ("DNNRegressor([4], columns, optimizer='Adam')", "tf.train.AdamOptimizer(0.05)"),
        ("DNNRegressor([4], columns, optimizer=None)", "tf.train.AdagradOptimizer(0.05)"),
        ("LinearRegressor(columns)", 'tf.train.FtrlOptimizer(min(0.2, len(params["feature_columns"]) ** -0.5))'),
        ("LinearRegressor(columns, optimizer='Ftrl')", "tf.train.FtrlOptimizer(0.2)"),
        (
            "DNNLinearCombinedRegressor(linear_feature_columns=columns, linear_optimizer='SGD')",
            'tf.train.GradientDescentOptimizer(min(0.2, len(params["linear_feature_columns"]) ** -0.5))',
        ),
        (
            "DNNLinearCombinedRegressor(dnn_feature_columns=columns, dnn_hidden_units=[3])",
            "tf.train.AdagradOptimizer(0.05)",
        ),
    ],
)
def test_the_optimizer_has_the_rate_that_contrib_learn_gave_its_network(call: str, rate: str) -> None:
    assert f"    optimizer = {rate}\n" in model_fn(script(call))


@pytest.mark.parametrize(
    ("call", "activation"),
    [
        ("DNNRegressor([4], columns)", "tf.nn.relu"),
        ("DNNRegressor([4], columns, activation_fn=None)", "None"),
        ("DNNRegressor([4], columns, activation_fn='tanh')", "tf.nn.tanh"),
        ("DNNRegressor([4], columns, activation_fn=tf.nn.elu)", "tf.nn.elu"),
        (
            "DNNLinearCombinedRegressor(dnn_feature_columns=columns, dnn_hidden_units=[3], dnn_activation_fn=None)",
            "tf.nn.relu",
        ),
    ],
)
def test_no_activation_is_relu_or_none(call: str, activation: str) -> None:
    assert f"activation_fn={activation}, scope=" in model_fn(script(call))


BOTH = "DNNLinearCombinedClassifier(linear_feature_columns=columns, dnn_feature_columns=columns, dnn_hidden_units=[3]"
MIXED = COLUMNS + 'others = [tf.feature_column.numeric_column("x")]\n'


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("DynamicRnnEstimator(columns)", "was not measured"),
        ("LinearClassifier(columns, weight_column_name='w')", "argument `weight_column_name`"),
        ("LinearClassifier(columns, gradient_clip_norm=1.0)", "gradients are clipped"),
        ("DNNClassifier([4], columns, enable_centered_bias=True)", "an optimizer of its own"),
        ("DNNClassifier([4], columns, enable_centered_bias=flag)", "an optimizer of its own"),
        ("DNNClassifier([4], columns, activation_fn='elu')", "names no activation"),
        ("DNNClassifier([4], columns, label_keys=['a', 'b', 'c'], n_classes=3)", "labels are texts"),
        (BOTH + ", fix_global_step_increment_bug=flag)", "it must be True or False"),
    ],
)
def test_what_was_not_measured_stays_with_the_reason(call: str, why: str) -> None:
    text = script(call)
    assert written(text) == text
    assert [why in reason for reason in reasons(text)] == [True]


@pytest.mark.parametrize(
    ("columns", "after", "why"),
    [
        ("columns = made()\n", "", "not in sight"),
        (MIXED, "", "may be those of tf.contrib.layers or of tf.feature_column"),
        (COLUMNS + 'one = tf.contrib.layers.real_valued_column("")\n', "", "others read features that are one tensor"),
        (COLUMNS, "estimator.export_savedmodel('here', receiver)\n", "signatures that were not measured"),
        (COLUMNS + "e = tf.contrib.layers.embedding_column(a, 3, trainable=False)\n", "", "trains its weights"),
    ],
)
def test_what_the_columns_and_the_program_leave_open_stays_too(columns: str, after: str, why: str) -> None:
    assert [why in reason for reason in reasons(script("LinearClassifier(columns)", columns) + after)] == [True]


def converted(text: str) -> str:
    """The program after its conversion, all of which was converted."""
    conversion = convert({"train.py": text})
    assert {unit.status for unit in conversion.ledger.units} == {"converted"}
    return next(edit.after for edit in conversion.edits if edit.path == "train.py")


def test_predictions_are_one_thing_per_example() -> None:
    calls = (
        "estimator.fit(input_fn=input_fn, steps=2)\nprint(list(estimator.predict(input_fn=input_fn)))\n"
        "shares = estimator.predict_proba(input_fn=input_fn)\n"
        'print(next(estimator.predict(input_fn=input_fn, outputs=["logits"])))\n'
    )
    text = converted(script("DNNClassifier([4], columns)") + DATA + calls)
    given = "predict_examples(estimator, input_fn(), keys="
    flat = " ".join(text.split()).replace("( ", "(").replace(" )", ")")
    assert 'example["classes"] for example in ' in flat and 'keys=["classes"]' in flat
    assert f'shares = (example["probabilities"] for example in {given}["probabilities"]))' in flat
    assert f'print(next({given}["logits"])))' in flat


def test_one_tensor_is_a_feature_without_name() -> None:
    columns = "columns = tf.contrib.learn.infer_real_valued_columns_from_input(x)\n"
    assert 'linear_model({"": features}, params["feature_columns"])' in model_fn(
        script("LinearRegressor(columns)", columns)
    )


@pytest.mark.parametrize(
    ("column", "today"),
    [
        ('real_valued_column("x", dimension=3)', 'tf.feature_column.numeric_column("x", shape=3)'),
        (
            'one_hot_column(tf.contrib.layers.sparse_column_with_keys("x", ["a", "b"]))',
            "tf.feature_column.indicator_column("
            'tf.feature_column.categorical_column_with_vocabulary_list("x", ["a", "b"]))',
        ),
        (
            'embedding_column(tf.contrib.layers.sparse_column_with_hash_bucket("x", 9), dimension=2)',
            'embedding_column(tf.feature_column.categorical_column_with_hash_bucket("x", 9), dimension=2)',
        ),
    ],
)
def test_columns_become_those_of_today(column: str, today: str) -> None:
    columns = f"columns = [tf.contrib.layers.{column}]\n"
    text = converted(
        script("DNNRegressor([4], columns)", columns) + DATA + "estimator.fit(input_fn=input_fn, steps=2)\n"
    )
    assert "".join(today.split()) in "".join(text.split()).replace(",)", ")").replace(",]", "]")


@pytest.mark.parametrize(
    ("column", "rule"),
    [
        ('sparse_column_with_keys("x", ["a"], combiner="mean")', "contrib-keys-column"),
        ('sparse_column_with_integerized_feature("x", bucket_size=5)', "contrib-integerized-column"),
    ],
)
def test_a_column_that_no_column_of_today_equals_is_refused(column: str, rule: str) -> None:
    columns = f"columns = [tf.contrib.layers.{column}]\n"
    text = script("LinearRegressor(columns)", columns) + DATA + "estimator.fit(input_fn=input_fn, steps=2)\n"
    (unit,) = (u for u in convert({"train.py": text}).ledger.units if u.kind == "canned_estimator")
    assert unit.status == "skipped" and rule in {finding.rule for finding in unit.findings}

"""A canned estimator is written out as an Estimator with a model_fn, or stays with the reason."""

from __future__ import annotations

import ast

import pytest

from migrator.convert import convert
from migrator.plain.plainer import plainer
from migrator.source.project import Project

HEAD = "import tensorflow as tf\n\n"
DATA = """

def input_fn():
    return tf.data.Dataset.from_tensor_slices(({"x": [[1.0], [2.0]]}, [0, 1])).batch(2)

"""
COLUMNS = 'columns = [tf.feature_column.numeric_column("x")]\n'


def written(text: str) -> str:
    """The only file in plainer words."""
    return plainer(Project({"train.py": text})).sources["train.py"]


def model_fn(text: str) -> str:
    """The first function of the plainer text."""
    made = written(text)
    node = next(n for n in ast.parse(made).body if isinstance(n, ast.FunctionDef))
    return ast.get_source_segment(made, node) or ""


def reasons(text: str) -> list[str]:
    """Why the constructions stay."""
    return [why for _, why in plainer(Project({"train.py": text})).stayed]


def script(call: str, before: str = "") -> str:
    """A program that makes an estimator, at the top of its file."""
    return f"{HEAD}{COLUMNS}{before}estimator = {call}\n"


def test_the_arguments_of_the_network_become_params_and_keep_their_comments() -> None:
    call = (
        "tf.estimator.DNNClassifier(\n    feature_columns=columns,\n    # Two layers.\n    hidden_units=[10, 10],\n"
        '    model_dir="model",  # Kept.\n    n_classes=3)'
    )
    assert written(script(call)).endswith(
        "estimator = tf.estimator.Estimator(\n"
        "    model_fn=dnn_classifier,\n"
        "    # Kept.\n"
        '    model_dir="model",\n'
        "    params={\n"
        '        "feature_columns": columns,\n'
        "        # Two layers.\n"
        '        "hidden_units": [10, 10],\n'
        '        "n_classes": 3,\n'
        "    },\n"
        ")\n"
    )


@pytest.mark.parametrize(
    ("call", "rate"),
    [
        ("DNNRegressor([4], columns)", "tf.train.AdagradOptimizer(0.05)"),
        ("DNNRegressor([4], columns, optimizer='Adam')", "tf.train.AdamOptimizer(0.05)"),
        ("LinearRegressor(columns)", "tf.train.FtrlOptimizer(0.2)"),
        (
            "LinearRegressor(columns, optimizer=None)",
            'tf.train.FtrlOptimizer(min(0.2, len(params["feature_columns"]) ** -0.5))',
        ),
        ("LinearRegressor(columns, optimizer='SGD')", "tf.train.GradientDescentOptimizer(0.2)"),
        (
            "DNNLinearCombinedRegressor(dnn_feature_columns=columns, dnn_hidden_units=[3])",
            "tf.train.AdagradOptimizer(0.001)",
        ),
        (
            "DNNLinearCombinedRegressor(linear_feature_columns=columns, linear_optimizer='Adam')",
            'tf.train.AdamOptimizer(min(0.005, len(params["linear_feature_columns"]) ** -0.5))',
        ),
        ("DNNRegressor([4], columns, optimizer=tf.train.AdamOptimizer(1e-3))", "tf.train.AdamOptimizer(1e-3)"),
        ("DNNRegressor([4], columns, optimizer=lambda: tf.train.AdamOptimizer(1e-3))", "tf.train.AdamOptimizer(1e-3)"),
    ],
)
def test_the_optimizer_has_the_rate_of_its_network(call: str, rate: str) -> None:
    assert f"    optimizer = {rate}\n" in model_fn(script(f"tf.estimator.{call}"))


def test_a_function_that_makes_the_optimizer_is_called_in_the_model_fn() -> None:
    made = "def slow():\n    return tf.train.AdamOptimizer(1e-4)\n\n\n"
    text = script("tf.estimator.DNNRegressor([4], columns, optimizer=slow)", made)
    assert "    optimizer = slow()\n" in written(text)


def test_each_network_of_a_combined_estimator_has_its_optimizer() -> None:
    text = model_fn(
        script(
            "tf.estimator.DNNLinearCombinedClassifier(linear_feature_columns=columns, dnn_feature_columns=columns, "
            "dnn_hidden_units=[3], dnn_activation_fn=None, dnn_dropout=0.5)"
        )
    )
    assert "logits = dnn_logits + linear_logits\n" in text
    assert 'dnn_optimizer.minimize(loss, var_list=tf.trainable_variables("dnn/"))' in text
    assert 'linear_optimizer.minimize(loss, var_list=tf.trainable_variables("linear/"))' in text
    assert "activation=tf.nn.relu" in text and "tf.layers.dropout(net, 0.5, " in text


def test_what_is_read_of_the_function_around_goes_through_params() -> None:
    text = (
        f"{HEAD}def build(args, columns):\n"
        "    optimizer = tf.train.AdamOptimizer(args.rate)\n"
        "    return tf.estimator.DNNRegressor([4], columns, optimizer=optimizer, dropout=args.rate)\n"
    )
    assert 'tf.train.AdamOptimizer(params["rate"])' in model_fn(text).replace("'", '"')
    assert '"rate": args.rate,' in written(text)
    assert "optimizer = tf.train.AdamOptimizer(args" not in written(text)


def test_names_of_another_file_count_the_classes() -> None:
    call = "tf.estimator.LinearClassifier(columns, n_classes=len(names.CLASSES), label_vocabulary=names.CLASSES)"
    sources = {"train.py": "import names\n" + script(call), "names.py": 'CLASSES = ["a", "b"]\n'}
    text = plainer(Project(sources)).sources["train.py"]
    assert "two_class_logits" in text and 'index_table_from_tensor(params["label_vocabulary"])' in text


def test_added_metrics_join_those_of_the_head() -> None:
    added = "def size(labels, predictions):\n    return {}\n\n\n"
    text = script("tf.estimator.LinearRegressor(columns)", added)
    text += "estimator = tf.contrib.estimator.add_metrics(estimator, size)\n"
    assert "    metrics.update(size(labels=labels, predictions=predictions))\n" in written(text)
    assert "add_metrics" not in written(text)


CELL = """\
estimator = tf.estimator.LinearRegressor(columns)


def size(labels, predictions):
    return {"size": tf.metrics.mean(labels)}


estimator = tf.contrib.estimator.add_metrics(estimator, size)
"""
OTHER = CELL.replace("size", "other")


def test_a_function_that_a_copied_cell_defines_again_is_one() -> None:
    text = written(HEAD + CELL + "\n" + CELL)
    assert text.count("def size(") == 1 and text.count("metrics.update(size(") == 2
    assert text.index("def size(") < text.index("def linear_regressor(") < text.index("estimator = ")


def test_metrics_are_those_of_the_last_estimator_under_a_name() -> None:
    first, second = written(HEAD + CELL + "\n" + OTHER).split("def linear_regressor_2(")
    assert "update(size(" in first and "update(other(" not in first
    assert "update(other(" in second and "update(size(" not in second


def test_metrics_are_those_of_every_estimator_that_a_branch_makes() -> None:
    both = """
def build(deep):
    if deep:
        estimator = tf.estimator.DNNRegressor([4], columns)
    else:
        estimator = tf.estimator.LinearRegressor(columns)
    return tf.contrib.estimator.add_metrics(estimator, size)
""".replace("return", "estimator =")
    function = CELL.split("\n\n\n")[1] + "\n"
    assert written(HEAD + function + both + "    return estimator\n").count("update(size(") == 2


STAYING_CELLS = {
    "stands for several functions": CELL + CELL.replace("mean(labels)", "mean(1.0)"),
    "stands for several objects": CELL + "size.unit = 1\n" + CELL,
    "needs `SCALE`, which is bound only after": CELL.replace("\n\n\ndef", "\nSCALE = 2.0\n\n\ndef").replace(
        "mean(labels)", "mean(labels * SCALE)"
    ),
    "needs what decorates it only after": CELL.replace("def size", "@str\ndef size"),
    "is extended in a loop before it is made": CELL.split("\n\n\n")[1]
    + "\nestimator = None\nfor _ in range(2):\n    if estimator is not None:\n"
    + "        estimator = tf.contrib.estimator.add_metrics(estimator, size)\n"
    + "    estimator = tf.estimator.LinearRegressor(columns)\n",
}


@pytest.mark.parametrize(("reason", "text"), STAYING_CELLS.items(), ids=STAYING_CELLS)
def test_metrics_of_a_script_that_cannot_be_followed_stay(reason: str, text: str) -> None:
    (_, why) = plainer(Project({"train.py": HEAD + text})).stayed[0]
    assert reason in why


INNER = """\
def build(rate):
    estimator = tf.estimator.LinearRegressor(columns)

    # How wrong it is.
    def size(labels, predictions):
        return {"size": tf.metrics.mean(labels)}

    estimator = tf.contrib.estimator.add_metrics(estimator, size)
    return estimator
"""


def test_an_inner_function_of_added_metrics_moves_to_the_model_fn() -> None:
    text = written(HEAD + INNER)
    top = '\n\n\ndef size(labels, predictions):\n    return {"size": tf.metrics.mean(labels)}\n\n\n'
    assert text.count("def size(") == 1 and top in text and "add_metrics" not in text
    assert text.index("def size(") < text.index("def linear_regressor(") < text.index("def build(")


def test_inner_functions_of_one_name_get_names_of_their_own() -> None:
    text = written(HEAD + INNER + "\n\n" + INNER.replace("def build", "def again").replace("mean(labels)", "mean(1.0)"))
    for name, value in (("linear_regressor", "labels"), ("linear_regressor_2", "1.0")):
        assert f'def {name}_size(labels, predictions):\n    return {{"size": tf.metrics.mean({value})}}\n' in text
        assert f"metrics.update({name}_size(labels=labels, predictions=predictions))\n" in text


STAYING_INNER = {
    "reads `rate` of the function around": ("mean(labels)", "mean(labels * rate)"),
    "is not one function that metrics alone": ("    return estimator\n", "    print(size)\n    return estimator\n"),
    "stands for another function at the top": ("def build(", "def size():\n    pass\n\n\ndef build("),
    "asks for more than features": ("size(labels, predictions)", "size(labels, predictions, other)"),
}


@pytest.mark.parametrize(("reason", "change"), STAYING_INNER.items(), ids=STAYING_INNER)
def test_an_inner_function_that_cannot_move_stays(reason: str, change: tuple[str, str]) -> None:
    (_, why) = plainer(Project({"train.py": HEAD + INNER.replace(*change)})).stayed[0]
    assert reason in why


def test_features_that_are_forwarded_join_the_predictions() -> None:
    text = script("tf.estimator.LinearRegressor(columns)", 'KEY = "id"\n')
    text += "estimator = tf.contrib.estimator.forward_features(estimator, KEY)\n"
    text += "estimator = tf.contrib.estimator.forward_features(estimator, ['a', \"b\"])\n"
    made = model_fn(text)
    for key in ("KEY", "'a'", '"b"'):
        assert f"    predictions[{key}] = features[{key}]\n" in made
    assert "forward_features" not in written(text)


def test_an_optimizer_that_two_are_given_is_written_out_in_both() -> None:
    before = "optimizer = tf.train.AdamOptimizer(0.1)\n"
    text = script("tf.estimator.LinearRegressor(columns, optimizer=optimizer)", before)
    text += "other = tf.estimator.LinearClassifier(columns, optimizer=optimizer)\n"
    made = written(text)
    assert made.count("    optimizer = tf.train.AdamOptimizer(0.1)\n") == 2
    assert "\noptimizer = " not in made


BRANCHES = """\
def make(kind):
    if kind == "wide":
        optimizer = tf.train.FtrlOptimizer(0.2)
        made = tf.estimator.LinearRegressor(columns, optimizer=optimizer)
    else:
        made = tf.estimator.DNNRegressor([4], columns)
    return made
"""


def test_an_optimizer_may_be_made_in_the_branch_that_makes_the_estimator() -> None:
    made = written(HEAD + COLUMNS + BRANCHES)
    assert "optimizer = tf.train.FtrlOptimizer(0.2)\n    train_op" in made
    assert "        made = tf.estimator.Estimator(\n            model_fn=linear_regressor," in made


@pytest.mark.parametrize("branch", ["    else:\n", "    for _ in kind:\n"])
def test_one_that_another_branch_makes_stays(branch: str) -> None:
    text = BRANCHES.replace("    else:\n        made = tf.estimator.DNNRegressor([4], columns)\n", "")
    text = text.replace("        made", f"{branch}        made")
    (reason,) = reasons(HEAD + COLUMNS + text)
    assert reason == "argument `optimizer`: which optimizer it is cannot be followed"


def test_both_stay_where_one_of_them_does() -> None:
    before = "optimizer = tf.train.AdamOptimizer(0.1)\n"
    text = script("tf.estimator.LinearRegressor(columns, optimizer=optimizer)", before)
    text += "other = tf.estimator.LinearClassifier(columns, n_classes=count(), optimizer=optimizer)\n"
    assert written(text) == text
    assert reasons(text)[-1] == "an argument is given to another estimator too, which stays"


def test_an_optimizer_may_be_made_by_a_function_of_the_file() -> None:
    before = "def make(rate):\n    return tf.train.AdamOptimizer(rate)\n\n\n"
    text = script("tf.estimator.LinearRegressor(columns, optimizer=lambda: make(0.1))", before)
    assert "    optimizer = make(0.1)\n" in written(text)


@pytest.mark.parametrize(
    ("given", "written_out"),
    [
        ("'w'", "    weights = tf.cast(tf.reshape(features['w'], [-1, 1]), tf.float32)\n"),
        ("tf.feature_column.numeric_column('w')", "features['w']"),
        ("WEIGHT", 'features["size"]'),
        ("None", ""),
        ("settings.WEIGHT", "\n    if settings.WEIGHT is not None:\n        weights = tf.cast("),
    ],
)
def test_the_weights_of_examples(given: str, written_out: str) -> None:
    text = script(f"tf.estimator.LinearRegressor(columns, weight_column={given})", 'WEIGHT = "size"\n')
    made = model_fn("import settings\n" + text)
    assert written_out.replace('"', "'") in made.replace('"', "'")
    assert ("weights" in made) is bool(written_out)


def test_a_baseline_has_a_bias_alone() -> None:
    made = model_fn(script("tf.estimator.BaselineClassifier(n_classes=3)"))
    assert '        bias = tf.get_variable("bias", [params["n_classes"]], initializer=tf.zeros_initializer())\n' in made
    assert "    optimizer = tf.train.FtrlOptimizer(0.3)\n" in made


def test_a_model_fn_without_settings_takes_none() -> None:
    text = written(script("tf.estimator.BaselineClassifier(\n    # Here.\n    'folder')"))
    assert "def baseline_classifier(features, labels, mode):\n" in text
    assert "(\n    model_fn=baseline_classifier,\n    # Here.\n    model_dir='folder',\n)\n" in text


def test_merged_heads_are_written_side_by_side() -> None:
    heads = "tf.contrib.estimator.multi_class_head(3, name='a'), tf.contrib.estimator.regression_head(name='b')"
    made = f"heads = [{heads}]\n"
    text = script("tf.estimator.DNNEstimator(tf.contrib.estimator.multi_head(heads), [4], columns)", made)
    assert '        logits = tf.layers.dense(net, 4, name="logits")\n' in written(text)
    assert "    a_logits, b_logits = tf.split(logits, [3, 1], axis=-1)\n" in written(text)
    assert "    loss = a_loss + b_loss\n" in written(text) and "heads = [" not in written(text)


def test_an_estimator_that_is_given_its_head_has_the_mean_as_its_loss() -> None:
    before = "head = tf.contrib.estimator.multi_class_head(3, weight_column='w')\n"
    text = script("tf.estimator.DNNEstimator(head, [4], columns)", before)
    made = model_fn(text)
    assert 'logits = tf.layers.dense(net, params["n_classes"], name="logits")' in made
    assert "    loss = tf.reduce_mean(weights * example_loss)\n" in made
    assert "contrib" not in written(text)
    assert written(text.replace("tf.estimator.DNNEst", "tf.contrib.estimator.DNNEst")).count("contrib") == 0


def test_batch_norm_follows_each_hidden_layer_and_its_averages_move_in_training() -> None:
    made = model_fn(script("tf.estimator.DNNRegressor([4], columns, batch_norm=True)"))
    assert 'name="hiddenlayer_%d/batchnorm_%d" % (index, index))' in made
    assert "train_op = tf.group(train_op, tf.get_collection(tf.GraphKeys.UPDATE_OPS))" in made


def test_a_number_of_classes_known_only_when_it_is_made_chooses_between_two_model_fns() -> None:
    text = script("tf.estimator.LinearClassifier(columns, n_classes=settings.count)", "import settings\n")
    made = written(text)
    assert "model_fn=binary_linear_classifier if settings.count == 2 else linear_classifier,\n" in made
    several, two = made[made.index("def linear_classifier") :].split("def binary_linear_classifier")
    assert "softmax_cross_entropy" in several and 'units=params["n_classes"]' in several
    assert "sigmoid_cross_entropy" in two and "units=" not in two
    assert '"n_classes": settings.count,' in made
    units = convert({"train.py": text}).ledger.units
    assert [unit.kind for unit in units if unit.kind != "training_loop"] == ["canned_estimator"]


def test_two_estimators_have_model_fns_of_their_own() -> None:
    text = script("tf.estimator.LinearRegressor(columns)") + "other = tf.estimator.LinearRegressor(columns)\n"
    assert "model_fn=linear_regressor,\n" in written(text) and "model_fn=linear_regressor_2,\n" in written(text)


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("tf.estimator.DNNClassifier([4], columns, n_classes=count())", "give their number a name"),
        ("tf.estimator.DNNClassifier([4], columns, batch_norm=flag())", "argument `batch_norm`"),
        ("tf.estimator.DNNClassifier([4], columns, optimizer=made())", "which optimizer it is cannot be followed"),
        ("tf.estimator.DNNClassifier([4], columns, weight_column=columns[0])", "argument `weight_column`"),
        ("tf.estimator.DNNClassifier(**options)", "arguments passed with * or **"),
        ("tf.estimator.DNNClassifier([4])", "required argument `feature_columns` is missing"),
        ("tf.estimator.BoostedTreesClassifier(columns, 1)", "TensorFlow Decision Forests"),
        ("tf.contrib.learn.DynamicRnnEstimator(columns)", "was not measured"),
        ("tf.estimator.DNNEstimator(head, [4], columns)", "which head it is cannot be followed"),
        (
            "tf.estimator.LinearEstimator(tf.contrib.estimator.regression_head(name=title), columns)",
            "argument `name` of the head",
        ),
    ],
)
def test_what_cannot_be_written_out_stays_with_the_reason(call: str, why: str) -> None:
    text = script(call)
    assert written(text) == text
    assert [why in reason for reason in reasons(text)] == [True]


def test_an_optimizer_that_other_code_reads_stays() -> None:
    before = "optimizer = tf.train.AdamOptimizer(0.1)\nprint(optimizer)\n"
    assert reasons(script("tf.estimator.DNNRegressor([4], columns, optimizer=optimizer)", before)) == [
        "argument `optimizer`: other code reads the optimizer too"
    ]


def test_one_that_is_exported_has_its_signatures() -> None:
    text = script("tf.estimator.LinearRegressor(columns)") + 'estimator.export_savedmodel("here", receiver)\n'
    made = model_fn(text)
    assert '"predict": tf.estimator.export.PredictOutput(predictions),\n            "serving_default": served,' in made
    assert '"regression": served,' in made


# ------------------------------------------------------------------------------------------------------- the ledger
def test_units_and_findings_stand_on_the_lines_of_the_program() -> None:
    text = script("tf.estimator.DNNClassifier([10], columns)") + DATA + "estimator.train(input_fn, steps=2)\n"
    conversion = convert({"train.py": text})
    found = {(u.kind, u.line, u.name, u.status) for u in conversion.ledger.units}
    train = text.split("\n").index("estimator.train(input_fn, steps=2)") + 1
    assert found == {
        ("canned_estimator", 4, "DNNClassifier", "converted"),
        ("training_loop", train, "train", "converted"),
    }
    assert {(s.name, s.line) for s in conversion.ledger.symbols} == {("tensorflow.estimator.DNNClassifier", 4)}
    assert [edit.before for edit in conversion.edits if edit.path == "train.py"] == [text]
    (model,) = conversion.models
    assert model["unit"] == "canned_estimator:train.py:4" and model["legacy"]["lines"] == [4]


def test_one_that_the_program_around_refuses_is_left_as_it_was() -> None:
    text = script("tf.estimator.DNNClassifier([10], columns)") + "estimator.train(unknown(), hooks=more())\n"
    conversion = convert({"train.py": text})
    assert conversion.edits == ()
    (unit,) = [u for u in conversion.ledger.units if u.kind == "canned_estimator"]
    assert unit.status == "skipped" and unit.findings and {f.line for f in unit.findings} <= {4, 5}


def test_a_refused_one_does_not_keep_its_neighbour() -> None:
    text = f"{HEAD}{COLUMNS}\n\ndef trees():\n    return tf.estimator.BoostedTreesClassifier(columns, 1)\n{DATA}"
    text += "linear = tf.estimator.LinearClassifier(columns)\nlinear.train(input_fn, steps=2)\n"
    conversion = convert({"train.py": text})
    assert {u.name: u.status for u in conversion.ledger.units if u.kind == "canned_estimator"} == {
        "BoostedTreesClassifier": "skipped",
        "LinearClassifier": "converted",
    }
    after = next(edit.after for edit in conversion.edits if edit.path == "train.py")
    assert "tf.estimator.BoostedTreesClassifier(columns, 1)" in after


def test_a_second_conversion_changes_nothing() -> None:
    text = script("tf.estimator.DNNClassifier([10], columns)") + DATA + "estimator.train(input_fn, steps=2)\n"
    after = {edit.path: edit.after for edit in convert({"train.py": text}).edits}
    assert convert(after).edits == ()


def test_what_a_caller_in_a_later_file_gives_is_known() -> None:
    model = (
        f"{HEAD}def build(config):\n"
        '    columns = [tf.feature_column.numeric_column("x")]\n'
        "    return tf.estimator.LinearRegressor(columns, config=config)\n"
    )
    task = f"{HEAD}import model\n{DATA}\ndef main():\n    config = tf.estimator.RunConfig(tf_random_seed=1)\n"
    task += '    model.build(config).train(input_fn, steps=1)\n\n\nif __name__ == "__main__":\n    main()\n'
    conversion = convert({"model.py": model, "task.py": task})
    assert {unit.status for unit in conversion.ledger.units} == {"converted"}

"""`tf.contrib.learn`: Experiments and their runner, its Estimator, and predictors."""

from __future__ import annotations

import pytest

from migrator.convert import convert

from .small import MODEL_FN, converted, line_of, program, refused

TRAINS = "    tf.estimator.Estimator(model_fn).train(input_fn, steps=8)\n"
RUNNER = "from tensorflow.contrib.learn.python.learn import learn_runner\n"
CONFIG = 'tf.contrib.learn.RunConfig(model_dir="runs")'


def experiment(
    arguments: str = "train_steps=10, eval_steps=3",
    made: str = "config=run_config",
    run: str = f"learn_runner.run(experiment_fn, run_config={CONFIG})",
) -> str:
    """The small program, run by an experiment_fn."""
    function = "def experiment_fn(run_config, hparams):\n"
    function += f"    estimator = tf.estimator.Estimator(model_fn, {made})\n"
    function += f"    return tf.contrib.learn.Experiment(estimator, input_fn, input_fn, {arguments})\n"
    text = program().replace(TRAINS, f"    {run}\n").replace("\n\ndef main", f"\n\n{function}\n\ndef main", 1)
    return text.replace("import tensorflow as tf\n", f"import tensorflow as tf\n{RUNNER}", 1)


SERVED = """

def serving_input_fn():
    inputs = {"x": tf.placeholder(tf.float32, [None, 3])}
    return tf.estimator.export.ServingInputReceiver(inputs, inputs)
"""
STRATEGY = "tf.contrib.learn.make_export_strategy(serving_input_fn, exports_to_keep=1)"


def exporting(strategy: str = STRATEGY, more: str = "") -> str:
    """The small program, run by an experiment_fn, with an export at its end."""
    text = experiment(f"train_steps=10, eval_steps=3, export_strategies=[{strategy}]{more}")
    return text.replace("\n\ndef experiment_fn", f"{SERVED}\n\ndef experiment_fn", 1)


# ------------------------------------------------------------------------------------------------------- experiments
def test_an_experiment_and_its_runner_are_those_of_the_support_module() -> None:
    after = converted(experiment())["train.py"]
    assert "    estimator = build_model().kept_in(run_config.model_dir)\n" in after
    assert "    return Experiment(estimator, input_fn, input_fn, train_steps=10, eval_steps=3)\n" in after
    assert '    run_experiment(experiment_fn, run_config=RunConfig(model_dir="runs"))\n' in after
    assert "learn_runner" not in after


def test_the_runner_is_found_under_its_public_name_too() -> None:
    text = experiment(run=f"tf.contrib.learn.learn_runner.run(experiment_fn, run_config={CONFIG})")
    assert "    run_experiment(experiment_fn," in converted(text.replace(RUNNER, ""))["train.py"]


def test_an_experiment_fn_of_a_folder() -> None:
    text = experiment(made="output_dir", run='learn_runner.run(experiment_fn, "runs", schedule="train")')
    after = converted(text.replace("run_config, hparams", "output_dir"))["train.py"]
    assert "build_model().kept_in(output_dir)" in after
    assert "    run_experiment(experiment_fn, \"runs\", schedule='train')\n".replace("'", '"') in after


def test_the_legacy_import_of_a_name_that_stays_in_use_goes() -> None:
    text = experiment().replace("tf.contrib.learn.Experiment", "Experiment")
    after = converted(text.replace(RUNNER, f"{RUNNER}from tensorflow.contrib.learn import Experiment\n"))["train.py"]
    assert "contrib" not in after and "    return Experiment(estimator, input_fn," in after


def test_an_experiment_keeps_its_layout() -> None:
    lines = "train_steps=10,\n        eval_steps=int(\n            3),\n    "
    assert f"input_fn, {lines})\n" in converted(experiment(lines))["train.py"]
    after = converted(experiment(f"eval_delay_secs=1, {lines}"))["train.py"]
    assert "    return Experiment(\n        estimator,\n        train_input_fn=input_fn,\n" in after
    assert "        eval_steps=int(\n            3),\n    )\n" in after


def test_an_experiment_without_a_runner() -> None:
    text = experiment(run=f"experiment_fn({CONFIG}, None).train_and_evaluate()")
    assert ".train_and_evaluate()\n" in converted(text)["train.py"]


def test_evaluations_on_the_way_follow_the_checkpoints() -> None:
    config = CONFIG[:-1] + ", save_checkpoints_steps=5)"
    after = converted(experiment(run=f"learn_runner.run(experiment_fn, run_config={config})"))["train.py"]
    assert "evaluate_every=5" in after


def test_a_run_config_with_other_settings_is_followed() -> None:
    run = f'config = {CONFIG}\n    config = config.replace(model_dir="other")\n'
    text = experiment(run=run + "    learn_runner.run(experiment_fn, run_config=config)")
    after = converted(text)["train.py"]
    assert 'config = config.replace(model_dir="other")\n' in after and "kept_in(run_config.model_dir)" in after


def test_what_waits_for_other_processes_goes_with_a_finding() -> None:
    text = experiment("train_steps=10, eval_delay_secs=5, train_monitors=[], eval_hooks=None")
    assert "secs" not in converted(text)["train.py"]
    found = {f.message for u in convert({"train.py": text}).ledger.units for f in u.findings if f.rule == "experiment"}
    assert any("`eval_delay_secs` goes" in message for message in found)


def test_hooks_of_an_experiment_that_only_report_go() -> None:
    text = experiment("train_steps=10, train_monitors=[hook]")
    text = text.replace(
        "    estimator =", '    hook = tf.train.LoggingTensorHook({"loss": "loss"}, every_n_iter=5)\n    estimator ='
    )
    assert "ook" not in converted(text)["train.py"]


@pytest.mark.parametrize(
    "arguments",
    [
        "train_steps=10, eval_metrics={'a': abs}",
        "train_steps=10, export_strategies=[abs]",
        "train_steps=10, train_monitors=[abs]",
        "train_steps=10, saving_listeners=[abs]",
    ],
)
def test_what_an_experiment_does_beyond_that_refuses(arguments: str) -> None:
    text = experiment(arguments)
    assert ("experiment", line_of(text, arguments)) in refused(text)


def test_an_export_strategy_is_an_exporter() -> None:
    after = "".join(converted(exporting())["train.py"].split()).replace(",)", ")").replace(",]", "]")
    assert "export_strategies=[LatestExporter('Servo',serving_input_fn,exports_to_keep=1)]" in after


@pytest.mark.parametrize(
    ("strategy", "more"),
    [
        (STRATEGY[:-1] + ", default_output_alternative_key='a')", ""),
        (STRATEGY[:-1] + ", assets_extra={'a': 'b'})", ""),
        (STRATEGY, ", checkpoint_and_export=True"),
    ],
)
def test_what_an_export_strategy_does_beyond_that_refuses(strategy: str, more: str) -> None:
    assert {rule for rule, _ in refused(exporting(strategy, more))} <= {"export", "experiment"}


def test_a_schedule_that_is_not_there_refuses() -> None:
    run = f"learn_runner.run(experiment_fn, run_config={CONFIG}, schedule='continuous_eval')"
    text = experiment(run=run)
    assert ("experiment", line_of(text, "continuous_eval")) in refused(text)


def test_what_else_is_asked_of_an_experiment_refuses() -> None:
    text = experiment(run=f"experiment_fn({CONFIG}, None).extend_train_hooks([])")
    assert ("experiment", line_of(text, "extend_train_hooks")) in refused(text)


def test_a_program_s_own_thing_keeps_its_name() -> None:
    text = experiment().replace("def main()", "def run_experiment()").replace("    main()", "    run_experiment()")
    after = converted(text)["train.py"]
    assert "run_experiment as keras_run_experiment" in after and "    keras_run_experiment(experiment_fn," in after


# --------------------------------------------------------------------------------------------------------- Estimator
OPS = MODEL_FN.replace("labels", "targets").replace("tf.estimator.EstimatorSpec", "tf.contrib.learn.ModelFnOps")
OPS = OPS.replace("ModeKeys.PREDICT", "ModeKeys.INFER").replace("tf.estimator.M", "tf.contrib.learn.M")
THREE = """
def model_fn(features, labels, mode, params):
    logits = tf.layers.dense(features["x"], 1)
    predictions = {"y": logits}
    if mode == tf.contrib.learn.ModeKeys.INFER:
        return predictions, None, None
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    if mode == tf.contrib.learn.ModeKeys.EVAL:
        return predictions, loss, None
    train_op = tf.train.AdamOptimizer(params["rate"]).minimize(loss, tf.train.get_global_step())
    return predictions, loss, train_op
"""
ITERATED = """
def input_fn():
    x = np.arange(24, dtype="float32").reshape(8, 3)
    dataset = tf.data.Dataset.from_tensor_slices(({"x": x}, x.sum(1))).repeat().batch(4)
    return dataset.make_one_shot_iterator().get_next()
"""


def learner(calls: str, model_fn: str = OPS, made: str = "model_fn") -> str:
    """A program around an Estimator of contrib.learn."""
    lines = f"    learner = tf.contrib.learn.Estimator({made})\n" + "".join(f"    {c}\n" for c in calls.split("\n"))
    return program(model_fn=model_fn, input_fn=ITERATED).replace(TRAINS, lines)


@pytest.mark.parametrize(
    ("call", "after"),
    [
        ("learner.fit(input_fn=input_fn, steps=8)", "learner.fit(input_fn(), steps_per_epoch=8)"),
        ("learner.fit(input_fn=input_fn, max_steps=8)", "fit_until(learner, input_fn(), max_steps=8)"),
        ("learner.partial_fit(input_fn=input_fn)", "learner.fit(input_fn(), steps_per_epoch=1)"),
        ("learner.evaluate(input_fn=input_fn, steps=3, name='a')", "learner.evaluate(input_fn(), steps=3)"),
        (
            "learner.fit(x, y, steps=8, batch_size=6)",
            "learner.fit(array_batches(x, y=y, batch_size=6, epochs=None, shuffle=True), steps_per_epoch=8)",
        ),
        ("learner.evaluate(x=x, y=y)", "learner.evaluate(array_batches(x, y=y))"),
        (
            "learner.predict(x=x, outputs=['y'], as_iterable=True)",
            "predict_examples(learner, array_batches(x), keys=['y'])",
        ),
    ],
)
def test_its_methods_become_keras_calls(call: str, after: str) -> None:
    text = learner(f"x, y = 1, 2\n{call}")
    flat = " ".join(converted(text)["train.py"].split()).replace("( ", "(").replace(", )", ")").replace(" )", ")")
    assert after in flat


@pytest.mark.parametrize(
    "call",
    [
        "learner.evaluate(input_fn=input_fn, metrics={'a': abs})",
        "learner.evaluate(input_fn=input_fn, feed_fn=abs)",
        "learner.fit(input_fn=input_fn, monitors=[abs])",
        "learner.predict(input_fn=input_fn, as_iterable=False)",
        "other = learner.fit(input_fn=input_fn, steps=1)",
        "learner.export('runs')",
    ],
)
def test_what_it_does_beyond_that_refuses(call: str) -> None:
    text = learner(call)
    assert {rule for rule, _ in refused(text)} <= {"estimator-argument", "estimator-method"}


SPEC = 'tf.contrib.learn.MetricSpec(tf.metrics.accuracy, "y")'


def test_metrics_of_an_evaluation_are_keras_metrics() -> None:
    text = learner(f'more = {{"accuracy": {SPEC}}}\nlearner.evaluate(input_fn=input_fn, metrics=more, steps=3)')
    after = converted(text)["train.py"]
    assert 'more = {"accuracy": (ElementAccuracy(), "y", None)}' in after
    assert "evaluate_with(learner, input_fn(), more, steps=3)" in after


def test_metrics_of_an_experiment_are_keras_metrics_too() -> None:
    text = experiment(f"train_steps=10, eval_metrics={{'accuracy': {SPEC}}}", "config=run_config")
    text = text.replace("tf.estimator.Estimator(", "tf.contrib.learn.Estimator(")
    assert "eval_metrics={'accuracy': (ElementAccuracy(), \"y\", None)}" in converted(text)["train.py"]


@pytest.mark.parametrize("spec", [SPEC[:-1] + ', weight_key="w")', SPEC.replace("tf.metrics.accuracy", "abs")])
def test_a_metric_that_is_not_measured_refuses(spec: str) -> None:
    text = learner(f'learner.evaluate(input_fn=input_fn, metrics={{"a": {spec}}})')
    assert ("metric-spec", line_of(text, "MetricSpec")) in refused(text)


def test_predictions_without_a_name_refuse() -> None:
    text = learner("learner.predict(input_fn=input_fn)", OPS.replace('{"y": logits}', "logits"))
    assert ("estimator-method", line_of(text, "learner.predict")) in refused(text)


def test_three_things_are_a_spec() -> None:
    after = converted(learner("learner.fit(input_fn=input_fn, steps=8)", THREE, 'model_fn, params={"rate": 0.1}'))
    assert 'keras.optimizers.Adam(params["rate"], epsilon=1e-08)' in after["train.py"]
    assert 'return {"y": logits}' in after["train.py"]


def test_a_mode_that_does_not_exist_refuses() -> None:
    text = learner("learner.fit(input_fn=input_fn, steps=8)", OPS.replace("ModeKeys.INFER", "ModeKeys.PREDICT"))
    assert refused(text) == {("mode-key", line_of(text, "ModeKeys.PREDICT"))}


# --------------------------------------------------------------------------------------------------------- predictor
def predicting(call: str = "tf.contrib.predictor.from_estimator(estimator, serving_input_fn)") -> str:
    """The small program with a predictor made of its Estimator."""
    lines = "    estimator = tf.estimator.Estimator(model_fn)\n    estimator.train(input_fn, steps=8)\n"
    lines += f"    predict = {call}\n"
    return program(model_fn=MODEL_FN + SERVED).replace(
        TRAINS, lines + '    print(predict({"x": np.ones((2, 3))})["y"])\n'
    )


def test_a_predictor_is_the_one_of_the_support_module() -> None:
    assert "    predict = predictor(estimator, serving_input_fn())\n" in converted(predicting())["train.py"]


def saved(call: str) -> str:
    """The small program, which reads a SavedModel after it has trained."""
    return program().replace(".train(input_fn, steps=8)", f".train(input_fn, steps=8)\n    print({call}({{'x': [1]}}))")


def test_a_predictor_of_a_saved_model_is_one_too() -> None:
    text = saved("tf.contrib.predictor.from_saved_model('out', 'predict')")
    assert "print(saved_model_predictor('out', 'predict')({'x': [1]}))" in converted(text)["train.py"]


def test_a_predictor_of_tensors_chosen_by_hand_refuses() -> None:
    text = saved("tf.contrib.predictor.from_saved_model('out', input_names={'x': 'x:0'})")
    assert ("saved-model-predictor", line_of(text, "from_saved_model")) in refused(text)


def test_a_predictor_of_one_of_several_outputs_refuses() -> None:
    text = predicting('tf.contrib.predictor.from_estimator(estimator, serving_input_fn, "other")')
    assert ("predictor", line_of(text, '"other"')) in refused(text)

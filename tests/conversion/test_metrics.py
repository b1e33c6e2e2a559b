"""What evaluate reports: metrics by key, values computed from metrics, metrics made in loops and under conditions."""

from __future__ import annotations

import pytest

from .small import converted, line_of, program, refused

EVALUATED = """
def model_fn(features, labels, mode, params):
    logits = tf.layers.dense(features["x"], 2)
    classes = tf.argmax(logits, axis=1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    labels = tf.cast(labels > 30.0, tf.int64)
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    METRICS
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops=metrics)
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
F1 = """
precision, precision_op = tf.metrics.precision(labels, classes)
recall, recall_op = tf.metrics.recall(labels, classes)
f1 = 2 * precision * recall / (precision + recall + 1e-6)
metrics = {"f1": (f1, tf.group(precision_op, recall_op)), "recall": (recall, recall_op)}
"""
LOOP = """
metrics = {}
for k in (0, 1):
    metrics["mean_{}".format(k)] = tf.metrics.mean(logits[:, k])
"""
CONDITION = """
metrics = {"accuracy": tf.metrics.accuracy(labels, classes)}
if params["more"]:
    metrics["mean"] = tf.metrics.mean(logits)
"""
SIDES = """
if params["more"]:
    metrics = {"mean": tf.metrics.mean(logits)}
else:
    metrics = dict(accuracy=tf.metrics.accuracy(labels, classes))
"""
TWICE = """
accuracy = tf.metrics.accuracy(labels, classes)
metrics = {"accuracy": accuracy, "also/accuracy": accuracy, "rows": (tf.constant(8), tf.no_op())}
"""
SUMMARISED = """
accuracy = tf.metrics.accuracy(labels, classes)
tf.summary.scalar("accuracy", accuracy[1])
metrics = {"mean": tf.metrics.mean(logits)}
"""
UPDATED = """
metrics = {"mean": tf.metrics.mean(logits)}
metrics.update(accuracy=tf.metrics.accuracy(labels, classes))
metrics.update({"low": tf.metrics.mean(logits[:, 0])})
"""


HELPER = """

def metric_fn(labels, classes):
    precision, precision_op = tf.metrics.precision(labels, classes)
    recall, recall_op = tf.metrics.recall(labels, classes)
    f1 = 2 * precision * recall / (precision + recall + 1e-6)
    return {"f1": (f1, tf.group(precision_op, recall_op)), "recall": (recall, recall_op)}

"""


def evaluated(metrics: str) -> str:
    """A program that trains and evaluates with these metrics."""
    lines = metrics.strip().replace("\n", "\n    ")
    text = program(model_fn=EVALUATED.replace("METRICS", lines))
    made = 'tf.estimator.Estimator(model_fn, params={"more": True})'
    body = f"estimator = {made}\n    estimator.train(input_fn, steps=8)\n    estimator.evaluate(input_fn, steps=2)"
    return text.replace("tf.estimator.Estimator(model_fn).train(input_fn, steps=8)", body)


def after(metrics: str) -> str:
    """The migrated program."""
    return converted(evaluated(metrics))["train.py"]


def test_a_value_computed_from_metrics_is_computed_when_the_results_are_asked_for() -> None:
    text = after(F1)
    assert "self.precision.update_state(labels, classes)" in text
    assert "    def get_metrics_result(self):\n        results = super().get_metrics_result()\n" in text
    assert "f1 = 2 * self.precision.result() * self.recall.result()" in text
    assert "results['f1'] = f1" in text


def test_a_metric_that_is_only_computed_with_is_not_reported() -> None:
    text = after(F1)
    assert "del results['precision']" in text and "del results['recall']" not in text


def with_helper(helper: str = HELPER) -> str:
    """A program whose metrics are made in a function."""
    return evaluated("metrics = metric_fn(labels, classes)").replace("\n\ndef model_fn", helper + "\ndef model_fn")


def test_a_function_of_metrics_tells_what_it_computes_from_them() -> None:
    text = converted(with_helper())["train.py"]
    assert "    def results(self):" in text and "            'f1': f1,\n" in text
    assert "        del results['metric_fn_0']\n        results.update(self.metric_fn.results())\n" in text


def test_a_function_that_computes_with_its_tensors_refuses() -> None:
    text = with_helper(HELPER.replace("1e-6", "tf.reduce_mean(labels)"))
    assert {rule for rule, _ in refused(text)} == {"metrics"}


def test_metrics_made_in_a_loop_are_a_list() -> None:
    text = after(LOOP)
    assert 'self.means = [keras.metrics.Mean(name="mean_{}".format(k)) for k in (0, 1)]' in text
    assert "for k, mean in zip((0, 1), self.means):\n            mean.update_state(logits[:, k])" in text


def test_a_metric_made_under_a_condition_is_updated_under_it() -> None:
    text = after(CONDITION)
    assert "        if params[\"more\"]:\n            self.mean = keras.metrics.Mean(name='mean')" in text
    assert '        if self.params["more"]:\n            self.mean.update_state(logits)' in text


def test_one_of_two_dictionaries_is_made_where_the_condition_holds() -> None:
    text = after(SIDES)
    assert "        else:\n            self.accuracy = keras.metrics.Accuracy(name='accuracy')" in text
    assert "        else:\n            self.accuracy.update_state(labels, classes)" in text


def test_other_names_of_a_metric_and_constants_are_added_to_the_results() -> None:
    text = after(TWICE)
    assert "results['also/accuracy'] = self.accuracy.result()" in text
    assert "results['rows'] = tf.constant(8)" in text


def test_a_metric_that_is_only_summarised_goes() -> None:
    assert "Accuracy" not in after(SUMMARISED)


def test_a_dictionary_may_be_updated() -> None:
    text = after(UPDATED)
    assert all(f"name='{name}'" in text for name in ("mean", "accuracy", "low"))


@pytest.mark.parametrize(
    ("metrics", "reason"),
    [
        ('metrics = {"now": (tf.reduce_mean(logits), tf.no_op())}', "belongs to a batch"),
        ('mean = tf.metrics.mean(logits)\nmetrics = {"mean": (mean[0] * 2, tf.no_op())}', "never updated"),
        ('mean = tf.metrics.mean(logits)\nmetrics = {"mean": (mean[0] * 2, tf.assign(a, b))}', "be followed"),
        ('metrics = {"loss_now": loss}', "neither a tf.metrics call nor a pair"),
        ('metrics = {"sum": bert.total(logits)}', "and an update: `bert.total` is not in the files read"),
        ('metrics = {"r": tf.contrib.metrics.unheard_of(logits)}', "`tensorflow.contrib.metrics.unheard_of` is not"),
    ],
)
def test_what_is_no_metric_and_not_made_of_updated_ones_refuses(metrics: str, reason: str) -> None:
    from migrator.convert import convert

    from .small import reasons

    text = "import bert\n" + evaluated(metrics)
    assert refused(text) == {("metrics", line_of(text, "metrics = {"))}
    assert reason in reasons(convert({"train.py": text}))[0]


DISTRIBUTED = """
if not tf.contrib.distribute.has_distribution_strategy():
    accuracy = tf.metrics.accuracy(labels, classes)
else:
    accuracy = (tf.no_op(), tf.constant(0))
metrics = {"accuracy": accuracy}
"""


def test_a_metric_left_out_on_several_devices_is_made_in_evaluation() -> None:
    text = after(DISTRIBUTED)
    assert "keras.metrics.Accuracy(name='accuracy')" in text and "has_" not in text


def test_a_program_that_evaluates_on_several_devices_refuses_it() -> None:
    config = "config=tf.estimator.RunConfig(eval_distribute=tf.distribute.MirroredStrategy()), "
    text = evaluated(DISTRIBUTED).replace("Estimator(model_fn, ", f"Estimator(model_fn, {config}")
    assert refused(text)


def test_the_best_f1_score_is_a_metric_of_its_own() -> None:
    text = after('metrics = {"f1": tf.contrib.metrics.f1_score(labels, classes)}')
    assert "BestF1Score(name='f1')" in text or 'BestF1Score(name="f1")' in text

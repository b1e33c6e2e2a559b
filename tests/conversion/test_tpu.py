"""TPUEstimators: metrics as a function and tensors, host calls, batch sizes in params, sharded optimizers, clusters."""

from __future__ import annotations

import pytest

from migrator.convert import convert

from .small import converted, refused

SHARDED = """import numpy as np
import tensorflow as tf

tf.flags.DEFINE_bool("use_tpu", False, "")
tf.flags.DEFINE_integer("batch_size", 4, "")
FLAGS = tf.flags.FLAGS


def metric_fn(labels, logits, weights):
    classes = tf.argmax(logits, axis=1)
    return {
        "accuracy": tf.metrics.accuracy(labels, classes),
        "weighted": tf.metrics.mean(logits[:, 0], weights=weights),
    }


def model_fn(features, labels, mode, params):
    logits = tf.layers.dense(features["x"], 2)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.tpu.TPUEstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    host_call = None
    train_op = None
    if mode == tf.estimator.ModeKeys.TRAIN:
        optimizer = tf.train.AdamOptimizer(0.01)
        if FLAGS.use_tpu:
            optimizer = tf.tpu.CrossShardOptimizer(optimizer)
        train_op = optimizer.minimize(loss, tf.train.get_global_step())

        def host_call_fn(loss):
            HOST
            return tf.no_op()

        host_call = (host_call_fn, [tf.reshape(loss, [1])])
    metrics = (metric_fn, [labels, logits, tf.cast(labels, tf.float32)])
    return tf.estimator.tpu.TPUEstimatorSpec(
        mode, loss=loss, train_op=train_op, eval_metrics=metrics, host_call=host_call
    )


def input_fn(params):
    x = np.arange(24, dtype="float32").reshape(8, 3)
    dataset = tf.data.Dataset.from_tensor_slices(({"x": x}, np.arange(8) % 2))
    return dataset.repeat().batch(params["batch_size"])


def main(_):
    cluster = None
    if FLAGS.use_tpu:
        cluster = tf.distribute.cluster_resolver.TPUClusterResolver("")
    config = tf.estimator.tpu.RunConfig(
        cluster=cluster, tpu_config=tf.estimator.tpu.TPUConfig(iterations_per_loop=4), tf_random_seed=3
    )
    estimator = tf.estimator.tpu.TPUEstimator(
        model_fn,
        use_tpu=FLAGS.use_tpu,
        train_batch_size=FLAGS.batch_size,
        eval_batch_size=2,
        config=config,
        params={"depth": 3},
    )
    estimator.train(input_fn, steps=8)
    estimator.evaluate(input_fn, steps=2)


if __name__ == "__main__":
    tf.app.run(main)
"""
PROGRAM = SHARDED.replace("HOST", 'tf.summary.scalar("loss", loss[0])')


def after(text: str = PROGRAM) -> str:
    """The migrated program."""
    return converted(text)["train.py"]


def test_a_cluster_that_is_printed_is_none_from_then_on() -> None:
    shown = PROGRAM.replace("    config = tf.", '    print("cluster:", cluster)\n    config = tf.', 1)
    text = after(shown)
    assert '    cluster = None\n    print("cluster:", cluster)\n' in text
    assert "TPUClusterResolver" not in text and "use_tpu:" not in text


def test_a_cluster_that_is_used_otherwise_is_refused() -> None:
    used = PROGRAM.replace("    config = tf.", "    print(cluster.master())\n    config = tf.", 1)
    assert {rule for rule, _ in refused(used)} == {"no-rule"}


def test_the_metric_function_becomes_a_layer_of_metrics_that_is_called_on_its_tensors() -> None:
    text = after()
    assert "        self.weighted" not in text  # it is named after what it is
    assert "class Metric(keras.layers.Layer):" in text
    assert "self.metric_fn(labels, logits, tf.cast(labels, tf.float32))" in text


def test_tensors_may_be_given_by_name() -> None:
    listed = "[labels, logits, tf.cast(labels, tf.float32)]"
    named = '{"labels": labels, "weights": tf.cast(labels, tf.float32), "logits": logits}'
    assert "self.metric_fn(" in after(PROGRAM.replace(listed, named))


def test_a_host_call_that_only_summarises_goes_with_a_finding() -> None:
    assert "host_call" not in after()
    rules = {f.rule for unit in convert({"train.py": PROGRAM}).ledger.units for f in unit.findings}
    assert rules == {"host-call", "cross-shard"}


GIVEN = "        host_call = (host_call_fn, [tf.reshape(loss, [1])])\n"
CHOSEN = "        if not FLAGS.use_tpu:\n    " + GIVEN


def test_a_host_call_that_a_flag_asks_for_goes_alike() -> None:
    text = converted(PROGRAM.replace(GIVEN, CHOSEN))["train.py"]
    assert "host_call" not in text and GIVEN in PROGRAM
    does_more = SHARDED.replace("HOST", "open('loss')").replace(GIVEN, CHOSEN)
    assert {rule for rule, _ in refused(does_more)} == {"spec-host-call"}


@pytest.mark.parametrize("does", ['tf.io.write_file("loss", tf.as_string(loss[0]))', "elsewhere(loss)", "open('loss')"])
def test_a_host_call_that_does_more_refuses(does: str) -> None:
    assert {rule for rule, _ in refused(SHARDED.replace("HOST", does))} == {"spec-host-call"}


def test_the_input_function_gets_the_batch_size_of_its_mode() -> None:
    text = after()
    assert (
        """fit(
        input_fn(params={"depth": 3, "batch_size": FLAGS.batch_size}), steps_per_epoch=8
    )"""
        in text
    )
    assert 'evaluate(input_fn(params={"depth": 3, "batch_size": 2}), steps=2)' in text


def test_a_lambda_gets_it_in_the_place_of_its_parameter() -> None:
    given = "lambda params: input_fn({'batch_size': params['batch_size']})"
    text = PROGRAM.replace("estimator.train(input_fn, ", f"estimator.train({given}, ")
    assert "input_fn({'batch_size': FLAGS.batch_size})" in after(text)


RUNNER = """
class Runner:
    def __init__(self, size):
        config = tf.estimator.tpu.RunConfig()
        self.estimator = tf.estimator.tpu.TPUEstimator(
            model_fn, use_tpu=False, train_batch_size=size, eval_batch_size=2, config=config, params=self.options()
        )

    def options(self):
        return {"depth": 3}

    def run(self):
        self.estimator.train(input_fn, steps=8)
        self.estimator.evaluate(lambda params: input_fn(params), steps=2)


def main(_):
    Runner(4).run()
"""
IN_A_CLASS = PROGRAM[: PROGRAM.index("def main(_)")] + RUNNER.lstrip() + PROGRAM[PROGRAM.index("\n\nif __name__") :]


def test_a_model_keeps_the_params_for_calls_elsewhere() -> None:
    text = after(IN_A_CLASS)
    made = "build_model, self.options(), train_batch_size=size, eval_batch_size=2"
    assert f"with_input_params(\n            {made}" in text
    assert "input_fn(params=self.estimator.input_params['train'])" in text
    assert "input_fn(self.estimator.input_params['eval'])" in text


def test_nothing_is_left_of_the_cluster_and_the_shards() -> None:
    text = after()
    assert "luster" not in text and "CrossShard" not in text and "tpu_config" not in text
    assert "keras.utils.set_random_seed(3)" in text


def test_a_sum_over_shards_refuses() -> None:
    text = PROGRAM.replace("(optimizer)\n", "(optimizer, reduction=tf.losses.Reduction.SUM)\n")
    assert {rule for rule, _ in refused(text)} == {"cross-shard"}


def test_a_model_that_reads_the_batch_size_refuses() -> None:
    text = PROGRAM.replace('tf.layers.dense(features["x"], 2)', 'tf.layers.dense(features["x"], params["batch_size"])')
    assert {rule for rule, _ in refused(text)} == {"tpu-estimator"}


@pytest.mark.parametrize("home", ["tf.contrib.tpu", "tf.compat.v1.estimator.tpu"])
def test_the_classes_are_the_same_under_their_other_names(home: str) -> None:
    assert after(PROGRAM.replace("tf.estimator.tpu", home)) == after()


TWINS = """    metrics = (metric_fn, [labels, logits, tf.cast(labels, tf.float32)])
    if FLAGS.use_tpu:
        return tf.estimator.tpu.TPUEstimatorSpec(
            mode, loss=loss, train_op=train_op, eval_metrics=metrics, host_call=host_call
        )
    ops = None
    if mode == tf.estimator.ModeKeys.EVAL:
        ops = metric_fn(labels, logits, tf.cast(labels, tf.float32))
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op, eval_metric_ops=ops)
"""
TWO_SPECS = PROGRAM[: PROGRAM.index("    metrics = (")] + TWINS + PROGRAM[PROGRAM.index("\n\ndef input_fn") :]


def test_of_a_spec_for_tpus_and_a_plain_one_the_plain_one_is_converted() -> None:
    text = after(TWO_SPECS)
    assert "        self.metric_fn(labels, logits, tf.cast(labels, tf.float32))" in text
    assert "if FLAGS.use_tpu" not in text
    findings = [f.rule for unit in convert({"train.py": TWO_SPECS}).ledger.units for f in unit.findings]
    assert "twin-specs" in findings


def test_specs_that_train_differently_refuse() -> None:
    other = "EstimatorSpec(mode, loss=2 * loss, train_op=train_op, eval_metric_ops=ops)"
    text = TWO_SPECS.replace("EstimatorSpec(mode, loss=loss, train_op=train_op, eval_metric_ops=ops)", other)
    assert {rule for rule, _ in refused(text)} == {"spec"}

"""Two specs of which one is returned: where both give the same, one is enough; else the model_fn is refused."""

from __future__ import annotations

import pytest

from .small import HEAD, converted, program, refused

TPU = "tf.contrib.tpu.TPUEstimatorSpec"
PLAIN = "tf.estimator.EstimatorSpec"
CHOICE = HEAD + '\nUSE_TPU = input() == "tpu"\n'
HOOK = "\n\nclass Stop(tf.train.SessionRunHook):\n    def after_run(self, context, values):\n        context.stop()\n"


def model_fn(*, train: str, predict: str = "", other: str = "", spec: str = PLAIN) -> str:
    """A model_fn that returns one spec on a TPU, which has `train` besides, and another elsewhere."""
    return f"""
def model_fn(features, labels, mode):
    logits = tf.layers.dense(features["x"], 1)
    predictions = {{"y": logits}}
    if mode == tf.estimator.ModeKeys.PREDICT:
        if USE_TPU:
            return {TPU}(mode=mode, predictions=predictions{predict})
        return {PLAIN}(mode=tf.estimator.ModeKeys.PREDICT, predictions=predictions)
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    if USE_TPU:
        spec = {spec if spec != PLAIN else TPU}(mode=mode, loss=loss, train_op=train_op{train})
    else:
        spec = {spec}(mode=mode, loss=loss, train_op=train_op{other})
    return spec
"""


REPORTING = ", training_hooks=[tf.train.LoggingTensorHook({'loss': loss}, every_n_iter=10)]"
HOST_CALL = ", host_call=(lambda loss: tf.no_op(), [tf.reshape(loss, [1])])"


@pytest.mark.parametrize(
    "text",
    [
        model_fn(train=""),
        model_fn(train="", other=", predictions=predictions"),
        model_fn(train=HOST_CALL, other=REPORTING),
        model_fn(train=HOST_CALL, other=REPORTING, spec=TPU),
        model_fn(train=REPORTING, other="", spec=TPU),
    ],
)
def test_of_two_specs_that_compute_the_same_one_is_converted(text: str) -> None:
    after = converted(program(model_fn=text, head=CHOICE))["train.py"]
    assert "Spec" not in after and "class Model(EstimatorModel)" in after


@pytest.mark.parametrize(
    "text",
    [
        model_fn(train="", other="").replace("mode=mode, loss=loss", "mode=mode, loss=2 * loss", 1),
        model_fn(train="", predict="").replace("predictions=predictions)", "predictions={'z': logits})", 1),
        model_fn(train=", training_hooks=[Stop()]", spec=PLAIN.replace("tf.", "tf.compat.v1.")).replace(
            "compat.v1.", ""
        ),
        model_fn(train=", training_hooks=[Stop()]", spec=TPU),
        model_fn(train="", other=", training_hooks=[Stop()]", spec=TPU),
        model_fn(
            train=", eval_metrics=(lambda l: {'m': tf.metrics.mean(l)}, [labels])",
            other=", eval_metrics=(lambda l: {'m': tf.metrics.mean(2 * l)}, [labels])",
            spec=TPU,
        ),
    ],
)
def test_specs_that_compute_something_else_refuse(text: str) -> None:
    reasons = refused(program(model_fn=text, head=CHOICE + HOOK))
    assert {rule for rule, _ in reasons} <= {"spec", "spec-training-hooks"} and reasons


AGAIN = "train_op = tf.train.AdamOptimizer(0.5).minimize(loss, tf.train.get_global_step())\n        spec"


@pytest.mark.parametrize("branch", ["    if USE_TPU:\n        spec", "    else:\n        spec"])
@pytest.mark.parametrize("spec", [TPU, PLAIN])
def test_a_name_that_stands_for_something_else_in_one_branch_refuses(branch: str, spec: str) -> None:
    text = model_fn(train="", spec=spec)
    text = text.replace(branch, branch.replace("spec", AGAIN))
    assert {rule for rule, _ in refused(program(model_fn=text, head=CHOICE))} <= {"spec", "train-op"}


def test_the_spec_for_other_machines_is_the_one_for_tpus() -> None:
    text = model_fn(train="").replace(
        f"        spec = {PLAIN}(mode=mode, loss=loss, train_op=train_op)", "        pass"
    )
    text = text.replace("    if USE_TPU:\n        spec", "    if True:\n        spec")
    text = text.replace("    return spec\n", "    return spec if USE_TPU else spec.as_estimator_spec()\n")
    assert "Spec" not in converted(program(model_fn=text, head=CHOICE))["train.py"]


WRITER = """

def written(loss):
    def write(step, loss):
        with tf.contrib.summary.create_file_writer("out").as_default():
            tf.contrib.summary.scalar("loss", loss[0], step=step[0])
        return tf.contrib.summary.all_summary_ops()

    return write, [tf.reshape(tf.train.get_global_step(), [1]), tf.reshape(loss, [1])]
"""


def test_what_only_a_left_out_host_call_is_made_of_stays_as_it_is_with_a_marker() -> None:
    text = program(model_fn=model_fn(train=", host_call=written(loss)", spec=TPU), head=CHOICE + WRITER)
    after = converted(text)["train.py"]
    assert "# TODO(migrate): there is no rule for `tf.contrib.summary.create_file_writer`" in after
    assert after.count("written") == 1


def test_what_other_code_still_names_must_be_converted() -> None:
    text = program(model_fn=model_fn(train=", host_call=written(loss)", spec=TPU), head=CHOICE + WRITER)
    used = "print(written)\n\n\ndef main():"
    assert {rule for rule, _ in refused(text.replace("def main():", used))} == {"no-rule"}


def test_what_only_code_beside_the_program_names_is_left_and_marked() -> None:
    text = program(model_fn=model_fn(train=", host_call=written(loss)", spec=TPU), head=CHOICE + WRITER)
    used = "def other():\n    return [written]\n\n\ndef main():"
    after = converted(text.replace("def main():", used))["train.py"]
    assert "# TODO(migrate): there is no rule for" in after and "return [written]" in after

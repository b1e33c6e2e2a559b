"""Towers on several GPUs are one model on one device, and a loss that is scaled up and down again is the loss."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.convert import convert

from .small import MODEL_FN, converted, program, reasons, refused
from .test_object_proofs import read_out
from .test_proofs import prove

MINIMIZED = "    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())\n"
WRAPPED = """    optimizer = tf.train.AdamOptimizer(0.01)
    if params["towers"]:
        optimizer = tf.contrib.estimator.TowerOptimizer(optimizer)
    train_op = optimizer.minimize(loss, tf.train.get_global_step())
"""
SCALED = """    optimizer = tf.train.MomentumOptimizer(0.01, 0.9)
    step = tf.train.get_global_step()
    if params["scale"] != 1:
        # Small gradients would vanish.
        scaled = optimizer.compute_gradients(loss * scale)
        # And back.
        unscaled = [(grad / scale, var) for grad, var in scaled]
        train_op = optimizer.apply_gradients(unscaled, step)
    else:
        train_op = optimizer.minimize(loss, step)
"""
ALWAYS = """    optimizer = tf.train.MomentumOptimizer(0.01, 0.9)
    scaled = optimizer.compute_gradients(128.0 * loss)
    unscaled = [(grad / 128.0, var) for grad, var in scaled]
    train_op = optimizer.apply_gradients(unscaled, tf.train.get_global_step())
"""


def with_params(minimized: str, more: str = "") -> str:
    """A program whose model_fn is given params."""
    model_fn = MODEL_FN.replace(MINIMIZED, more + minimized).replace("labels, mode)", "labels, mode, params)")
    text = program(model_fn=model_fn)
    given = 'tf.estimator.Estimator(model_fn, params={"towers": False, "scale": 64.0})'
    return text.replace("tf.estimator.Estimator(model_fn)", given)


def scaling(minimized: str = SCALED) -> str:
    return with_params(minimized.replace('params["scale"]', "scale"), '    scale = params["scale"]\n')


def test_a_tower_optimizer_is_the_optimizer_inside_and_that_is_said() -> None:
    text = with_params(WRAPPED)
    after = converted(text)["train.py"]
    assert "TowerOptimizer" not in after and "    model.compile(optimizer=keras.optimizers.Adam(0.01" in after
    assert any("keras.distribution.DataParallel" in one for one in reasons(convert({"train.py": text})))


def test_a_tower_optimizer_around_a_function_refuses() -> None:
    text = with_params(WRAPPED).replace("TowerOptimizer(optimizer)", "TowerOptimizer(lambda: optimizer)")
    assert {rule for rule, _ in refused(text)} == {"tower"}


def test_a_replicated_model_fn_is_the_model_fn() -> None:
    text = program().replace("Estimator(model_fn)", "Estimator(tf.contrib.estimator.replicate_model_fn(model_fn))")
    after = converted(text)["train.py"]
    assert "replicate" not in after and "build_model()" in after


def test_a_scaled_loss_is_minimised_as_it_is_and_that_is_said() -> None:
    after = converted(scaling())["train.py"]
    assert "scaled" not in after and "    model.compile(optimizer=keras.optimizers.SGD(0.01, 0.9))" in after
    assert any(one.startswith("loss-scaling:") for one in reasons(convert({"train.py": scaling()})))


def test_scaling_outside_of_a_condition() -> None:
    text = scaling(ALWAYS.replace("128.0", "scale"))
    assert "scale" not in converted(text)["train.py"].split("def build_")[1].split("compile")[1].split("\n")[0]


NOT_SCALING = {
    "another number": ("(grad / scale, var)", "(grad / (2 * scale), var)"),
    "multiplied again": ("(grad / scale, var)", "(grad * scale, var)"),
    "some of them": ("for grad, var in scaled]", "for grad, var in scaled if grad is not None]"),
    "something else read of them": (
        "        train_op = optimizer.app",
        "        print(scaled)\n        train_op = optimizer.app",
    ),
}


@pytest.mark.parametrize("what", NOT_SCALING)
def test_gradients_that_are_not_those_of_the_loss_refuse(what: str) -> None:
    right, wrong = NOT_SCALING[what]
    assert right in scaling()
    assert refused(scaling().replace(right, wrong))


@pytest.mark.runtime
@pytest.mark.parametrize("runtime", ["legacy", "tf1"])
@pytest.mark.parametrize("text", [scaling(), scaling(ALWAYS.replace("128.0", "scale"))], ids=["if", "always"])
def test_it_trains_as_before(text: str, runtime: str, tmp_path: Path) -> None:
    prove(read_out(text), runtime, tmp_path)


def test_scaling_in_another_file_is_left_out_too() -> None:
    step = '    step = tf.train.get_global_step()\n    if params["scale"] != 1:\n'
    whole = scaling()
    body = whole.partition("    optimizer = tf.train.Mom")[2].partition(
        "    return tf.estimator.EstimatorSpec(mode, loss"
    )[0]
    assert step.splitlines()[0] in body
    helper = f"def minimized(loss, scale):\n    optimizer = tf.train.Mom{body}    return train_op\n"
    caller = whole.replace(f"    optimizer = tf.train.Mom{body}", "    train_op = training.minimized(loss, scale)\n")
    caller = caller.replace("import tensorflow as tf\n", "import tensorflow as tf\nimport training\n", 1)
    after = converted({"train.py": caller, "training.py": f"import tensorflow as tf\n\n\n{helper}"})
    assert "scaled" not in after["training.py"]

"""`get_optimizer_instance` of the canned estimators: an optimizer by its name, or one that is made already."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.convert import convert

from .small import HEAD, MODEL_FN, converted, program, refused
from .test_proofs import prove

MINIMIZE = "tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())"
IMPORT = "from tensorflow.python.estimator.canned import optimizers\n"


def chosen(arguments: str, params: str = "{}") -> str:
    """The small program whose optimizer is made by get_optimizer_instance."""
    made = MODEL_FN.replace("mode)", "mode, params)", 1)
    made = made.replace("    train_op", f"    optimizer = optimizers.get_optimizer_instance({arguments})\n    train_op")
    made = made.replace(MINIMIZE, "optimizer.minimize(loss, tf.train.get_global_step())")
    text = program(model_fn=made, head=HEAD + IMPORT)
    return text.replace("Estimator(model_fn)", f"Estimator(model_fn, params={params})")


@pytest.mark.parametrize(
    ("arguments", "optimizer"),
    [
        ('"SGD", 0.1', "keras.optimizers.SGD(0.1)"),
        ('"Adam", learning_rate=params["rate"]', 'keras.optimizers.Adam(params["rate"], epsilon=1e-08)'),
        ("tf.train.GradientDescentOptimizer(0.2), 0.1", "keras.optimizers.SGD(0.2)"),
        ("learning_rate=0.1, opt=tf.train.GradientDescentOptimizer(0.2)", "keras.optimizers.SGD(0.2)"),
    ],
)
def test_an_optimizer_that_is_known_is_written_out(arguments: str, optimizer: str) -> None:
    after = converted(chosen(arguments))["train.py"]
    assert f"optimizer={optimizer}" in after
    assert "get_optimizer_instance" not in after and "import optimizers" not in after


AT_RUN_TIME = 'params["optimizer"], params["rate"]'


def test_a_name_that_a_run_knows_is_looked_up_there() -> None:
    text = chosen(AT_RUN_TIME, '{"optimizer": "Adagrad", "rate": 0.1}')
    assert 'named_optimizer(params["optimizer"], params["rate"])' in converted(text)["train.py"]
    found = {f.severity for u in convert({"train.py": text}).ledger.units for f in u.findings}
    assert found == {"warning"}


@pytest.mark.parametrize("arguments", ['"SGD"', '"Momentum", 0.1', "lambda: tf.train.AdamOptimizer()"])
def test_what_cannot_be_told_refuses(arguments: str) -> None:
    assert {rule for rule, _ in refused(chosen(arguments))} == {"optimizer-by-name"}


@pytest.mark.runtime
@pytest.mark.parametrize(
    "text",
    [
        chosen('"Ftrl", 0.05'),
        chosen(AT_RUN_TIME, '{"optimizer": "Adagrad", "rate": 0.1}'),
        chosen('"RMSProp", params["rate"]', '{"rate": 0.01}'),
    ],
)
def test_the_training_is_the_same(text: str, tmp_path: Path) -> None:
    prove(text, "tf1", tmp_path)

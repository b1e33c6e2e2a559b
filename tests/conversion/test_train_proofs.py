"""Training steps compute what they did: chosen variables, counts, averages, checkpoints, hooks; both sides run."""

from __future__ import annotations

from pathlib import Path

import pytest

from .small import program
from .test_gradients import GLOBAL, IN_SOME_RUNS, STORED, applied
from .test_hook_classes import STEPS, watched
from .test_spec_proofs import prove
from .test_step_counts import DECAYED, trained
from .test_train_ops import AVERAGED, SOME, ending
from .test_trained import MADE, TRAIN
from .test_trained import NAMED as AGAIN
from .test_warm_starts import WARM

pytestmark = pytest.mark.runtime

NAMED = 'chosen = [v for v in tf.trainable_variables() if "head" in v.name]'
PARAMETERS = ("Estimator(model_fn)", 'Estimator(model_fn, params={"clips": True, "norm": 0.1})')


@pytest.mark.parametrize(
    "text",
    [
        program(model_fn=SOME.replace("VARIABLES", NAMED)),
        applied("pairs", STORED),
        applied("zip(gradients, variables)", GLOBAL),
        applied("zip(gradients, variables)", IN_SOME_RUNS).replace(*PARAMETERS),
        trained(DECAYED.replace("COUNT", "step * 64")),
        ending(AVERAGED),
    ],
)
def test_a_training_is_the_same(text: str, tmp_path: Path) -> None:
    text = text.replace("Estimator(model_fn)", "Estimator(model_fn, params={})")
    assert {"training", "gradients", "loss"} <= prove(text, "legacy", tmp_path)


def test_a_training_whose_estimator_is_used_again_is_the_same(tmp_path: Path) -> None:
    assert {"training", "gradients", "loss"} <= prove(program().replace(TRAIN, MADE + AGAIN), "legacy", tmp_path)


def test_a_training_that_a_callback_watches_is_the_same(tmp_path: Path) -> None:
    assert {"training", "gradients", "loss"} <= prove(watched(STEPS, steps="steps=3"), "legacy", tmp_path)


RESTORED = WARM.replace("        scaffold_fn = None\n", "").replace(", scaffold_fn=scaffold_fn", ", scaffold=scaffold")
START = RESTORED.index("        if checkpoint:\n")
END = RESTORED.index("        if mode == tf.estimator.ModeKeys.PREDICT")
SAVER = """        scaffold = None
        if checkpoint:
            saver = tf.train.Saver([v for v in variables if v.name.startswith("net/")])

            def restore(scaffold, session):
                saver.restore(session, checkpoint)

            scaffold = tf.train.Scaffold(init_fn=restore)
"""
RESTORED = (RESTORED[:START] + SAVER + RESTORED[END:]).replace(".tpu.TPUEstimatorSpec", ".EstimatorSpec")


def test_variables_that_a_scaffold_restores_begin_as_they_did(tmp_path: Path) -> None:
    text = RESTORED.replace(
        "tf.estimator.tpu.TPUEstimator(model_fn, use_tpu=False, train_batch_size=4, config=config)",
        'tf.estimator.Estimator(model_fn, params={"batch_size": 4})',
    ).replace("    config = tf.estimator.tpu.RunConfig()\n", "")
    assert "initial weights" in prove(text, "legacy", tmp_path, "start/model.ckpt")

"""A Scaffold whose init_fn restores variables with a Saver: the model begins with those of the checkpoint."""

from __future__ import annotations

import pytest

from .small import converted, program, refused

MODEL = """
def model_fn(features, labels, mode, params):
    logits = tf.layers.dense(features["x"], 1)
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.1).minimize(loss, tf.train.get_global_step())
STATEMENTS
    return tf.estimator.EstimatorSpec(mode, predictions=logits, loss=loss, train_op=train_op, scaffold=scaffold)
"""


def started(statements: str) -> str:
    """A program whose model_fn makes its Scaffold by these statements."""
    lines = "\n".join(f"    {s}" if s else "" for s in statements.strip("\n").split("\n"))
    return program(model_fn=MODEL.replace("STATEMENTS", lines))


FUNCTION = """
path = params.get("start")
scaffold = None
if path:
    saver = tf.train.Saver(tf.trainable_variables())

    def restore(scaffold, session):
        saver.restore(session, path)

    scaffold = tf.train.Scaffold(init_fn=restore)
"""
LAMBDA = """
saver = tf.train.Saver([v for v in tf.trainable_variables() if "bias" not in v.name])
scaffold = tf.train.Scaffold(init_fn=lambda scaffold, session: saver.restore(session, "start/model.ckpt"))
"""


def test_what_a_saver_restores_is_what_the_model_begins_with() -> None:
    after = " ".join(converted(started(FUNCTION))["train.py"].split())
    assert 'def begin(self): path = self.params.get("start") if path: init_from_checkpoint( self, path,' in after
    assert "{v.op.name: v for v in legacy_variables(self, trainable=True)}" in after


def test_some_variables_are_restored_by_a_lambda() -> None:
    after = " ".join(converted(started(LAMBDA))["train.py"].split())
    assert 'v.op.name: v for v in legacy_variables(self, trainable=True) if "bias" not in v.name' in after
    assert 'init_from_checkpoint( self, "start/model.ckpt", {' in after


SCAFFOLD = "scaffold = tf.train.Scaffold(init_fn=restore)"


@pytest.mark.parametrize(
    ("statements", "rule"),
    [
        (
            "saver = tf.train.Saver()\ndef restore(scaffold, session):\n"
            f"    saver.restore(session, 'start')\n{SCAFFOLD}",
            "init-from-checkpoint",
        ),
        (
            "saver = tf.train.Saver(tf.trainable_variables())\ndef restore(scaffold, session):\n"
            f"    saver.restore(session, 'start')\n    session.run(tf.global_variables_initializer())\n{SCAFFOLD}",
            "spec-scaffold",
        ),
        (
            "saver = tf.train.Saver(tf.trainable_variables())\ndef restore(scaffold, session):\n"
            f"    saver.restore(session, scaffold.path)\n{SCAFFOLD}",
            "spec-scaffold",
        ),
        (
            "scaffold = tf.train.Scaffold(init_fn=lambda s, session: session.run(tf.global_variables_initializer()))",
            "spec-scaffold",
        ),
        (
            "saver = tf.train.Saver(tf.trainable_variables())\nscaffold = tf.train.Scaffold("
            "init_fn=lambda s, session: saver.restore(session, 'start') or session.run(loss))",
            "spec-scaffold",
        ),
    ],
)
def test_a_scaffold_that_does_more_refuses(statements: str, rule: str) -> None:
    assert {name for name, _ in refused(started(statements))} == {rule}

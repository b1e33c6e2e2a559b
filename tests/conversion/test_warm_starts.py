"""Models that begin with the variables of a TensorFlow 1 checkpoint: assignments by name, scaffolds, names told."""

from __future__ import annotations

import pytest

from .small import converted, refused

WARM = '''import collections
import sys

import numpy as np
import tensorflow as tf


def assignments(variables, checkpoint):
    """Those variables of the checkpoint that the model has too."""
    known = {variable.name.split(":")[0]: variable for variable in variables}
    found = collections.OrderedDict()
    for name, _ in tf.train.list_variables(checkpoint):
        if name in known and name.startswith("net/"):
            found[name] = name
    return found


def block(x, units, scope):
    with tf.variable_scope(scope):
        return tf.layers.dense(tf.layers.dense(x, units), units)


def network(x, depth):
    with tf.variable_scope("net"):
        for i in range(depth):
            with tf.variable_scope("layer_%d" % i):
                x = x + block(x, 3, "inner")
                x = tf.layers.dense(x, 3, name="out")
        return block(x, 3, "last")


def model_fn_builder(checkpoint, use_tpu):
    def model_fn(features, labels, mode, params):
        logits = tf.layers.dense(network(features["x"], 2), 2)
        variables = tf.trainable_variables()
        scaffold_fn = None
        if checkpoint:
            assignment_map = assignments(variables, checkpoint)
            if use_tpu:

                def scaffold():
                    tf.train.init_from_checkpoint(checkpoint, assignment_map)
                    return tf.train.Scaffold()

                scaffold_fn = scaffold
            else:
                tf.train.init_from_checkpoint(checkpoint, assignment_map)
        if mode == tf.estimator.ModeKeys.PREDICT:
            return tf.estimator.tpu.TPUEstimatorSpec(mode, predictions={"y": logits}, scaffold_fn=scaffold_fn)
        loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
        train_op = tf.train.GradientDescentOptimizer(0.01).minimize(loss, tf.train.get_global_step())
        return tf.estimator.tpu.TPUEstimatorSpec(mode, loss=loss, train_op=train_op, scaffold_fn=scaffold_fn)

    return model_fn


def input_fn(params):
    x = np.arange(24, dtype="float32").reshape(8, 3) / 24
    dataset = tf.data.Dataset.from_tensor_slices(({"x": x}, np.arange(8) % 2))
    return dataset.repeat().batch(params["batch_size"])


def main():
    model_fn = model_fn_builder(sys.argv[1] if len(sys.argv) > 1 else None, len(sys.argv) > 2)
    config = tf.estimator.tpu.RunConfig()
    estimator = tf.estimator.tpu.TPUEstimator(model_fn, use_tpu=False, train_batch_size=4, config=config)
    estimator.train(input_fn, steps=8)


if __name__ == "__main__":
    main()
'''
BEGIN = """
        def begin(self):
            variables = legacy_variables(self, trainable=True)
            if checkpoint:
                assignment_map = assignments(variables, checkpoint)
                init_from_checkpoint(self, checkpoint, assignment_map)
"""
NAMES = """
            for i, (blocks_i, outs_i) in enumerate(zip(self.blocks, self.outs)):
                with names.scope(f'layer_{i}'):
                    blocks_i.legacy_names(names)
                    names.layer(outs_i, 'out', ['kernel', 'bias'])
"""


def test_what_computes_the_assignments_runs_when_the_model_is_built() -> None:
    assert BEGIN in converted(WARM)["train.py"]


def test_layers_tell_the_names_that_their_variables_had() -> None:
    after = converted(WARM)["train.py"]
    assert NAMES in after
    assert "        with names.scope(self.scope):\n            names.layer(self.dense, 'dense', " in after


def test_a_program_without_a_checkpoint_tells_no_names() -> None:
    lines = [line for line in WARM.split("\n") if "init_from_checkpoint" not in line]
    plain = "\n".join(lines).replace("                scaffold_fn = scaffold\n            else:\n", "")
    assert "legacy_names" not in converted(plain)["train.py"]


def test_a_literal_map_of_scopes_is_kept() -> None:
    start = WARM.index("            assignment_map = ")
    text = WARM[:start] + '            tf.train.init_from_checkpoint(checkpoint, {"net/": "net/"})\n'
    text += WARM[WARM.index("        if mode == ") :]
    assert 'init_from_checkpoint(self, checkpoint, {"net/": "net/"})' in converted(text)["train.py"]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("tf.trainable_variables()", "tf.global_variables()", "init-from-checkpoint"),
        ("return tf.train.Scaffold()", "return tf.train.Scaffold(init_fn=len)", "spec-scaffold-fn"),
        ('name="out")', "name=tf.get_variable_scope().name)", "scope-object"),
        ("tf.layers.dense(x, units)", "tf.Variable(tf.zeros([8, 3]), name='v') + x", "init-from-checkpoint"),
    ],
)
def test_what_cannot_be_followed_refuses(old: str, new: str, rule: str) -> None:
    text = WARM.replace(old, new)
    if "init_fn" in new:
        text = text.replace("use_tpu:\n", "True:\n")
    assert {rule} == {found for found, _ in refused(text)}


def test_a_scaffold_that_only_says_how_checkpoints_are_kept_goes() -> None:
    text = WARM.replace("Scaffold()", "Scaffold(saver=tf.train.Saver(max_to_keep=3))")
    assert "Scaffold" not in converted(text)["train.py"]

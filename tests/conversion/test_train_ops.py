"""train_ops that count the step beside the optimizer."""

from __future__ import annotations

import pytest

from migrator.convert import convert

from .small import converted, line_of, program, refused

LINEAR = """
def model_fn(features, labels, mode):
    W = tf.get_variable("W", [3], dtype=tf.float32)
    b = tf.get_variable("b", [1], dtype=tf.float32)
    y = tf.reduce_sum(features["x"] * W, axis=1) + b
    loss = tf.reduce_sum(tf.square(y - labels))
    global_step = tf.train.get_global_step()
    optimizer = tf.train.GradientDescentOptimizer(0.0001)
    train_op = tf.group(optimizer.minimize(loss), tf.assign_add(global_step, 1))
    return tf.estimator.EstimatorSpec(mode, predictions=y, loss=loss, train_op=train_op)
"""


def test_a_step_counted_by_hand_is_the_optimizers_own() -> None:
    after = converted(program(model_fn=LINEAR))["train.py"]
    assert "model.compile(optimizer=keras.optimizers.SGD(0.0001))" in after
    assert "assign_add" not in after


def test_a_model_of_nothing_but_variables_has_a_forward_pass() -> None:
    after = converted(program(model_fn=LINEAR))["train.py"]
    assert after.count("self.add_weight(") == 2
    assert 'return tf.reduce_sum(features["x"] * self.w, axis=1) + self.b' in after


def test_a_step_counted_twice_refuses() -> None:
    text = program(model_fn=LINEAR.replace("minimize(loss)", "minimize(loss, global_step)"))
    assert refused(text) == {("global-step", line_of(text, "tf.group"))}


@pytest.mark.parametrize(("amount", "rule"), [("2", "global-step"), ("-1", "train-op")])
def test_another_amount_than_one_refuses(amount: str, rule: str) -> None:
    text = program(model_fn=LINEAR.replace("global_step, 1", f"global_step, {amount}"))
    assert refused(text) == {(rule, line_of(text, "tf.group"))}


LIBRARIES = {
    "bert.optimization.create_optimizer(loss, 0.1)": "`bert.optimization.create_optimizer` is not in the files read",
    "bert.Optimizer(optimizer).minimize(loss)": "`bert.Optimizer` is not in the files read",
    "tf.contrib.gan.gan_train_ops(loss).train_op": "`tensorflow.contrib.gan.gan_train_ops` is not covered yet",
}


@pytest.mark.parametrize("made", LIBRARIES)
def test_what_stops_the_way_to_a_minimisation_is_told(made: str) -> None:
    before = "tf.group(optimizer.minimize(loss), tf.assign_add(global_step, 1))"
    text = "import bert\n" + program(model_fn=LINEAR.replace(before, made))
    found = convert({"train.py": text}).ledger.units[0].findings
    message = f"the train_op is not a minimisation that can be followed: {LIBRARIES[made]}"
    assert message in {finding.message for finding in found}


MODEL = """
def model_fn(features, labels, mode, params):
    logits = tf.layers.dense(features["x"], 1)
    logits = tf.layers.batch_normalization(logits, training=mode == tf.estimator.ModeKeys.TRAIN)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    step = tf.train.get_global_step()
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    minimised = tf.train.AdamOptimizer(0.01).minimize(loss, step)
"""
SPEC = "    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)\n"
COMPILED = "optimizer=keras.optimizers.Adam(0.01, epsilon=1e-08)"


def ending(statements: str) -> str:
    """A program whose model_fn ends its training step with these statements."""
    return program(model_fn=MODEL + "".join(f"    {line}\n" for line in statements.strip().split("\n")) + SPEC)


@pytest.mark.parametrize(
    "statements",
    [
        "train_op = tf.group(*([minimised] + updates))",
        "with tf.control_dependencies([minimised] + updates):\n    train_op = tf.no_op(name='train')",
        "waited = updates + [minimised]\nwith tf.control_dependencies(waited):\n    train_op = tf.identity(loss)",
        "with tf.control_dependencies(updates + [tf.print(loss)]):\n    train_op = tf.group(minimised)",
    ],
)
def test_an_operation_that_waits_for_the_minimisation_is_no_other(statements: str) -> None:
    assert COMPILED in " ".join(converted(ending(statements))["train.py"].split())


AVERAGED = """
averages = tf.train.ExponentialMovingAverage(0.99, num_updates=step)
with tf.control_dependencies(updates + [minimised]):
    train_op = averages.apply(tf.trainable_variables())
"""
AVERAGED_LOSS = """
averages = tf.train.ExponentialMovingAverage(0.9)
smooth = averages.apply([loss])
tf.summary.scalar("smooth loss", averages.average(loss))
with tf.control_dependencies(updates + [smooth]):
    train_op = tf.group(minimised)
"""


@pytest.mark.parametrize("statements", [AVERAGED, AVERAGED_LOSS])
def test_moving_averages_that_nothing_reads_go_with_a_warning(statements: str) -> None:
    text = ending(statements)
    conversion = convert({"train.py": text})
    found = [f for unit in conversion.ledger.units for f in unit.findings if f.rule == "moving-average"]
    assert found and {f.severity for f in found} == {"warning"}
    assert "ExponentialMovingAverage" not in converted(text)["train.py"]


@pytest.mark.parametrize(
    ("statements", "rule"),
    [
        (
            AVERAGED_LOSS + "return tf.estimator.EstimatorSpec(mode, loss=averages.average(loss), train_op=train_op)",
            "refuse-moving-average",
        ),
        (AVERAGED + "saver = tf.train.Saver(averages.variables_to_restore())", "moving-average"),
        (
            "with tf.control_dependencies([minimised]):\n    train_op = tf.assign(tf.get_variable('v', []), 1.0)",
            "control-dependencies",
        ),
        (
            "with tf.control_dependencies([minimised]):\n    loss = loss + 1.0\n    train_op = tf.identity(loss)",
            "control-dependencies",
        ),
        (
            "other = tf.train.AdamOptimizer(0.1)\n"
            "with tf.control_dependencies([minimised]):\n    train_op = other.minimize(loss)",
            "control-dependencies",
        ),
        (
            "tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, tf.assign_add(tf.get_variable('v', []), 1.0))\n"
            "train_op = tf.group(minimised, tf.get_collection(tf.GraphKeys.UPDATE_OPS))",
            "collection",
        ),
        ("train_op = tf.no_op()", "train-op"),
    ],
)
def test_what_else_happens_in_a_step_refuses(statements: str, rule: str) -> None:
    assert {name for name, _ in refused(ending(statements))} == {rule}


SOME = """
def model_fn(features, labels, mode, params):
    net = tf.layers.dense(features["x"], 4, name="body")
    logits = tf.layers.dense(net, 1, name="head")
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    VARIABLES
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step(), var_list=chosen)
    return tf.estimator.EstimatorSpec(mode, predictions=logits, loss=loss, train_op=train_op)
"""


@pytest.mark.parametrize(
    ("chosen", "after"),
    [
        (
            'tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, scope="head")',
            "variables = self.head.trainable_variables",
        ),
        ('tf.trainable_variables(scope="head")', "variables = self.head.trainable_variables"),
        (
            '[v for v in tf.trainable_variables() if "head" in v.name]',
            'variables = [v for v in self.trainable_variables if "head" in v.path]',
        ),
    ],
)
def test_some_variables_are_trained_by_a_step_of_their_own(chosen: str, after: str) -> None:
    text = converted(program(model_fn=SOME.replace("VARIABLES", f"chosen = {chosen}")))["train.py"]
    assert after in text
    assert "gradients = tape.gradient(loss, variables)\n" in text
    assert "self.optimizer.build(self.trainable_variables)\n" in text
    assert "self.optimizer.apply(gradients, variables)\n" in text


def test_all_variables_named_are_all_variables() -> None:
    text = converted(program(model_fn=SOME.replace("VARIABLES", "chosen = tf.trainable_variables()")))["train.py"]
    assert "def train_step" not in text


@pytest.mark.parametrize(
    ("chosen", "rule"),
    [
        ("chosen = tf.trainable_variables()[:2]", "var-list"),
        ("chosen = [v for v in tf.trainable_variables() if v.shape.ndims == 2]", "var-list"),
        ('chosen = params["variables"]', "var-list"),
        ("chosen = [tf.trainable_variables()[0]]", "var-list"),
    ],
)
def test_variables_chosen_in_another_way_refuse(chosen: str, rule: str) -> None:
    assert {name for name, _ in refused(program(model_fn=SOME.replace("VARIABLES", chosen)))} == {rule}


def test_variables_chosen_by_the_number_in_a_default_name_refuse() -> None:
    text = SOME.replace("VARIABLES", 'chosen = [v for v in tf.trainable_variables() if "dense_1" in v.name]')
    text = text.replace(', name="body"', "").replace(', name="head"', "")
    assert {name for name, _ in refused(program(model_fn=text))} == {"variable-filter"}


NAMED_LIST = """
def model_fn(features, labels, mode, params):
    logits = tf.layers.dense(features["x"], 1)
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    variables = tf.trainable_variables()
    loss += 0.01 * tf.add_n([tf.nn.l2_loss(v) for v in variables if "bias" not in v.name])
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, predictions=logits, loss=loss, train_op=train_op)
"""


def test_a_list_of_variables_is_read_where_the_model_has_them() -> None:
    after = converted(program(model_fn=NAMED_LIST))["train.py"]
    loss = after[
        after.index("def compute_loss") : after.index("def predict_step") if "def predict_step" in after else -1
    ]
    assert "variables = self.trainable_variables" in loss
    assert 'for v in variables if "bias" not in v.path' in loss

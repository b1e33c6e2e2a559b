"""A model_fn that is a method, or made in one: what it reads of its object goes to the model's constructor."""

from __future__ import annotations

import pytest

from .small import converted, line_of, program, refused

METHOD = """
class Regressor(object):
    def __init__(self, hidden, rate=0.1, learning_rate=0.01):
        self.hidden = hidden
        self.rate = rate
        self.learning_rate = learning_rate
        self.logits = None
        self.estimator = tf.estimator.Estimator(model_fn=self.model_fn, params={"width": 3})

    def network(self, x, training):
        h = tf.layers.dense(x, self.hidden, activation=tf.nn.relu)
        h = tf.layers.dropout(h, self.rate, training=training)
        return tf.layers.dense(h, 1)

    def scale(self, x):
        return x * self.rate

    def optimizer(self):
        return tf.train.AdamOptimizer(self.learning_rate)

    def model_fn(self, features, labels, mode, params):
        x = tf.layers.dense(self.scale(features["x"]), params["width"])
        self.logits = self.network(x, mode == tf.estimator.ModeKeys.TRAIN)
        if mode == tf.estimator.ModeKeys.PREDICT:
            return tf.estimator.EstimatorSpec(mode, predictions={"y": self.logits * self.rate})
        loss = tf.losses.mean_squared_error(labels, tf.squeeze(self.logits, axis=1)) * self.rate
        train_op = self.optimizer().minimize(loss, tf.train.get_global_step())
        return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)

    def train(self, input_fn):
        self.estimator.train(input_fn, steps=8)
"""
CLOSURE = """
class Regressor(object):
    def __init__(self, hidden, params=2, learning_rate=0.01):
        self._hidden = hidden
        self.params = params
        self.learning_rate = learning_rate

    def network(self, x):
        params = self.params + 1
        return tf.layers.dense(x, self._hidden * params, activation=tf.nn.relu)

    def get_model_fn(self):
        def model_fn(features, labels, mode, params):
            def head(t):
                return tf.layers.dense(t, self.params)

            x = self.network(features["x"])
            logits = tf.layers.dense(head(x) * params["k"], 1)
            if mode == tf.estimator.ModeKeys.PREDICT:
                return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
            loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
            train_op = tf.train.AdamOptimizer(self.learning_rate).minimize(loss, tf.train.get_global_step())
            return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)

        return model_fn

    def get_estimator(self):
        return tf.estimator.Estimator(model_fn=self.get_model_fn(), params={"k": 2.0})
"""


def methods(text: str = METHOD, main: str = "Regressor(4).train(input_fn)") -> str:
    """A program around a class with a model_fn."""
    whole = program(model_fn=text)
    return whole.replace("tf.estimator.Estimator(model_fn).train(input_fn, steps=8)", main)


def closures(text: str = CLOSURE) -> str:
    """A program around a class with a method that makes a model_fn."""
    return methods(text, "Regressor(4).get_estimator().train(input_fn, steps=8)")


def test_attributes_and_methods_that_the_model_reads_are_arguments_of_its_constructor() -> None:
    text = converted(methods())["train.py"]
    assert "def __init__(self, hidden, rate, scale, params):" in text
    assert "self.network = Network(hidden=hidden, rate=rate)" in text
    assert "model = Model(self.hidden, self.rate, self.scale, params)" in text
    assert "model.compile(optimizer=self.optimizer())" in text
    assert 'self.estimator = self.build_model({"width": 3})' in text


def test_what_a_model_fn_keeps_on_its_object_is_a_local_name() -> None:
    text = converted(methods())["train.py"]
    assert "        logits = y_pred" in text
    assert "self.logits = None" in text  # the object's own; the model sets none


def test_a_method_that_makes_layers_leaves_its_class() -> None:
    assert "def network" not in converted(methods())["train.py"]


def test_an_attribute_and_a_parameter_of_one_name_stay_apart() -> None:
    text = converted(closures())["train.py"]
    assert "def __init__(self, hidden, params_2, params):" in text
    assert "model = Model(self._hidden, self.params, params)" in text
    assert "self.network = Network(hidden=hidden, params_2=params_2)" in text


def test_a_function_inside_reads_the_object_too() -> None:
    assert "self.head = Head(params=params_2)" in converted(closures())["train.py"]


CHANGED = {
    "after the Estimator, in the constructor": (
        '        self.estimator = tf.estimator.Estimator(model_fn=self.model_fn, params={"width": 3})\n',
        '        self.estimator = tf.estimator.Estimator(model_fn=self.model_fn, params={"width": 3})\n'
        "        self.rate = 0.5\n",
        "self.rate = 0.5",
    ),
    "between training and the next graph": (
        "        self.estimator.train(input_fn, steps=8)\n",
        "        self.estimator.train(input_fn, steps=8)\n        self.rate = 0.0\n",
        "self.rate = 0.0",
    ),
    "in a helper that the model_fn calls": (
        "        return x * self.rate\n",
        "        self.rate = 0.5\n        return x * self.rate\n",
        "self.rate = 0.5",
    ),
}


@pytest.mark.parametrize("name", CHANGED)
def test_an_attribute_that_changes_once_the_model_may_exist_refuses(name: str) -> None:
    before, after, where = CHANGED[name]
    text = methods(METHOD.replace(before, after))
    assert refused(text) == {("object-state", line_of(text, where))}


def test_an_attribute_set_from_outside_refuses() -> None:
    text = methods(main="net = Regressor(4)\n    net.hidden = 7\n    net.train(input_fn)")
    assert refused(text) == {("object-state", line_of(text, "net.hidden = 7"))}


def test_an_attribute_of_another_object_does_not() -> None:
    other = "class Other(object):\n    def __init__(self):\n        self.a = 1\n\n\n"
    text = methods(other + METHOD, main="other = Other()\n    other.rate = 7\n    Regressor(4).train(input_fn)")
    assert "build_model" in converted(text)["train.py"]


def test_the_object_itself_as_a_value_refuses() -> None:
    helper = "\ndef scaled(owner, x):\n    return x * owner.rate\n\n"
    text = methods(helper + METHOD.replace('self.scale(features["x"])', 'scaled(self, features["x"])'))
    assert {rule for rule, _ in refused(text)} == {"object-passed"}


def test_a_tensor_that_passes_between_methods_through_the_object_refuses() -> None:
    method = METHOD.replace("return tf.layers.dense(h, 1)", "self.h = h\n        return tf.layers.dense(h, 1)")
    text = methods(method.replace("self.logits * self.rate})", "self.h * self.rate})"))
    assert {rule for rule, _ in refused(text)} <= {"object-state", "unbound"}


def test_an_attribute_read_before_it_is_kept_refuses() -> None:
    text = methods(
        METHOD.replace("        x = tf.layers.dense(", "        first = self.logits\n        x = tf.layers.dense(")
    )
    text = text.replace('{"y": self.logits * self.rate}', '{"y": self.logits * self.rate if first is None else x}')
    assert {rule for rule, _ in refused(text)} <= {"object-state", "unbound"}


def test_a_model_fn_of_objects_of_two_classes_refuses() -> None:
    second = METHOD + (
        "\n\nclass Wider(Regressor):\n    def network(self, x, training):\n"
        "        return tf.layers.dense(tf.layers.dense(x, 9), 1)\n"
    )
    text = methods(second, main="Regressor(4).train(input_fn)\n    Wider(4).train(input_fn)")
    assert {rule for rule, _ in refused(text)} == {"model-fn-classes"}


DELEGATED = METHOD.replace(
    "    def model_fn(self, features, labels, mode, params):\n",
    "    def model_fn(self, features, labels, mode, params):\n"
    '        return self.make_spec(features, labels, mode, params["width"] + self.hidden)\n\n'
    "    def make_spec(self, features, labels, mode, width):\n",
).replace('features["x"]), params["width"])', 'features["x"]), width)')


def test_a_method_that_delegates_to_another_calls_its_builder() -> None:
    text = converted(methods(DELEGATED))["train.py"]
    assert "def build_model(self, params):" in text
    assert 'return self.build_make_spec(params["width"] + self.hidden)' in text
    assert "model = MakeSpec(self.hidden, self.rate, self.scale, width)" in text


# ------------------------------------------------------------------------- objects whose constructor makes the layers
BUILT = """
class Net(object):
    def __init__(self, config, x, training, scope=None):
        self.config = config
        self.x = x
        with tf.variable_scope(scope, default_name="net"):
            self.hidden = self.build(x * 2.0, training)
            self.logits = tf.layers.dense(self.hidden, 1, name="logits")
        self.scaled = self.logits * config["scale"]

    def build(self, x, training):
        h = tf.layers.dense(x, self.config["width"], activation=tf.nn.relu)
        return tf.layers.dropout(h, 0.2, training=training)

    def get_logits(self):
        return self.logits


def model_fn(features, labels, mode, params):
    net = Net(params, features["x"], mode == tf.estimator.ModeKeys.TRAIN)
    logits = net.get_logits()
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits, "s": net.scaled})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1)) + tf.reduce_mean(net.scaled)
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""


def built(text: str = BUILT) -> str:
    """A program around an object whose constructor builds the network."""
    params = 'tf.estimator.Estimator(model_fn, params={"width": 4, "scale": 0.5}).train(input_fn, steps=8)'
    return methods(text, params)


def test_an_object_whose_constructor_makes_layers_is_a_layer_that_returns_what_it_held() -> None:
    text = converted(built())["train.py"]
    assert "self.net = Net(params)" in text
    assert 'return self.net(features["x"], training=training)' in text
    assert "return {'logits': logits, 'scaled': scaled}" in text
    assert "logits = net['logits']" in text


OTHER_USES = {
    "a method that is decorated": ("    def get_logits(", "    @functools.wraps(print)\n    def get_logits("),
    "a method as a value": ("net.get_logits()", "(lambda get: get())(net.get_logits)"),
    "an attribute that is set from outside": (
        "    logits = net.get_logits()\n",
        "    net.scaled = net.logits\n    logits = net.get_logits()\n",
    ),
    "an attribute that the mode decides": ('{"y": logits,', '{"w": logits * net.training, "y": logits,'),
    "an attribute that is not always set": (
        '        self.scaled = self.logits * config["scale"]\n',
        "        self.scaled = self.logits\n        if training:\n            self.extra = self.logits * 2.0\n",
    ),
}


@pytest.mark.parametrize("name", OTHER_USES)
def test_other_uses_of_such_an_object_refuse(name: str) -> None:
    before, after = OTHER_USES[name]
    text = BUILT.replace(before, after)
    if name == "an attribute that is not always set":
        text = text.replace('"s": net.scaled', '"s": net.extra')
    assert text != BUILT
    assert {rule for rule, _ in refused(built(text))} == {"owning-init"}


def test_such_an_object_that_is_passed_on_refuses() -> None:
    helper = "\ndef scaled(net):\n    return net.scaled * 2.0\n\n"
    text = built(helper + BUILT.replace('"s": net.scaled', '"s": scaled(net)'))
    assert {rule for rule, _ in refused(text)} == {"object-passed"}


CALLED = """
class Net(object):
    def __init__(self, units):
        self.units = units

    def __call__(self, x, training=False, name=""):
        with tf.name_scope("net_" + name), tf.variable_scope("net", reuse=tf.AUTO_REUSE):
            h = tf.layers.dense(x, self.units, name="h")
            return tf.layers.dropout(h, 0.5, training=training)


def model_fn(features, labels, mode):
    net = Net(3)
    h = net(features["x"], training=True, name="first") + net(features["x"] * 2.0, name="second")
    logits = tf.layers.dense(h, 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""


def test_what_an_object_is_told_with_each_call_stays_an_argument_of_the_call() -> None:
    text = converted(program(model_fn=CALLED))["train.py"]
    assert 'def call(self, x, training=False, name=""):' in text
    assert 'self.net(features["x"], training=True, name="first")' in text


def test_a_call_argument_that_layers_are_made_from_refuses() -> None:
    text = CALLED.replace("self.units, name", "self.units if training else 4, name")
    assert {rule for rule, _ in refused(program(model_fn=text))} == {"entry-static"}

"""What is as large as a tensor: layers and variables whose size only the call knows are made on the first call."""

from __future__ import annotations

import pytest

from .small import HEAD, converted, program, refused

SQUEEZED = '''
def squeeze_excite(x, ratio):
    channels = x.get_shape().as_list()[-1]
    s = tf.reduce_mean(x, [1, 2])
    s = tf.layers.dense(s, units=channels // ratio, activation=tf.nn.relu)
    s = tf.layers.dense(s, channels, tf.nn.sigmoid)
    return x * tf.reshape(s, [-1, 1, 1, channels])


def residual(x, filters):
    shortcut = x
    if x.shape[-1] != filters:
        shortcut = tf.layers.conv2d(x, filters, 1)
    x = tf.layers.conv2d(x, filters, 3, padding="same")
    return tf.nn.relu(x + shortcut)


def projected(x, width, name):
    """Another width gets a matrix of its own."""
    if x.shape[-1].value == width:
        return x
    kernel = tf.get_variable(name, [x.shape[-1].value, width], initializer=tf.truncated_normal_initializer(stddev=0.3))
    return tf.matmul(x, kernel)


def model_fn(features, labels, mode):
    net = tf.reshape(tf.tile(features["x"], [1, 12]), [-1, 6, 6, 1])
    net = residual(net, 8)
    net = residual(net, 8)
    net = squeeze_excite(net, 2)
    net = tf.layers.average_pooling2d(net, pool_size=net.shape[1:3], strides=1)
    net = tf.layers.flatten(net)
    net = projected(net, 5, "narrow")
    net = projected(net, 5, "unused")
    hidden_size = net.shape[-1].value
    weights = tf.get_variable(
        "output_weights", [1, hidden_size], dtype=net.dtype,
        initializer=tf.truncated_normal_initializer(stddev=0.3))
    bias = tf.get_variable("output_bias", [1], initializer=tf.zeros_initializer())
    logits = tf.nn.bias_add(tf.matmul(net, weights, transpose_b=True), bias)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
'''
PROGRAM = program(model_fn=SQUEEZED)


def test_a_layer_is_constructed_with_what_is_known_and_called_with_its_size() -> None:
    text = converted(PROGRAM)["train.py"]
    assert "self.dense = SizedLayer(keras.layers.Dense, activation='relu')" in text
    assert "s = self.dense(s, units=channels // self.ratio)" in text
    assert "s = self.dense_2(s, units=channels)" in text


def test_a_variable_is_asked_for_by_its_shape() -> None:
    text = converted(PROGRAM)["train.py"]
    assert "hidden_size = net.shape[-1]\n" in text
    assert "weights = self.output_weights(shape=[1, hidden_size], dtype=net.dtype)" in text
    assert "name='output_bias', shape=[1]," in text


def test_a_layer_that_only_some_sizes_need_is_constructed_all_the_same() -> None:
    text = converted(PROGRAM)["train.py"]
    assert "self.conv2d = keras.layers.Conv2D(filters, 1)\n" in text
    assert "if x.shape[-1] != self.filters:\n            shortcut = self.conv2d(x)" in text


def test_a_variable_that_only_some_sizes_need_waits() -> None:
    text = converted(PROGRAM)["train.py"]
    assert "kernel = self.kernel(shape=[x.shape[-1], self.width])" in text
    assert "if x.shape[-1] == self.width:\n            return x" in text


def test_pooling_over_the_whole_image_is_made_on_the_spot() -> None:
    text = converted(PROGRAM)["train.py"]
    assert "net = keras.layers.AveragePooling2D(pool_size=net.shape[1:3], strides=1)(net)" in text


@pytest.mark.parametrize(
    "layer",
    [
        "tf.layers.dropout(net, rate=features['rate'][0], training=True)",
        "tf.layers.dense(net, 4, kernel_initializer=tf.constant_initializer(features['x'][0]))",
        "tf.layers.dense(net, 4, activation=lambda x: x * features['x'][0, 0])",
    ],
)
def test_what_depends_on_the_data_is_refused(layer: str) -> None:
    body = f"""
def model_fn(features, labels, mode):
    net = tf.layers.dense(features["x"], 4)
    net = {layer}
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={{"y": net}})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(net, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
    assert refused(program(model_fn=body, head=HEAD))


def test_as_many_layers_as_a_tensor_has_rows_are_refused() -> None:
    body = """
def model_fn(features, labels, mode):
    net = features["x"]
    for _ in range(net.shape[1].value):
        net = tf.layers.dense(net, 4)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": net})
    loss = tf.losses.mean_squared_error(labels, net[:, 0])
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
    assert {rule for rule, _ in refused(program(model_fn=body))} == {"argument-stage"}


RANKED = """
def shape_list(tensor, name=None):
    \"\"\"The static shape, with a message that names the tensor.\"\"\"
    if name is None:
        name = tensor.name
    if tensor.shape.ndims != 2:
        raise ValueError("%s has another rank" % name)
    return [tensor.shape[0].value, tensor.get_shape()[1].value]


def model_fn(features, labels, mode):
    width = shape_list(features["x"])[1]
    logits = tf.layers.dense(tf.layers.dense(features["x"], width * 2), 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""


def test_dimensions_are_numbers_and_a_tensor_may_have_no_name() -> None:
    text = converted(program(model_fn=RANKED))["train.py"]
    assert "name = getattr(tensor, 'name', None)" in text
    assert "return [tensor.shape[0], tensor.get_shape()[1]]" in text
    assert 'self.dense(features["x"], units=width * 2)' in text

"""A classifier whose encoder builds its layers in a loop, with a projection passed in as a function."""

import numpy as np
import tensorflow as tf


class Encoder(object):
    def __init__(self, hp, training):
        self.hp = hp
        self.training = training

    def unit(self, x, width, name=None):
        y = tf.layers.dense(x, width, activation=tf.nn.relu, name=name)
        return tf.layers.dropout(y, self.hp["drop"], training=self.training)

    def build(self, x, skip):
        width = self.hp["width"]
        with tf.variable_scope("enc"):
            for i in range(self.hp["depth"]):
                x = self.unit(x, width, name="fc%d" % i) + skip(x, width)
                width *= 2
        return x


def model_fn(features, labels, mode, params):
    training = mode == tf.estimator.ModeKeys.TRAIN
    x = features["x"]
    scale = params["scale"]

    def shortcut(inputs, width):
        return scale * tf.layers.dense(inputs, width, use_bias=False)

    h = Encoder(params, training).build(x, shortcut)
    logits = tf.layers.dense(h, params["classes"], name="out")
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"prob": tf.nn.softmax(logits), "norm": tf.norm(x, axis=1)})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    if mode == tf.estimator.ModeKeys.EVAL:
        acc = tf.metrics.accuracy(labels, tf.argmax(logits, 1))
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops={"acc": acc})
    opt = tf.train.GradientDescentOptimizer(params["lr"])
    train_op = opt.minimize(loss, global_step=tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def data(rows, seed):
    random = np.random.RandomState(seed)
    x = random.normal(size=(rows, 6)).astype(np.float32)
    return {"x": x}, (x[:, 0] + x[:, 1] ** 2 > 0.7).astype(np.int32) + (x[:, 2] > 1).astype(np.int32)


def input_fn(part, training):
    dataset = tf.data.Dataset.from_tensor_slices(part)
    if training:
        dataset = dataset.shuffle(500).repeat()
    return dataset.batch(16)


def main():
    params = {"drop": 0.25, "width": 4, "depth": 2, "scale": 0.5, "classes": 3, "lr": 0.1}
    estimator = tf.estimator.Estimator(model_fn, params=params)
    train, test = data(200, 0), data(50, 1)
    estimator.train(lambda: input_fn(train, True), steps=60)
    result = estimator.evaluate(lambda: input_fn(test, False))
    print("acc: %.4f" % result["acc"])
    print("global_step: %d" % result["global_step"])
    count = sum(1 for _ in estimator.predict(lambda: input_fn(test[0], False)))
    print("predictions: %d" % count)


if __name__ == "__main__":
    main()

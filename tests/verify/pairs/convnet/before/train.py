"""Stripes, across or along: a small convolutional network trained with momentum and a decaying rate."""

import numpy as np
import tensorflow as tf


def model_fn(features, labels, mode, params):
    training = mode == tf.estimator.ModeKeys.TRAIN
    x = tf.layers.conv2d(features, 6, 3, padding="same", use_bias=False)
    x = tf.layers.batch_normalization(x, momentum=0.9, training=training)
    x = tf.nn.relu(x)
    x = tf.layers.max_pooling2d(x, 2, 2)
    x = tf.layers.flatten(x)
    x = tf.layers.dense(x, 8, activation=tf.nn.relu)
    x = tf.layers.dropout(x, 0.3, training=training)
    logits = tf.layers.dense(x, 2)
    classes = tf.argmax(logits, axis=1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"classes": classes, "logits": logits})

    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    loss += params["decay"] * tf.add_n([tf.nn.l2_loss(v) for v in tf.trainable_variables() if "kernel" in v.name])
    metrics = {"accuracy": tf.metrics.accuracy(labels, classes), "recall": tf.metrics.recall(labels, classes)}

    step = tf.train.get_or_create_global_step()
    rate = tf.train.exponential_decay(params["rate"], step, 40, 0.5, staircase=True)
    optimizer = tf.train.MomentumOptimizer(rate, 0.9)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train_op = optimizer.minimize(loss, global_step=step)
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op, eval_metric_ops=metrics)


def images(rows, seed):
    random = np.random.RandomState(seed)
    labels = random.randint(0, 2, rows)
    stripes = np.sin(np.arange(8) * 1.5 + random.uniform(0, 6, (rows, 1)))
    along = np.repeat(stripes[:, :, None], 8, axis=2)
    x = np.where(labels[:, None, None] == 1, along, along.transpose(0, 2, 1))
    x = x + random.normal(scale=0.5, size=x.shape)
    return x[..., None].astype(np.float32), labels.astype(np.int64)


def input_fn(part, training=False):
    dataset = tf.data.Dataset.from_tensor_slices(part)
    if training:
        dataset = dataset.shuffle(300).repeat()
    return dataset.batch(32)


def main():
    estimator = tf.estimator.Estimator(model_fn, params={"rate": 0.05, "decay": 1e-3})
    train, test = images(300, 0), images(80, 1)
    estimator.train(lambda: input_fn(train, True), max_steps=100)
    result = estimator.evaluate(lambda: input_fn(test))
    print("accuracy: %.4f" % result["accuracy"])
    print("global_step: %d" % result["global_step"])
    print("predictions: %d" % sum(1 for _ in estimator.predict(lambda: input_fn(test[0]))))


if __name__ == "__main__":
    main()

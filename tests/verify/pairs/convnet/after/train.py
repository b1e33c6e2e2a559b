"""Stripes, across or along: a small convolutional network trained with momentum and a decaying rate."""

import keras
import numpy as np
import tensorflow as tf
from support import FusedBatchNormalization, TF1Momentum


class Model(keras.Model):
    def __init__(self, decay):
        super().__init__()
        self.decay = decay
        self.conv2d = keras.layers.Conv2D(6, 3, padding="same", use_bias=False)
        self.batch_normalization = FusedBatchNormalization(momentum=0.9)
        self.max_pooling2d = keras.layers.MaxPooling2D(2, 2)
        self.flatten = keras.layers.Flatten()
        self.dense = keras.layers.Dense(8, activation="relu")
        self.dropout = keras.layers.Dropout(0.3)
        self.dense_1 = keras.layers.Dense(2)
        self.batch_loss = keras.metrics.Mean(name="batch_loss")

    def call(self, features, training=None):
        x = self.conv2d(features)
        x = self.batch_normalization(x, training=training)
        x = tf.nn.relu(x)
        x = self.max_pooling2d(x)
        x = self.flatten(x)
        x = self.dense(x)
        x = self.dropout(x, training=training)
        return self.dense_1(x)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        kernels = [self.conv2d.kernel, self.dense.kernel, self.dense_1.kernel]
        loss += self.decay * tf.add_n([tf.nn.l2_loss(kernel) for kernel in kernels])
        self.batch_loss.update_state(loss)
        return loss

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        self.recall.update_state(y, tf.argmax(y_pred, axis=1))
        return super().compute_metrics(x, y, y_pred, sample_weight)

    def get_metrics_result(self):
        results = super().get_metrics_result()
        results["loss"] = results.pop("batch_loss")
        return results

    def predict_step(self, data):
        features, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        logits = self(features, training=False)
        return {"classes": tf.argmax(logits, axis=1), "logits": logits}


def build_model(params):
    model = Model(params["decay"])
    model.recall = keras.metrics.Recall(name="recall")
    rate = keras.optimizers.schedules.ExponentialDecay(params["rate"], 40, 0.5, staircase=True)
    model.compile(
        optimizer=TF1Momentum(rate, momentum=0.9),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
    return model


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
    model = build_model({"rate": 0.05, "decay": 1e-3})
    train, test = images(300, 0), images(80, 1)
    model.fit(input_fn(train, True), steps_per_epoch=100, verbose=0)
    result = model.evaluate(input_fn(test), return_dict=True, verbose=0)
    print("accuracy: %.4f" % result["accuracy"])
    print("global_step: %d" % model.optimizer.iterations)
    print("predictions: %d" % sum(len(model.predict_on_batch(batch)["classes"]) for batch in input_fn(test[0])))


if __name__ == "__main__":
    main()

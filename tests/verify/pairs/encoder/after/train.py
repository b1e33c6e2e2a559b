"""A classifier whose encoder builds its layers in a loop, with a projection passed in as a function."""

import keras
import numpy as np
import tensorflow as tf


class Unit(keras.layers.Layer):
    def __init__(self, hp, width, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(width, activation="relu")
        self.dropout = keras.layers.Dropout(hp["drop"])

    def call(self, x, training=None):
        y = self.dense(x)
        return self.dropout(y, training=training)


class Shortcut(keras.layers.Layer):
    def __init__(self, width, scale, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale
        self.dense = keras.layers.Dense(width, use_bias=False)

    def call(self, inputs):
        return self.scale * self.dense(inputs)


class Encoder(keras.layers.Layer):
    def __init__(self, hp, skip, **kwargs):
        super().__init__(**kwargs)
        width = hp["width"]
        self.units, self.skips = [], []
        for i in range(hp["depth"]):
            self.units.append(Unit(hp, width, name="fc%d" % i))
            self.skips.append(skip(width))
            width *= 2

    def call(self, x, training=None):
        for unit, skip in zip(self.units, self.skips):
            x = unit(x, training=training) + skip(x)
        return x


class Model(keras.Model):
    def __init__(self, params):
        super().__init__()
        scale = params["scale"]

        def shortcut(width):
            return Shortcut(width, scale)

        self.encoder = Encoder(params, shortcut, name="enc")
        self.out = keras.layers.Dense(params["classes"], name="out")
        self.mean_loss = keras.metrics.Mean(name="mean_loss")

    def call(self, features, training=None):
        x = features["x"]
        h = self.encoder(x, training=training)
        return self.out(h)

    def predict_step(self, data):
        features, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        logits = self(features, training=False)
        return {"prob": keras.ops.softmax(logits), "norm": keras.ops.norm(features["x"], axis=1)}

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        self.mean_loss.update_state(loss)
        return loss

    def get_metrics_result(self):
        results = super().get_metrics_result()
        results["loss"] = results.pop("mean_loss")
        return results


def data(rows, seed):
    random = np.random.RandomState(seed)
    x = random.normal(size=(rows, 6)).astype(np.float32)
    return {"x": x}, (x[:, 0] + x[:, 1] ** 2 > 0.7).astype(np.int32) + (x[:, 2] > 1).astype(np.int32)


def input_fn(part, training):
    dataset = tf.data.Dataset.from_tensor_slices(part)
    if training:
        dataset = dataset.shuffle(500).repeat()
    return dataset.batch(16)


def predict(model, dataset):
    for batch in dataset:
        predictions = model.predict_on_batch(batch)
        for i in range(len(predictions["prob"])):
            yield {key: value[i] for key, value in predictions.items()}


def main():
    params = {"drop": 0.25, "width": 4, "depth": 2, "scale": 0.5, "classes": 3, "lr": 0.1}
    model = Model(params)
    model.compile(
        optimizer=keras.optimizers.SGD(params["lr"]),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="acc")],
    )
    train, test = data(200, 0), data(50, 1)
    model.fit(input_fn(train, True), steps_per_epoch=60, verbose=0)
    result = model.evaluate(input_fn(test, False), return_dict=True, verbose=0)
    print("acc: %.4f" % result["acc"])
    print("global_step: %d" % model.optimizer.iterations)
    count = sum(1 for _ in predict(model, input_fn(test[0], False)))
    print("predictions: %d" % count)


if __name__ == "__main__":
    main()

"""Measures the support classes on the target runtime: usage support.py SUPPORT.py FACTS.json."""

import importlib.util
import json
import os
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
import tensorflow as tf


def load(path):
    spec = importlib.util.spec_from_file_location("support", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


support = load(sys.argv[1])
random = np.random.RandomState(0)
facts = {}


def estimator_model():
    class Model(support.EstimatorModel):
        def __init__(self, adds):
            super().__init__()
            self.out = keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L2(10.0))
            self.adds = adds

        def call(self, features):
            return self.out(features)

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            loss = super().compute_loss(x, y, y_pred, sample_weight, training)
            return loss + sum(self.losses) if self.adds else loss

    x = random.randn(70, 3).astype("float32")
    y = (5 * random.randn(70, 1) * np.linspace(0.1, 3, 70)[:, None]).astype("float32")
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(32)
    model = Model(adds=False)
    model.compile(keras.optimizers.SGD(0.0), "mse", metrics=["mean_squared_error"])
    model.fit(data, verbose=0)
    got = model.evaluate(data, verbose=0)
    rows = (model.predict(x, verbose=0) - y) ** 2
    batches = [rows[first : first + 32].mean() for first in (0, 32, 64)]
    facts["evaluate loss"], facts["mean of batch losses"] = float(got["loss"]), float(np.mean(batches))
    facts["mean over rows"] = float(rows.mean())
    facts["evaluate keys"], facts["global_step"] = sorted(got), got["global_step"]
    facts["loss without regularisation"] = bool(abs(float(got["loss"]) - np.mean(batches)) < 1e-3)
    facts["evaluate as a list"] = type(model.evaluate(data, verbose=0, return_dict=False)).__name__
    adding = Model(adds=True)
    adding.compile(keras.optimizers.SGD(0.0), "mse")
    adding(x)
    adding.set_weights(model.get_weights())
    extra = adding.evaluate(data, verbose=0)["loss"] - got["loss"]
    expected = 10.0 * float((model.get_weights()[0] ** 2).sum())
    facts["loss with regularisation where the model adds it"] = bool(abs(extra - expected) < 1e-3 * expected)


def examples():
    class Named(support.EstimatorModel):
        def call(self, features):
            return {"a": features["x"] * 2, "b": features["x"][:, 0]}

    class Bare(support.EstimatorModel):
        def call(self, features):
            return features * 2

    taken = []

    def batches(pairs):
        for number in range(2):
            taken.append(number)
            x = np.ones((3 - number, 2), "float32")
            yield ({"x": x}, np.zeros(len(x))) if pairs else x

    named, bare = (
        list(support.predict_examples(Named(), batches(True))),
        list(support.predict_examples(Bare(), batches(False))),
    )
    facts["examples"] = {"dict": len(named), "bare": len(bare)}
    facts["dict keys"], facts["bare shapes"] = sorted(named[0]), [value.shape for value in bare]
    del taken[:]
    next(support.predict_examples(Bare(), batches(False)))
    facts["examples are lazy"] = taken == [0]
    whole = list(support.predict_batches(Named(), batches(True), keys=["b"]))
    facts["batches"] = [sorted((name, value.shape) for name, value in batch.items()) for batch in whole]
    facts["bare batches"] = [value.shape for value in support.predict_batches(Bare(), batches(False))]


def saving():
    facts["saved and loaded"] = {}
    x, y = random.randn(8, 4, 4, 3).astype("float32"), random.randn(8, 1).astype("float32")
    optimizers = {
        "Momentum": support.Momentum(0.1, 0.9),
        "RMSProp": support.RMSProp(0.1),
        "Nadam": support.Nadam(0.1),
        "SparseAdam": support.SparseAdam(0.1),
        "RowMomentum": support.RowMomentum(0.1, 0.9),
        "RowFtrl": support.RowFtrl(0.1),
        "ProximalAdagrad": support.ProximalAdagrad(0.1, l1=0.01),
        "ProximalSGD": support.ProximalSGD(0.1, l2=0.01),
        "AdagradDA": support.AdagradDA(0.1, l1=0.01),
    }
    for name, optimizer in optimizers.items():
        inputs = keras.Input((4, 4, 3))
        outputs = support.FusedBatchNormalization(momentum=0.9)(inputs)
        outputs = support.LayerNorm()(outputs)
        outputs = support.FusedLSTM(2)(keras.layers.Reshape((16, 3))(outputs))
        outputs = keras.layers.Dense(1)(outputs)
        model = keras.Model(inputs, outputs)
        model.compile(optimizer, "mse", metrics=[support.MeanSquaredError(name="m")])
        model.fit(x, y, verbose=0, batch_size=4)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.keras")
            model.save(path)
            again = keras.models.load_model(path)
        model.fit(x, y, verbose=0, batch_size=4, shuffle=False)
        again.fit(x, y, verbose=0, batch_size=4, shuffle=False)
        gaps = [np.abs(a - b).max() for a, b in zip(model.get_weights(), again.get_weights(), strict=True)]
        facts["saved and loaded"][name] = float(max(gaps))


def fused():
    x = random.randn(3, 9, 6, 4).astype("float32")
    gaps = []
    for axis, images in ((-1, x), (1, np.transpose(x, (0, 3, 1, 2)))):
        ours, stock = (
            support.FusedBatchNormalization(axis=axis, momentum=0.0),
            keras.layers.BatchNormalization(axis=axis, momentum=0.0),
        )
        for layer in (ours, stock):
            layer.build(images.shape)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(images := tf.constant(images))
            mine = tf.reduce_sum(tf.square(ours(images, training=True)) * images)
            theirs = tf.reduce_sum(tf.square(stock(images, training=True)) * images)
        grads = [tape.gradient(value, [images, layer.gamma.value]) for value, layer in ((mine, ours), (theirs, stock))]
        gaps += [
            np.abs(a - b).max() / np.abs(b).max()
            for a, b in zip(*[[g.numpy() for g in gs] for gs in grads], strict=True)
        ]
        count = 3 * 9 * 6
        want = x.reshape(-1, 4).var(axis=0) * count / (count - 1)
        facts["fused variance"] = max(
            facts.get("fused variance", 0.0), float(np.abs(ours.moving_variance.numpy() - want).max())
        )
    facts["fused gradients"] = float(max(gaps))
    wide, plain = (
        kind(momentum=0.5, dtype="float64")
        for kind in (support.FusedBatchNormalization, keras.layers.BatchNormalization)
    )
    double = tf.constant(x, tf.float64)
    facts["not fused in float64"] = float(np.abs(wide(double, training=True) - plain(double, training=True)).max())


def recurrent():
    """What FusedLSTM and the parent class make of the same sequences: outputs, states, and every gradient."""
    sizes = {"few": (6, "float32"), "many": (80, "float32"), "double": (6, "float64")}
    layers = {
        name: [
            kind(units, return_sequences=True, return_state=True, zero_output_for_mask=True, dtype=dtype)
            for kind in (support.FusedLSTM, keras.layers.LSTM)
        ]
        for name, (units, dtype) in sizes.items()
    }

    def results(layer, x, first, lengths):
        mask = None if lengths is None else tf.sequence_mask(lengths, x.shape[1])
        with tf.GradientTape() as tape:
            tape.watch([x, *(first or [])])
            made = layer(x, initial_state=first, mask=mask)
            weighed = sum(tf.reduce_sum(tf.sin(value) * (place + 1.0)) for place, value in enumerate(made))
        return [*made, *tape.gradient(weighed, [x, *(v.value for v in layer.trainable_variables), *(first or [])])]

    facts["kernels of an LSTM"], facts["gaps of an LSTM"] = {}, {}
    for name, (ours, stock) in layers.items():
        units, dtype = sizes[name]
        x = tf.constant(random.randn(4, 7, 3), dtype)
        stock.build(x.shape), ours.build(x.shape)
        weights = [0.7 * random.randn(*weight.shape) for weight in stock.get_weights()]
        stock.set_weights(weights), ours.set_weights(weights)
        first = [tf.constant(random.randn(4, units), dtype) for _ in range(2)]
        gaps = [
            float(np.abs(mine - theirs).max() / np.abs(theirs).max())
            for lengths in (None, [7, 1, 4, 0], [2, 3, 1, 2])
            for begin in (None, first)
            for mine, theirs in zip(*(results(layer, x, begin, lengths) for layer in (ours, stock)), strict=True)
        ]
        graph = tf.function(ours).get_concrete_function(x).graph
        facts["kernels of an LSTM"][name] = [op.type for op in graph.get_operations()].count("BlockLSTM")
        facts["gaps of an LSTM"][name] = max(gaps)
    try:
        layers["few"][0](tf.zeros((1, 3, 3)), mask=tf.constant([[False, True, True]]))
    except tf.errors.InvalidArgumentError:
        facts["a mask that is not that of lengths"] = "refused"


def kept():
    class Model(support.EstimatorModel):
        def __init__(self):
            super().__init__()
            self.out = keras.layers.Dense(1)

        def call(self, features):
            return self.out(features)

    def made(folder):
        model = Model()
        model.compile(keras.optimizers.Adam(0.1), "mse")
        return model.kept_in(folder)

    x = random.randn(64, 3).astype("float32")
    data = tf.data.Dataset.from_tensor_slices((x, x[:, :1])).batch(16)
    with tempfile.TemporaryDirectory() as folder:
        first = made(folder)
        first.fit(data, verbose=0)
        second = made(folder)
        support.fit_until(second, data.repeat(), max_steps=7)
        third = made(folder)
        facts["steps of a resumed model"] = [int(m.optimizer.iterations) for m in (first, second)]
        facts["a resumed model predicts alike"] = float(
            max(
                np.abs(a - b).max()
                for a, b in zip(
                    support.predict_examples(third, data), support.predict_examples(second, data), strict=True
                )
            )
        )
        facts["evaluation of a resumed model"] = made(folder).evaluate(data, verbose=0)["global_step"]
    with tempfile.TemporaryDirectory() as folder:
        old = tf.train.Checkpoint(v=tf.Variable(1.0))
        old.save(os.path.join(folder, "model.ckpt"))
        for name, use in (
            ("a folder of TensorFlow 1", lambda: made(folder).fit(data, verbose=0)),
            ("a folder without a model", lambda: list(support.predict_examples(made(folder + "/empty"), data))),
        ):
            try:
                use()
            except (RuntimeError, ValueError) as error:
                facts[name] = type(error).__name__
    alone = made(None)
    alone.fit(data, verbose=0)
    facts["a model without a folder"] = int(alone.optimizer.iterations)


def kept_with_optimizers():
    class Model(support.EstimatorModel):
        def __init__(self):
            super().__init__()
            self.deep, self.wide = keras.layers.Dense(1), keras.layers.Dense(1)

        def call(self, features):
            return self.deep(features) + self.wide(features)

        def train_step(self, data):
            features, labels = data
            with tf.GradientTape(persistent=True) as tape:
                loss = tf.reduce_mean(tf.square(self(features) - labels))
            deep, wide = self.deep.trainable_variables, self.wide.trainable_variables
            self.optimizer.apply(tape.gradient(loss, deep), deep)
            self.wide_optimizer.apply(tape.gradient(loss, wide), wide)
            return {"loss": loss}

    def made(folder):
        keras.utils.set_random_seed(3)
        model = Model()
        model.wide_optimizer = keras.optimizers.Adam(0.1)
        model.compile(keras.optimizers.Adagrad(0.2), "mse")
        return model.kept_in(folder)

    x = random.randn(64, 3).astype("float32")
    data = tf.data.Dataset.from_tensor_slices((x, x[:, :1])).batch(16)
    whole = made(None)
    whole.fit(data.repeat(2), verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        made(folder).fit(data, verbose=0)
        second = made(folder)
        list(support.predict_examples(second, data.map(lambda features, labels: features)))
        second.fit(data, verbose=0)
        third = made(folder)
        steps = third.evaluate(data, verbose=0)["global_step"]
        facts["steps of two resumed optimizers"] = [steps, int(third.wide_optimizer.iterations)]
        pairs = zip(whole.variables, second.variables, strict=True)
        facts["two resumed optimizers"] = float(max(np.abs(a.numpy() - b.numpy()).max() for a, b in pairs))


def data_sets():
    images = random.randint(0, 256, (30, 28, 28)).astype("uint8")
    labels = random.randint(0, 10, 30).astype("uint8")
    keras.datasets.mnist.load_data = lambda: ((images[:20], labels[:20]), (images[20:], labels[20:]))
    parts = support.mnist_data_sets(one_hot=True, validation_size=4)
    facts["sizes of the parts"] = [parts.train.num_examples, parts.validation.num_examples, parts.test.num_examples]
    facts["first training image"] = bool(np.allclose(parts.train.images[0] * 255, images[4].reshape(784)))
    facts["first training label"] = bool(parts.train.labels[0].argmax() == labels[4])
    square = support.mnist_data_sets(reshape=False)
    facts["shapes"] = [list(square.test.images.shape), list(square.test.labels.shape)]
    seen = [parts.train.next_batch(8)[0] for _ in range(2)]
    rows = np.unique(np.concatenate(seen), axis=0)
    facts["rows of one epoch"], facts["epochs"] = len(rows), parts.train.epochs_completed
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write("2,3,a,b\n0.5,1.5,2.5,1\n3.5,4.5,5.5,0\n")
        file.flush()
        table = support.csv_with_header(file.name, np.int64, np.float32)
    facts["table"] = [table.data.tolist(), table.target.tolist()]


def feature_columns():
    made = tf.feature_column
    words = made.categorical_column_with_vocabulary_list("word", ["a", "b"])
    others = made.categorical_column_with_vocabulary_list("word", ["b", "a"], num_oov_buckets=1)
    columns = [made.numeric_column("n"), made.indicator_column(words), made.embedding_column(others, 400)]

    class Model(support.EstimatorModel):
        def __init__(self):
            super().__init__()
            self.columns, self.out = support.DenseFeatures(columns), keras.layers.Dense(1)

        def call(self, features):
            return self.out(self.columns(features))

        def predict_step(self, data):
            return {"y": self(keras.utils.unpack_x_y_sample_weight(data)[0])}

    features = {"n": tf.range(8.0), "word": tf.constant(["a", "b", "", "c"] * 2)}
    model = Model()
    start = model.columns.embedding_weights[0].numpy()
    facts["first embedding"] = [float(start.std() * 20), float(np.abs(start).max() * 20)]
    facts["indicators"] = model.columns(features)[:4, 401:].numpy().tolist()
    facts["rows without a word"] = np.abs(model.columns(features)[:4, 1:401].numpy()).max(axis=1).astype(bool).tolist()
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.fit(tf.data.Dataset.from_tensor_slices((features, tf.ones((8, 1)))).batch(4), verbose=0)
    facts["trained rows"] = np.any(model.columns.embedding_weights[0].numpy() != start, axis=1).tolist()
    expected = model.predict(features, verbose=0)["y"]
    with tempfile.TemporaryDirectory() as folder:
        model.save_weights(os.path.join(folder, "model.weights.h5"))
        again = Model()
        again(features)
        again.load_weights(os.path.join(folder, "model.weights.h5"))
        specs = {"n": tf.TensorSpec((None,), tf.float32), "word": tf.TensorSpec((None,), tf.string)}
        served = tf.saved_model.load(support.export_saved_model(model, folder, specs))
        answers = [again(features), served.signatures["serving_default"](**features)["y"]]
    facts["columns saved and served"] = [float(np.abs(answer - expected).max()) for answer in answers]
    try:
        support.DenseFeatures([columns[0], columns[0]])
    except ValueError as error:
        facts["two columns of one name"] = str(error)


def experiments():
    rows = random.randn(40, 3).astype("float32")
    data = tf.data.Dataset.from_tensor_slices((rows, rows[:, :1])).batch(4)
    evaluations = []

    class Model(support.EstimatorModel):
        def __init__(self):
            super().__init__()
            self.out = keras.layers.Dense(1, kernel_initializer="ones")

        def call(self, features):
            return self.out(features)

        def evaluate(self, *args, **kwargs):
            evaluations.append(int(self.optimizer.iterations))
            return super().evaluate(*args, **{**kwargs, "verbose": 0})

        def fit(self, *args, **kwargs):
            return super().fit(*args, **{**kwargs, "verbose": 0})

    def made(folder=None, **settings):
        model = Model()
        model.compile(keras.optimizers.SGD(0.01), "mse")
        return support.Experiment(model.kept_in(folder), data, lambda: data, eval_steps=2, **settings)

    def run(schedule, **settings):
        evaluations.clear()
        experiment = made(**settings)
        found = getattr(experiment, schedule)()
        found = found[0] if isinstance(found, tuple) else found
        step = found["global_step"] if isinstance(found, dict) else None
        return [int(experiment.estimator.optimizer.iterations), step, list(evaluations)], experiment

    facts["schedules"] = {
        "train": run("train", train_steps=7)[0],
        "train_and_evaluate": run("train_and_evaluate", train_steps=10)[0],
        "at checkpoints": run("train_and_evaluate", train_steps=10, evaluate_every=4)[0],
        "only at the end": run("train_and_evaluate", train_steps=10, evaluate_every=4, min_eval_frequency=0)[0],
        "to the end of the data": run("train_and_evaluate")[0],
        "in turns": run("continuous_train_and_eval", train_steps=10, train_steps_per_iteration=4)[0],
        "test": run("test", train_steps=10)[0],
    }
    whole = run("train", train_steps=10)[1].estimator.get_weights()
    parts = run("train_and_evaluate", train_steps=10, evaluate_every=4)[1].estimator.get_weights()
    facts["training reads on after an evaluation"] = float(np.abs(whole[0] - parts[0]).max())
    with tempfile.TemporaryDirectory() as folder:
        first = support.run_experiment(lambda output_dir: made(output_dir, train_steps=6), output_dir=folder)
        again = support.run_experiment(lambda config, hparams: made(config, train_steps=6), run_config=folder)
        facts["an experiment that is done already"] = [first[0] == again[0], again[0]["global_step"], again[1]]
    error = {"error": (keras.metrics.MeanSquaredError(), None, None)}
    more = run("train_and_evaluate", train_steps=10, eval_metrics=error)[1]
    results = [more.evaluate(), more.evaluate()]
    facts["an evaluation with a metric more"] = [sorted(results[0]), results[0] == results[1]]
    facts["that metric"] = abs(results[0]["error"] - results[0]["loss"])
    model = run("train", train_steps=3)[1].estimator
    served = support.predictor(model, ({"x": tf.TensorSpec((None, 3), tf.float32)}, lambda tensors: tensors["x"]))
    before = served({"x": rows.astype("float64")})
    model.fit(data)
    facts["a predictor"] = {
        "keys": sorted(before),
        "it keeps its weights": bool(np.array_equal(before["output"], served({"x": rows})["output"])),
        "the model keeps its own": float(np.abs(before["output"] - model(rows)).max()) > 0,
    }
    with tempfile.TemporaryDirectory() as folder:
        spec = {"x": tf.TensorSpec((None, 3), tf.float32, name="x")}
        signature = tf.function(lambda x: {"output": model(x)}).get_concrete_function(**spec)
        tf.saved_model.save(model, folder, signatures={"serving_default": signature, "predict": signature})
        made = [support.saved_model_predictor(folder), support.saved_model_predictor(folder.encode(), "predict")]
        answers = [served({"x": rows.tolist()}) for served in made]
    facts["predictors of a saved model"] = {
        "keys": sorted({key for answer in answers for key in answer}),
        "arrays": all(isinstance(answer["output"], np.ndarray) for answer in answers),
        "difference": max(float(np.abs(answer["output"] - model(rows)).max()) for answer in answers),
    }


def stopping():
    data = tf.data.Dataset.from_tensors(np.ones((4, 3), "float32")).repeat()
    values = [1.0, 2.0, 3.0, 3.0, 2.0, 1.0]

    class Model(support.EstimatorModel):
        def __init__(self):
            super().__init__()
            self.out = keras.layers.Dense(1)

        def call(self, features):
            return self.out(features)

        def fit(self, *args, **kwargs):
            return super().fit(*args, **{**kwargs, "verbose": 0})

        def evaluate(self, *args, **kwargs):
            value = values[min(int(self.optimizer.iterations) // 10 - 1, 5)]
            return {**super().evaluate(*args, **{**kwargs, "verbose": 0}), "f1": value}

    def last_step(callback, max_steps=65):
        model = Model()
        model.compile(keras.optimizers.SGD(0.0), "mse")
        pairs = data.map(lambda x: (x, x[:, :1]))
        support.train_and_evaluate(
            model, pairs, pairs, max_steps=max_steps, eval_steps=1, evaluate_every=10, callbacks=[callback]
        )
        return int(model.optimizer.iterations)

    facts["last steps"] = {
        "no increase for 20": last_step(support.StopIfNoIncrease("f1", 20)),
        "no increase for 10": last_step(support.StopIfNoIncrease("f1", 10)),
        "no increase for 10, from 40 on": last_step(support.StopIfNoIncrease("f1", 10, min_steps=40)),
        "no decrease for 20": last_step(support.StopIfNoDecrease("f1", 20)),
        "higher than 2": last_step(support.StopIfHigher("f1", 2.0)),
        "lower than 2": last_step(support.StopIfLower("f1", 2.0)),
        "lower than 2, from 20 on": last_step(support.StopIfLower("f1", 2.0, min_steps=20)),
        "lower than 0": last_step(support.StopIfLower("f1", 0.0)),
    }


estimator_model()
stopping()
experiments()
feature_columns()
kept()
kept_with_optimizers()
data_sets()
examples()
saving()
fused()
recurrent()
with open(sys.argv[2], "w") as file:
    json.dump(facts, file)

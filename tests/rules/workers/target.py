"""The target half of the proof: evaluates every job and every twin on Keras 3 in one process.

Usage: target.py JOBS.json LEGACY.npz SUPPORT.py RESULTS.npz ERRORS.json
"""

import importlib.util
import json
import os
import sys
import zlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import absl.app
import inputs as common
import keras
import numpy as np
import tensorflow as tf

NAMES = {"tf": tf, "keras": keras, "np": np, "absl": absl, "text_file": common.text_file}


class Legacy:
    """The legacy results of one job."""

    def __init__(self, results, name):
        self.found = {key.split("|", 1)[1]: results[key] for key in results.files if key.startswith(name + "|")}

    def under(self, prefix):
        return {key[len(prefix) :]: value for key, value in self.found.items() if key.startswith(prefix)}


def run_layer(job, arrays, legacy):
    tensors = [common.tensor(tf, arrays[name]) for name in job["call"]]
    layer = eval(job["target"], NAMES)
    training = {"training": bool(job["training"])} if job["takes_training"] else {}
    tensors = [tensors] if job["kind"] == "layer_class" and len(tensors) > 1 else tensors
    layer(*tensors, **({"training": False} if training else {}))
    held = weights_of(layer, job["weights"])
    drawn = [w for w in layer.weights if "seed" not in w.name and w.dtype.startswith("float")]
    if len(held) != len(drawn) or set(held) != set(legacy.under("set/")):
        raise ValueError("the map names %s, there are %s" % (sorted(held), sorted(w.name for w in drawn)))
    found = {"trainable": np.array(sorted(old for old, new in held.items() if trained(layer, new)), dtype=str)}
    for old in legacy.under("initial/"):
        found["initial/" + old] = array(held[old])
    for old, value in legacy.under("set/").items():
        held[old].assign(value)
        found["set/" + old] = array(held[old])
    found["regularisation"] = np.float32(sum(array(loss) for loss in layer.losses))
    output = array(layer(*tensors, **training))
    found["output"] = common.statistics(output, arrays[job["call"][0]]) if job["statistics"] else output
    found.update({"after/" + old: array(new) for old, new in held.items()})
    return found


def weights_of(layer, places):
    """The variables by legacy name; a place that ends in a star is a list of them."""
    found = {}
    for old, new in places.items():
        if new.endswith(".*"):
            found.update(common.numbered([(old, weight) for weight in attribute(layer, new[:-2])]))
        elif attribute(layer, new) is not None:
            found[old] = attribute(layer, new)
    return found


def attribute(layer, path):
    for part in path.split("."):
        layer = getattr(layer, part, None)
    return layer


def trained(layer, variable):
    return any(variable is weight for weight in layer.trainable_weights)


def array(value):
    return np.asarray(keras.ops.convert_to_numpy(value))


def run_expression(job, arrays, legacy):
    tensors = {name: tf.constant(value) for name, value in arrays.items()}
    try:
        result = eval(job["target"], dict(NAMES, **tensors))
    except SystemExit as stop:
        return {"output": np.array(stop.code)}
    if job.get("short"):
        again = keras.activations.get(job["short"])(next(iter(tensors.values())))
        if np.abs(array(again) - array(result)).max() > 1e-6:
            raise ValueError("the activation %r is another function" % job["short"])
    if result is None:
        return {"output": np.array("done")}
    if hasattr(result, "lookup"):
        result = common.looked_up(tf, result)
    parts = flat(result)
    values = [np.asarray(part) for part in parts]
    if job["statistics"]:
        return {"output": common.statistics(values[0], next(iter(arrays.values())) if "x" in arrays else None)}
    found = {"output%d" % number: value for number, value in enumerate(values)}
    found["types"] = np.array([keras.backend.standardize_dtype(part.dtype) for part in parts], dtype=str)
    return found


def flat(result):
    """The tensors of a result: of a list, of a dictionary by key, of a sparse tensor its three."""
    if isinstance(result, dict):
        return [part for key in sorted(result) for part in flat(result[key])]
    if isinstance(result, tf.SparseTensor):
        return [result.indices, result.values, result.dense_shape]
    return list(result) if isinstance(result, (list, tuple)) else [result]


def run_loss(job, arrays, legacy):
    tensors = {name: tf.constant(value) for name, value in arrays.items()}
    values = [array(eval(text, dict(NAMES, **tensors))) for text in job["target"]]
    for other in values[1:]:
        if np.shape(other) != np.shape(values[0]) or np.abs(other - values[0]).max() > 1e-5:
            raise ValueError("the forms of the loss differ: %s" % values)
    return {"output0": values[0], "types": np.array([str(values[0].dtype)], dtype=str)}


def run_initializer(job, arrays, legacy):
    return {"output": common.spread(array(eval(job["target"], NAMES)((400, 100))))}


def run_regularizer(job, arrays, legacy):
    return {"output": array(eval(job["target"], NAMES)(tf.constant(common.make("weights", {"shape": [4, 5]}))))}


def run_metric(job, arrays, legacy):
    results = []
    for text in (job["target"], job["also"]):
        if text:
            metric = eval(text, NAMES)
            copy = type(metric).from_config(metric.get_config())
            for batch in common.batches(arrays):
                copy.update_state(*[tf.constant(batch[name]) for name in job["update"]])
            results.append(array(copy.result()))
    if len(results) > 1 and np.abs(results[0] - results[1]).max() > 1e-5:
        raise ValueError("the forms of the metric differ: %s" % results)
    return {"output": results[0]}


def run_optimizer(job, arrays, legacy):
    optimizer = eval(job["target"], NAMES)
    optimizer = type(optimizer).from_config(optimizer.get_config())
    start, data, labels = common.problem(job["sparse"])
    weights = {name: keras.Variable(value) for name, value in start.items()}
    listed = list(weights.values())

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            if job["sparse"]:
                error = tf.gather(weights["table"].value, x) - y
            else:
                error = tf.tanh(tf.matmul(x, weights["matrix"].value)) + weights["offset"].value - y
            loss = tf.reduce_mean(tf.square(error))
        optimizer.apply(tape.gradient(loss, [weight.value for weight in listed]), listed)

    optimizer.build(listed)
    for number in range(len(data)):
        step(tf.constant(data[number]), tf.constant(labels[number]))
    return {name: array(weights[name]) - start[name] for name in start}


def run_schedule(job, arrays, legacy):
    schedule = eval(job["target"], NAMES)
    return {"output": np.array([array(schedule(tf.constant(step))) for step in SCHEDULE_STEPS])}


SCHEDULE_STEPS = list(range(0, 62)) + [70, 80, 99, 100]
RUNS = {
    "layer": run_layer,
    "layer_class": run_layer,
    "op": run_expression,
    "activation": run_expression,
    "loss": run_loss,
    "initializer": run_initializer,
    "regularizer": run_regularizer,
    "metric": run_metric,
    "optimizer": run_optimizer,
    "schedule": run_schedule,
}


def load(path):
    """The support module from its text."""
    spec = importlib.util.spec_from_file_location("support", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(jobs_path, legacy_path, support_path, results_path, errors_path):
    with open(jobs_path) as file:
        jobs = json.load(file)
    NAMES["support"] = load(support_path)
    results, errors = {}, {"version": "%s, Keras %s" % (tf.__version__, keras.__version__)}
    legacy = np.load(legacy_path)
    for name, job in jobs.items():
        arrays = {key: common.make(key, value) for key, value in job["inputs"].items()}
        keras.utils.set_random_seed(zlib.crc32(name.encode()) % 1000)
        try:
            for key, value in RUNS[job["kind"]](job, arrays, Legacy(legacy, job.get("of", name))).items():
                results[name + "|" + key] = common.storable(value)
        except Exception as error:  # one broken case must not hide the others
            errors[name] = "%s: %s" % (type(error).__name__, error)
    np.savez(results_path, **results)
    with open(errors_path, "w") as file:
        json.dump(errors, file)


if __name__ == "__main__":
    main(*sys.argv[1:6])

"""The legacy half of the proof: evaluates every job in one process and keeps the results.

Usage: legacy.py VERIFIER_WORKERS JOBS.json RESULTS.npz ERRORS.json
Runs on TensorFlow 1.15 (Python 3.7), and on 2.15 under the shim of the verifier's workers.
"""

import fnmatch
import importlib
import importlib.util
import json
import os
import sys
import zlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import inputs as common
import numpy as np
import tensorflow


def facade(folder):
    """The module that the legacy text calls `tf`: TensorFlow 1, or what the verifier's workers present in its place."""
    spec = importlib.util.spec_from_file_location(
        "presented", os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    sys.modules["presented"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["presented"])
    return importlib.import_module("presented.shim").install(), tensorflow.__version__


tf, VERSION = facade(sys.argv[1])
NAMES = {"tf": tf, "np": np, "importlib": importlib, "text_file": common.text_file}


def run_layer(job, arrays, session):
    tensors = {name: common.tensor(tf, value) for name, value in arrays.items()}
    result = eval(job["legacy"], dict(NAMES, **tensors))
    if job["kind"] == "layer_class":
        training = {"training": job["training"]} if job["training"] is not None else {}
        given = [tensors[name] for name in job["call"]]
        result = result(given[0] if len(given) == 1 else given, **training)
    session.run([tf.global_variables_initializer(), tf.tables_initializer()])
    named = common.numbered([(suffix(variable, job["weights"]), variable) for variable in tf.global_variables()])
    trained = tf.trainable_variables()
    found = {"trainable": np.array(sorted(name for name, v in named if any(v is t for t in trained)), dtype=str)}
    for name, variable in named:
        value = session.run(variable)
        if value.size and np.ptp(value) == 0:
            found["initial/" + name] = value
        variable.load(common.perturbed(name, value), session)
        found["set/" + name] = session.run(variable)
    losses = tf.losses.get_regularization_losses()
    found["regularisation"] = session.run(tf.add_n(losses)) if losses else np.float32(0)
    output = session.run(result)
    found["output"] = common.statistics(output, arrays[job["call"][0]]) if job["statistics"] else output
    session.run(tf.get_collection(tf.GraphKeys.UPDATE_OPS))
    for name, variable in named:
        found["after/" + name] = session.run(variable)
    return found


def suffix(variable, weights):
    """The weight's name in the rule: the end of the variable's, or the pattern of several parts that it fits."""
    name = variable.op.name
    fitting = [key for key in weights if key == "*" or "/" in key and fnmatch.fnmatch(name, "*/" + key)]
    return fitting[0] if fitting else name.split("/")[-1]


def run_expression(job, arrays, session):
    try:
        result = eval(job["legacy"], dict(NAMES, **{name: tf.constant(value) for name, value in arrays.items()}))
    except SystemExit as stop:
        return {"output": np.array(stop.code)}
    if hasattr(result, "lookup"):
        result = common.looked_up(tf, result)
        session.run(tf.tables_initializer())
    if isinstance(result, tf.Operation):
        session.run(result)
        return {"output": np.array("done")}
    parts = flat(result)
    values = [np.asarray(value) for value in session.run(parts)]
    if job["statistics"]:
        return {"output": common.statistics(values[0], next(iter(arrays.values())) if "x" in arrays else None)}
    found = {"output%d" % number: value for number, value in enumerate(values)}
    found["types"] = np.array([part.dtype.base_dtype.name for part in parts], dtype=str)
    return found


def flat(result):
    """The tensors of a result: of a list, of a dictionary by key, of a sparse tensor its three."""
    if isinstance(result, dict):
        return [part for key in sorted(result) for part in flat(result[key])]
    if isinstance(result, tf.SparseTensor):
        return [result.indices, result.values, result.dense_shape]
    return list(result) if isinstance(result, (list, tuple)) else [result]


def run_initializer(job, arrays, session):
    variable = tf.get_variable("drawn", [400, 100], initializer=eval(job["legacy"], NAMES))
    session.run(tf.global_variables_initializer())
    return {"output": common.spread(session.run(variable))}


def run_regularizer(job, arrays, session):
    return {"output": session.run(eval(job["legacy"], NAMES)(tf.constant(common.make("weights", {"shape": [4, 5]}))))}


def run_metric(job, arrays, session):
    holders = {name: tf.placeholder(value.dtype, [None] + list(value.shape[1:])) for name, value in arrays.items()}
    value, update = eval(job["legacy"], dict(NAMES, **holders))
    session.run(tf.local_variables_initializer())
    for batch in common.batches(arrays):
        session.run(update, {holders[name]: part for name, part in batch.items()})
    return {"output": session.run(value)}


def run_optimizer(job, arrays, session):
    tf.train.get_or_create_global_step()
    start, data, labels = common.problem(job["sparse"])
    weights = {name: tf.get_variable(name, initializer=value) for name, value in start.items()}
    x, y = tf.placeholder(data.dtype, data.shape[1:]), tf.placeholder("float32", labels.shape[1:])
    if job["sparse"]:
        error = tf.gather(weights["table"], x) - y
    else:
        error = tf.tanh(tf.matmul(x, weights["matrix"])) + weights["offset"] - y
    loss = tf.reduce_mean(tf.square(error))
    step = eval(job["legacy"], NAMES).minimize(loss, tf.train.get_global_step())
    session.run(tf.global_variables_initializer())
    for number in range(len(data)):
        session.run(step, {x: data[number], y: labels[number]})
    return {name: (session.run(weights[name]) - start[name]) for name in start}


def run_schedule(job, arrays, session):
    step = tf.placeholder(tf.int64, [])
    rate = eval(job["legacy"], dict(NAMES, step=step))
    return {"output": np.array([session.run(rate, {step: number}) for number in SCHEDULE_STEPS])}


SCHEDULE_STEPS = list(range(0, 62)) + [70, 80, 99, 100]
RUNS = {
    "layer": run_layer,
    "layer_class": run_layer,
    "op": run_expression,
    "activation": run_expression,
    "loss": run_expression,
    "initializer": run_initializer,
    "regularizer": run_regularizer,
    "metric": run_metric,
    "optimizer": run_optimizer,
    "schedule": run_schedule,
}


def main(jobs_path, results_path, errors_path):
    with open(jobs_path) as file:
        jobs = json.load(file)
    results, errors = {}, {"version": VERSION}
    for name, job in jobs.items():
        if "of" in job:
            continue
        arrays = {key: common.make(key, value) for key, value in job["inputs"].items()}
        try:
            with tf.Graph().as_default(), tf.Session() as session:
                tf.set_random_seed(zlib.crc32(name.encode()) % 1000)
                for key, value in RUNS[job["kind"]](job, arrays, session).items():
                    results[name + "|" + key] = common.storable(value)
        except Exception as error:  # one broken case must not hide the others
            errors[name] = "%s: %s" % (type(error).__name__, error)
    np.savez(results_path, **results)
    with open(errors_path, "w") as file:
        json.dump(errors, file)


if __name__ == "__main__":
    tf.logging.set_verbosity(tf.logging.ERROR)
    main(*sys.argv[2:5])

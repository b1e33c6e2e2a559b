"""Serving exports."""

import os
import time

import keras
import tensorflow as tf


def export_saved_model(model, export_dir_base, receiver, signature="serving_default"):
    """Writes a SavedModel that serves `model.predict_step`, as `Estimator.export_saved_model` does.

    The signature has one input per received tensor and one output per prediction, under their own names. A model
    with a method `serve` tells other outputs, by signature, and one with `serve_texts` more signatures, which are
    written where one tensor of texts is received; they call it `inputs`, whatever its name is.

    Args:
        model: A built `keras.Model` whose predictions are a dictionary.
        export_dir_base: The folder in which a new folder, named by the time, is made.
        receiver: Name -> `tf.TensorSpec` of each received tensor; or that and a function that makes features of them.
        signature: The name of the signature.

    Returns:
        The path of the new folder.
    """
    specs, to_features = receiver if isinstance(receiver, tuple) else (receiver, lambda tensors: tensors)
    specs = {name: tf.TensorSpec(spec.shape, spec.dtype, name=name) for name, spec in specs.items()}
    if not model.built:
        empty = {name: tf.zeros([size or 1 for size in spec.shape], spec.dtype) for name, spec in specs.items()}
        model.restore(to_features(empty))
    archive = keras.export.ExportArchive()
    archive.track(model)

    serves = hasattr(model, "serve")

    def answers(tensors):
        data = (to_features(tensors),)
        return model.serve(data) if serves else {signature: model.predict_step(data)}

    names = tf.function(answers).get_concrete_function(specs).structured_outputs if serves else [signature]
    for name in names:
        archive.add_endpoint(name, lambda tensors, name=name: answers(tensors)[name], input_signature=[specs])
    (received, spec), *others = specs.items()
    if hasattr(model, "serve_texts") and not others and spec.dtype == tf.string:
        texts = {"inputs": tf.TensorSpec(spec.shape, spec.dtype, name="inputs")}

        def answers_to_texts(tensors):
            return model.serve_texts((to_features({received: tensors["inputs"]}),))

        for name in tf.function(answers_to_texts).get_concrete_function(texts).structured_outputs:
            archive.add_endpoint(
                name, lambda tensors, name=name: answers_to_texts(tensors)[name], input_signature=[texts]
            )
    version = int(time.time())
    while os.path.exists(path := os.path.join(export_dir_base, str(version))):
        version += 1
    archive.write_out(path, verbose=False)
    return path

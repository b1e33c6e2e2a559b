"""Serving exports."""

import os
import time

import keras
import tensorflow as tf


def export_saved_model(model, export_dir_base, features, signature="serving_default"):
    """Writes a SavedModel that serves `model.predict_step`, as `Estimator.export_saved_model` does.

    The signature has one input per feature and one output per prediction, under their own names.

    Args:
        model: A built `keras.Model` whose predictions are a dictionary.
        export_dir_base: The folder in which a new folder, named by the time, is made.
        features: Name -> `tf.TensorSpec` of each feature.
        signature: The name of the signature.

    Returns:
        The path of the new folder.
    """
    specs = {name: tf.TensorSpec(spec.shape, spec.dtype, name=name) for name, spec in features.items()}
    model.restore({name: tf.zeros([size or 1 for size in spec.shape], spec.dtype) for name, spec in features.items()})
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(signature, lambda inputs: model.predict_step((inputs,)), input_signature=[specs])
    path = os.path.join(export_dir_base, str(int(time.time())))
    archive.write_out(path, verbose=False)
    return path

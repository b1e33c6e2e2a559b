"""Predictions of a SavedModel from one dictionary of arrays at a time."""

import tensorflow as tf


def saved_model_predictor(export_dir, signature_def_key=None):
    """Returns a function from name -> array to name -> array, as `tf.contrib.predictor.from_saved_model` does.

    Args:
        export_dir: The folder of a SavedModel, whichever TensorFlow wrote it.
        signature_def_key: The name of the signature; None: "serving_default".
    """
    model = tf.saved_model.load(tf.compat.as_str_any(export_dir))
    signature = model.signatures[signature_def_key or "serving_default"]
    specs = signature.structured_input_signature[1]

    def predict(arrays):
        given = {name: tf.convert_to_tensor(value, specs[name].dtype) for name, value in arrays.items()}
        return {name: value.numpy() for name, value in signature(**given).items()}

    predict.model = model  # which its signature does not keep alive
    return predict

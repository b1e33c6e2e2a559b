"""Predictions from one dictionary of arrays at a time."""

import keras
import numpy as np


def predictor(model, receiver):
    """Returns a function from name -> array to name -> array, as `tf.contrib.predictor.from_estimator` does.

    It keeps the weights that the model has now, whatever it learns later.

    Args:
        model: A `keras.Model`. One that returns a bare tensor predicts `{"output": ...}`.
        receiver: Name -> `tf.TensorSpec` of each input; or that, and a function that makes the features of them.
    """
    specs, to_features = receiver if isinstance(receiver, tuple) else (receiver, lambda tensors: tensors)

    def features_of(arrays):
        given = {name: specs[name].dtype.as_numpy_dtype for name in arrays}
        return to_features({name: keras.ops.convert_to_tensor(np.asarray(arrays[name], given[name])) for name in given})

    if not model.built:
        model.restore(features_of({name: np.zeros([size or 1 for size in spec.shape]) for name, spec in specs.items()}))
    kept = model.get_weights()

    def predict(arrays):
        now = model.get_weights()
        model.set_weights(kept)
        predictions = model.predict_on_batch(features_of(arrays))
        model.set_weights(now)
        if not isinstance(predictions, dict):
            predictions = {"output": predictions}
        return {name: keras.ops.convert_to_numpy(value) for name, value in predictions.items()}

    return predict

"""Predictions batch by batch."""

import keras


def predict_batches(model, dataset, keys=None):
    """Yields the predictions of one batch after another, as `tf.estimator.Estimator.predict` does for whole batches.

    A batch is predicted when it is asked for. It gives a dictionary of arrays, or one array where the model gives one
    tensor.

    Args:
        model: A `keras.Model`.
        dataset: Batches of features, or of tuples `(features, labels)`.
        keys: The predictions to keep, the legacy `predict_keys`. None: all.
    """
    model.restore(dataset)
    if model.model_dir is not None and not model.built:
        raise ValueError(f"there is no trained model in {model.model_dir}")
    for batch in dataset:
        features = batch[0] if isinstance(batch, (tuple, list)) else batch
        predictions = model.predict_on_batch(features)
        if isinstance(predictions, dict):
            kept = [name for name in predictions if keys is None or name in keys]
            yield {name: keras.ops.convert_to_numpy(predictions[name]) for name in kept}
        else:
            yield keras.ops.convert_to_numpy(predictions)

"""Predictions one example at a time."""

import keras


def predict_examples(model, dataset, keys=None):
    """Yields one dictionary of arrays per example, as `tf.estimator.Estimator.predict` does.

    Batches are predicted when their examples are asked for. A model that returns a bare tensor yields
    `{"output": ...}`.

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
        if not isinstance(predictions, dict):
            predictions = {"output": predictions}
        predictions = {name: keras.ops.convert_to_numpy(value) for name, value in predictions.items()}
        if keys is not None:
            predictions = {name: value for name, value in predictions.items() if name in keys}
        for index in range(len(next(iter(predictions.values())))):
            yield {name: value[index] for name, value in predictions.items()}

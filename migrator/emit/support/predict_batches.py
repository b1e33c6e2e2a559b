"""Predictions batch by batch."""

import keras


def predict_batches(model, dataset, keys=None):
    """Yields one dictionary of arrays per batch, as `tf.estimator.Estimator.predict(yield_single_examples=False)` does.

    A batch is predicted when it is asked for.

    Args:
        model: A `keras.Model` whose predictions are a dictionary.
        dataset: Batches of features, or of tuples `(features, labels)`.
        keys: The predictions to keep, the legacy `predict_keys`. None: all.
    """
    model.restore(dataset)
    if model.model_dir is not None and not model.built:
        raise ValueError(f"there is no trained model in {model.model_dir}")
    for batch in dataset:
        features = batch[0] if isinstance(batch, (tuple, list)) else batch
        predictions = model.predict_on_batch(features)
        yield {
            name: keras.ops.convert_to_numpy(value)
            for name, value in predictions.items()
            if keys is None or name in keys
        }

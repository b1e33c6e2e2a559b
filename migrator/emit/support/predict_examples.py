"""Predictions one example at a time."""

from .predict_batches import predict_batches


def predict_examples(model, dataset, keys=None):
    """Yields the predictions of one example after another, as `tf.estimator.Estimator.predict` does.

    Batches are predicted when their examples are asked for. An example gives a dictionary of arrays, or one array
    where the model gives one tensor.

    Args:
        model: A `keras.Model`.
        dataset: Batches of features, or of tuples `(features, labels)`.
        keys: The predictions to keep, the legacy `predict_keys`. None: all.
    """
    for predictions in predict_batches(model, dataset, keys):
        if isinstance(predictions, dict):
            for index in range(len(next(iter(predictions.values())))):
                yield {name: value[index] for name, value in predictions.items()}
        else:
            yield from predictions

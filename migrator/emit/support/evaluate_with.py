"""Evaluations with more metrics than the model has."""


def evaluate_with(model, dataset, metrics, steps=None):
    """Evaluates a model with metrics of its predictions added: `evaluate(metrics=...)` of contrib.learn's Estimator.

    Args:
        model: A compiled `keras.Model`.
        dataset: The evaluation dataset.
        metrics: Name -> `(metric, name of the prediction, name of the labels)`. A name is None for what is not a
            dictionary, or has one entry.
        steps: Batches to evaluate. None: all.

    Returns:
        The results by name.
    """
    if not metrics:
        return model.evaluate(dataset, steps=steps)
    plain_step = type(model).test_step

    def test_step(data):
        logs = plain_step(model, data)
        predictions = model.predict_step(data)
        for name, (metric, prediction, label) in metrics.items():
            metric.update_state(entry_of(data[1], label), entry_of(predictions, prediction))
            logs[name] = metric.result()
        return logs

    for metric, _, _ in metrics.values():
        metric.reset_state()
    model.test_step, model.test_function = test_step, None
    try:
        return model.evaluate(dataset, steps=steps)
    finally:
        del model.test_step
        model.test_function = None


def entry_of(values, name):
    """The entry of a name, or the only value there is."""
    if name is not None:
        return values[name]
    if not isinstance(values, dict):
        return values
    (value,) = values.values()
    return value

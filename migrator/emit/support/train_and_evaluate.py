"""Training with evaluations in between, up to an absolute step."""


def trained(model, dataset, **options):
    """Trains a model with the options of `fit` and returns it, as `Estimator.train` does."""
    model.fit(dataset, **options)
    return model


def fit_until(model, dataset, max_steps, callbacks=None):
    """Trains until the optimizer has made `max_steps` updates in all, as `Estimator.train(max_steps=...)` does.

    A model that is there already is left as it is. Returns the model.
    """
    model.restore(dataset, trains=True)
    remaining = max_steps - int(model.optimizer.iterations)
    if remaining > 0:
        model.fit(dataset, steps_per_epoch=remaining, callbacks=callbacks)
    return model


def train_and_evaluate(
    model, train_data, eval_data, max_steps=None, eval_steps=None, evaluate_every=None, callbacks=None
):
    """Trains up to step `max_steps` and evaluates on the way, as `tf.estimator.train_and_evaluate` does on one machine.

    Args:
        model: A compiled `keras.Model`.
        train_data: The training dataset; it is read on, not restarted, after an evaluation.
        eval_data: The evaluation dataset.
        max_steps: The absolute step to stop at. None: until the data ends.
        eval_steps: Batches per evaluation. None: all.
        evaluate_every: Steps between evaluations, the legacy `save_checkpoints_steps`. None: only at the end.
        callbacks: Callbacks of the training; an epoch of theirs ends after each evaluation.

    Returns:
        What the last evaluation gave, and None for the exports; twice None where there was nothing left to train.
    """
    model.restore(train_data, trains=True)
    evaluation = {"validation_data": eval_data, "validation_steps": eval_steps, "callbacks": callbacks}
    if max_steps is None:
        return last_evaluation(model.fit(train_data, **evaluation)), None
    remaining = max_steps - int(model.optimizer.iterations)
    if remaining <= 0:
        return None, None
    every = min(evaluate_every or remaining, remaining)
    epochs, rest = divmod(remaining, every)
    history = model.fit(train_data, steps_per_epoch=every, epochs=epochs, **evaluation)
    if rest and not model.stop_training:
        history = model.fit(train_data.skip(every * epochs), steps_per_epoch=rest, **evaluation)
    return last_evaluation(history), None


def last_evaluation(history):
    """The results of the last validation of a fit, by the names that an evaluation gives them."""
    results = {name[len("val_") :]: values[-1] for name, values in history.history.items() if name.startswith("val_")}
    return {name: int(value) if name == "global_step" else value for name, value in results.items()}

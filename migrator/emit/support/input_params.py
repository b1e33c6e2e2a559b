"""What an Estimator gave its input functions."""


def with_input_params(model, params, train_batch_size=None, eval_batch_size=None, predict_batch_size=None):
    """Keeps in `model.input_params` what its input functions are given as `params`, by mode, and returns the model.

    A batch size is added to a dictionary as "batch_size", as a TPUEstimator does; other params are given as they are.
    """
    sizes = {"train": train_batch_size, "eval": eval_batch_size, "infer": predict_batch_size}
    given = {mode: params if size is None else {**params, "batch_size": size} for mode, size in sizes.items()}
    object.__setattr__(model, "input_params", given)  # Keras would look for layers in it
    return model

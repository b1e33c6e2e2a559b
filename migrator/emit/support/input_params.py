"""What an Estimator gave its input functions."""


def with_input_params(build, params, train_batch_size=None, eval_batch_size=None, predict_batch_size=None):
    """Returns `build(params)`, whose `input_params` are what its input functions are given as `params`, by mode.

    A batch size is added to a dictionary as "batch_size", as a TPUEstimator does; other params are given as they are.
    """
    model = build(params)
    sizes = {"train": train_batch_size, "eval": eval_batch_size, "infer": predict_batch_size}
    given = {mode: params if size is None else {**params, "batch_size": size} for mode, size in sizes.items()}
    object.__setattr__(model, "input_params", given)  # Keras would look for layers in it
    return model

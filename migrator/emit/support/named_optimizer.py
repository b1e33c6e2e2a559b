"""Optimizers by name."""

import keras

from .momentum import Momentum
from .rmsprop import RMSProp
from .row_adagrad import RowAdagrad
from .row_ftrl import RowFtrl
from .row_momentum import RowMomentum
from .row_rmsprop import RowRMSProp
from .sparse_adam import SparseAdam


def named_optimizer(name, learning_rate, **clipping):
    """Returns the optimizer that `tf.contrib.layers.optimize_loss` made of a name and a rate.

    Raises ValueError for what is not one of its names, a class or a function of the rate included.
    """
    kinds = {
        "Adagrad": lambda: keras.optimizers.Adagrad(learning_rate, epsilon=0.0, **clipping),
        "Adam": lambda: keras.optimizers.Adam(learning_rate, epsilon=1e-08, **clipping),
        "Ftrl": lambda: keras.optimizers.Ftrl(learning_rate, **clipping),
        "Momentum": lambda: Momentum(learning_rate, momentum=0.9, **clipping),
        "RMSProp": lambda: RMSProp(learning_rate, epsilon=1e-10, **clipping),
        "SGD": lambda: keras.optimizers.SGD(learning_rate, **clipping),
    }
    if not isinstance(name, str) or name not in kinds:
        raise ValueError(f"the optimizer must be one of {', '.join(kinds)}, not {name!r}")
    return kinds[name]()


def named_row_optimizer(name, learning_rate, **clipping):
    """Returns the same as `named_optimizer`, for models with embeddings: exact for sparse gradients too."""
    kinds = {
        "Adagrad": lambda: RowAdagrad(learning_rate, epsilon=0.0, **clipping),
        "Adam": lambda: SparseAdam(learning_rate, epsilon=1e-08, **clipping),
        "Ftrl": lambda: RowFtrl(learning_rate, **clipping),
        "Momentum": lambda: RowMomentum(learning_rate, momentum=0.9, **clipping),
        "RMSProp": lambda: RowRMSProp(learning_rate, epsilon=1e-10, **clipping),
        "SGD": lambda: keras.optimizers.SGD(learning_rate, **clipping),
    }
    if not isinstance(name, str) or name not in kinds:
        raise ValueError(f"the optimizer must be one of {', '.join(kinds)}, not {name!r}")
    return kinds[name]()

"""A model that trains and evaluates as an Estimator does."""

import os

import keras
import tensorflow as tf

from .waits_for_data import waits_for_data


class EstimatorModel(keras.Model):
    """A `keras.Model` whose `fit` and `evaluate` follow `tf.estimator.Estimator`.

    - `fit` makes up to 32 steps per call from Python: a small model trains up to three times as fast. Neither the steps
      change nor their number, for every count that is asked for is a multiple of the group. See `steps_at_once`.
    - Metrics that a model computes itself, in `compute_metrics`, belong to evaluations: `fit` reports the loss only.
    - The loss of an evaluation is the plain mean of the losses of its batches. Keras weighs them by batch size: 94.7
      here and 78.9 there when 70 rows come in batches of 32.
    - `evaluate` returns a dictionary, which also holds `global_step`.
    - A model that is `kept_in` a folder goes on where an earlier run left it, and is saved after every `fit`.
    - The loss is the one of `compile(loss=...)`, or what `compute_loss` returns. Keras would add the regularisation
      losses of all layers; here they count where the model adds them: `sum(self.losses)`.
    """

    model_dir = None
    begin = None  # a method that gives the built model its first values, where it does not begin as it is initialised
    _restored = False
    _traced_steps = 1
    _default_save_signature = None  # Keras would trace it with numbers in place of texts while it exports

    def kept_in(self, model_dir):
        """Keeps the model in a folder from now on, and returns it. None: the model lives in this process only."""
        self.model_dir = model_dir
        return self

    def restore(self, data, trains=False):
        """Takes up what an earlier run saved, once. `data`: a dataset or features, which build the model first.

        `trains`: the dataset is one to train or evaluate on, which shows several optimizers what each of them trains;
        their states wait for one. Raises RuntimeError for a folder with a checkpoint of TensorFlow 1 alone, which an
        Estimator would have read.
        """
        if self._restored or (self.model_dir is None and self.begin is None):
            return
        self._restored = True
        path = os.path.join(self.model_dir or "", "model.weights.h5")
        saved = self.model_dir is not None and os.path.exists(path)
        if not saved and self.model_dir is not None and tf.train.latest_checkpoint(self.model_dir) is not None:
            raise RuntimeError(f"{self.model_dir} holds a checkpoint of TensorFlow 1: empty it, or use another")
        if not saved and self.begin is None:
            return
        batch = next(iter(data)) if isinstance(data, tf.data.Dataset) else data
        inputs = keras.utils.unpack_x_y_sample_weight(batch)[0]
        tf.function(self.__call__)(inputs if trains else self.prediction_inputs(inputs))  # in a graph, as `fit` does
        if not saved:
            self.begin()
            return
        optimizers = [value for value in vars(self).values() if isinstance(value, keras.optimizers.Optimizer)]
        if len(optimizers) == 1:
            self.optimizer.build(self.trainable_variables)
        elif optimizers and trains:
            tf.function(self.train_step).get_concrete_function(batch)
        self._restored = len(optimizers) <= 1 or trains
        self.load_weights(path)

    def prediction_inputs(self, features):
        """What `call` takes in a prediction. Overridden where predictions are given other features than training."""
        return features

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return self._compile_loss(y, y_pred, sample_weight)

    @waits_for_data
    def train_step(self, data):
        if type(self).compute_metrics is keras.Model.compute_metrics or self._compile_metrics is not None:
            return super().train_step(data)
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True) if self._call_has_training_arg else self(x)
            loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=True)
            scaled_loss = self.optimizer.scale_loss(loss)
        self._loss_tracker.update_state(loss)
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(scaled_loss, variables), variables)
        return {"loss": self._loss_tracker.result()}

    @waits_for_data
    def test_step(self, data):
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False) if self._call_has_training_arg else self(x)
        loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=False)
        self._loss_tracker.update_state(loss)
        return self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)

    def fit(self, x=None, *args, **kwargs):
        self.restore(x, trains=True)
        before = self.steps_per_execution
        steps = before if before != 1 or args or self.run_eagerly else steps_at_once(x, **kwargs)
        validates = steps != before and kwargs.get("validation_data") is not None
        # A traced function keeps the number of steps that it was traced with.
        if steps != self._traced_steps:
            self.train_function, self._traced_steps = None, steps
        if validates:
            self.test_function = None
        self.steps_per_execution = steps
        try:
            history = super().fit(x, *args, **kwargs)
        finally:
            self.steps_per_execution = before
            if validates:
                self.test_function = None
        if self.model_dir is not None:
            os.makedirs(self.model_dir, exist_ok=True)
            self.save_weights(os.path.join(self.model_dir, "model.weights.h5"))
        return history

    def evaluate(self, x=None, *args, return_dict=True, **kwargs):
        self.restore(x, trains=True)
        logs = super().evaluate(x, *args, return_dict=return_dict, **kwargs)
        if return_dict and self.optimizer is not None:
            logs["global_step"] = int(self.optimizer.iterations)
        return logs


def steps_at_once(dataset, steps_per_epoch=None, validation_steps=None, callbacks=None, **_):
    """How many steps `fit` can make per call from Python so that nothing but the speed changes.

    The largest number up to 32 that divides the steps of an epoch, those of a validation and the batches of the
    dataset: Keras would run on to the end of a group. 1 where a callback watches single batches, or where it is not
    known how many batches there are.
    """
    if not isinstance(dataset, tf.data.Dataset) or dataset.cardinality() == tf.data.UNKNOWN_CARDINALITY:
        return 1
    base = keras.callbacks.Callback
    for name in ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end"):
        for callback in keras.tree.flatten(callbacks or []):
            if getattr(getattr(callback, name), "__func__", None) is not getattr(base, name):
                return 1
    counts = [int(count) for count in (dataset.cardinality(), steps_per_epoch, validation_steps) if count is not None]
    return max(steps for steps in range(1, 33) if not any(count % steps for count in counts if count > 0))

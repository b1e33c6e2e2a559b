"""Experiments: a model with the data it is trained and evaluated on."""

import keras

from .evaluate_with import evaluate_with
from .train_and_evaluate import fit_until, train_and_evaluate


class Experiment:
    """A model with its data, and the ways to run them that `tf.contrib.learn.Experiment` had on one machine.

    Args:
        estimator: A compiled `keras.Model`.
        train_input_fn: The training dataset, or a function that returns it.
        eval_input_fn: The evaluation dataset, or a function that returns it.
        train_steps: The absolute step to stop at. None: where the data end.
        eval_steps: Batches per evaluation. None: all.
        evaluate_every: Steps between the evaluations of `train_and_evaluate`. None: only at the end.
        train_steps_per_iteration: Steps between the evaluations of `continuous_train_and_eval`.
        min_eval_frequency: 0: `train_and_evaluate` evaluates only at the end.
        eval_delay_secs: Taken and not used: there is no other process to wait for.
        export_strategies: Exporters, which run after the last evaluation.
        eval_metrics: More metrics of the evaluations, as `evaluate_with` takes them.
    """

    def __init__(
        self,
        estimator,
        train_input_fn,
        eval_input_fn,
        train_steps=None,
        eval_steps=100,
        evaluate_every=None,
        train_steps_per_iteration=None,
        min_eval_frequency=None,
        eval_delay_secs=None,
        export_strategies=None,
        eval_metrics=None,
    ):
        self.estimator = estimator
        self.train_steps, self.eval_steps = train_steps, eval_steps
        self._train_input_fn, self._eval_input_fn = train_input_fn, eval_input_fn
        self._evaluate_every = None if min_eval_frequency == 0 else evaluate_every
        self._metrics = eval_metrics or {}
        self._exporters = keras.tree.flatten(export_strategies or [])
        self._steps_per_iteration = train_steps_per_iteration or (train_steps // 10 if train_steps else 1000)

    def train(self, delay_secs=None):
        """Trains up to `train_steps`, and returns the model."""
        if self.train_steps is None:
            self.estimator.fit(dataset_of(self._train_input_fn))
        else:
            fit_until(self.estimator, dataset_of(self._train_input_fn), max_steps=self.train_steps)
        return self.estimator

    def evaluate(self, delay_secs=None, name=None):
        """Evaluates, and returns the results by name."""
        return self._evaluate(self.eval_steps)

    def train_and_evaluate(self):
        """Trains up to `train_steps` with evaluations in between; returns the last results, and paths of exports."""
        results, _ = train_and_evaluate(
            self.estimator,
            dataset_of(self._train_input_fn),
            dataset_of(self._eval_input_fn),
            max_steps=self.train_steps,
            eval_steps=self.eval_steps,
            evaluate_every=self._evaluate_every,
        )
        results = self.evaluate() if self._metrics or not results else results
        return results, self._export(results)

    def continuous_train_and_eval(self):
        """Trains and evaluates in turns, with fresh data each time; returns the last results, and paths of exports."""
        results, exports = None, None
        while not (results and self.train_steps and results["global_step"] >= self.train_steps):
            self.estimator.fit(dataset_of(self._train_input_fn), steps_per_epoch=self._steps_per_iteration)
            results = self.evaluate()
            exports = self._export(results)
        return results, exports

    def test(self):
        """Makes one step, and evaluates one batch."""
        self.estimator.fit(dataset_of(self._train_input_fn), steps_per_epoch=1)
        results = self._evaluate(1)
        self._export(results)
        return results

    def _evaluate(self, steps):
        return evaluate_with(self.estimator, dataset_of(self._eval_input_fn), self._metrics, steps=steps)

    def _export(self, results):
        return [exporter.export(self.estimator, results, True) for exporter in self._exporters]


def dataset_of(input_fn):
    """The dataset itself, or what the function returns."""
    return input_fn() if callable(input_fn) else input_fn


def run_experiment(experiment_fn, output_dir=None, schedule=None, run_config=None, hparams=None):
    """Makes an experiment and runs it, as `learn_runner.run` of `tf.contrib.learn` did on one machine.

    Args:
        experiment_fn: Returns an `Experiment`; called with `output_dir`, or with `run_config` and `hparams`.
        output_dir: A folder for the model.
        schedule: The name of the method to run. None: `train_and_evaluate`.
        run_config: The settings of the run.
        hparams: The hyper-parameters.

    Returns:
        What that method returns.
    """
    experiment = experiment_fn(output_dir=output_dir) if run_config is None else experiment_fn(run_config, hparams)
    return getattr(experiment, schedule or "train_and_evaluate")()

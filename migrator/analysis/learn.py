"""`tf.contrib.learn`: the names around Experiments, and what its runner calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.analysis.values import NONE, Opaque, Stage, Value, is_none

if TYPE_CHECKING:
    from migrator.analysis.evaluation import Evaluation
    from migrator.analysis.sites import Site

ESTIMATOR = "tensorflow.contrib.learn.Estimator"
# A canned estimator written out is one of these, a class that contrib.learn once had: `predict` gives one of the
# predictions per example, as do methods named for them.
SINGLE = {
    "tensorflow.contrib.learn.Classifier": {
        "predict": "classes",
        "predict_classes": "classes",
        "predict_proba": "probabilities",
    },
    "tensorflow.contrib.learn.Regressor": {"predict": "scores", "predict_scores": "scores"},
}
EXPERIMENT = "tensorflow.contrib.learn.Experiment"
RUN = "tensorflow.contrib.learn.learn_runner.run"
EXPORT_STRATEGY = "tensorflow.contrib.learn.make_export_strategy"
METRIC_SPEC = "tensorflow.contrib.learn.MetricSpec"
PREDICTOR = "tensorflow.contrib.predictor.from_estimator"

SIGNATURES = {
    EXPERIMENT: "estimator, train_input_fn, eval_input_fn, eval_metrics=None, train_steps=None, eval_steps=100, "
    "train_monitors=None, eval_hooks=None, local_eval_frequency=None, eval_delay_secs=120, "
    "continuous_eval_throttle_secs=60, min_eval_frequency=None, delay_workers_by_global_step=False, "
    "export_strategies=None, train_steps_per_iteration=None, checkpoint_and_export=False, saving_listeners=None, "
    "check_interval_secs=5",
    EXPORT_STRATEGY: "serving_input_fn, default_output_alternative_key=None, assets_extra=None, as_text=False, "
    "exports_to_keep=5, strip_default_attrs=None",
    METRIC_SPEC: "metric_fn, prediction_key=None, label_key=None, weight_key=None",
    "learner.fit": "x=None, y=None, input_fn=None, steps=None, batch_size=None, monitors=None, max_steps=None",
    "learner.partial_fit": "x=None, y=None, input_fn=None, steps=1, batch_size=None, monitors=None",
    "learner.evaluate": "x=None, y=None, input_fn=None, feed_fn=None, batch_size=None, steps=None, metrics=None, "
    "name=None, checkpoint_path=None, hooks=None, log_progress=True",
    "learner.predict": "x=None, input_fn=None, batch_size=None, outputs=None, as_iterable=True, iterate_batches=False",
    **dict.fromkeys(
        ("learner.predict_classes", "learner.predict_proba", "learner.predict_scores"),
        "x=None, input_fn=None, batch_size=None, as_iterable=True",
    ),
    RUN: "experiment_fn, output_dir=None, schedule=None, run_config=None, hparams=None",
    PREDICTOR: "estimator, serving_input_receiver_fn, output_key=None, graph=None, config=None",
}


def made_experiment(ev: Evaluation, site: Site, bound: dict[str, Value]) -> Value:
    """What the experiment_fn that the runner is given returns: it is called with the folder, or with two settings."""
    function = bound.get("experiment_fn")
    if function is None:
        return Opaque(Stage.STATIC)
    config = bound.get("run_config")
    if config is None or is_none(config):
        given: dict[str, Value] = {"output_dir": bound.get("output_dir", NONE)}
        return ev.call_value(site, function, [], given)
    return ev.call_value(site, function, [config, bound.get("hparams", NONE)], {})

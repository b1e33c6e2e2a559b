"""A stand-in for the heads of tf.contrib.estimator on TensorFlow 2.15: those of canned estimators, with other losses.

The heads of contrib take means where canned estimators take sums. `multi_head` is written here; what it adds to the
heads that it merges was read in TensorFlow 1.15.
"""

# ruff: noqa: B905 -- zip() has no `strict` in Python 3.7

from __future__ import annotations

import functools
import importlib
from typing import Any, Dict, Iterable


def heads(tf: Any) -> Dict[str, Any]:
    """The heads by name."""
    made = importlib.import_module("tensorflow_estimator.python.estimator.canned.head")
    mean = tf.losses.Reduction.SUM_OVER_BATCH_SIZE
    binary = made._binary_logistic_head_with_sigmoid_cross_entropy_loss
    several = made._multi_class_head_with_softmax_cross_entropy_loss

    def poisson(
        weight_column: Any = None,
        label_dimension: int = 1,
        loss_reduction: Any = mean,
        compute_full_loss: bool = True,
        name: Any = None,
    ) -> Any:
        def loss(labels: Any, logits: Any) -> Any:
            return tf.nn.log_poisson_loss(labels, logits, compute_full_loss=compute_full_loss)

        return made._regression_head(weight_column, label_dimension, loss_reduction, loss, tf.exp, name)

    def logistic(weight_column: Any = None, loss_reduction: Any = mean, name: Any = None) -> Any:
        def loss(labels: Any, logits: Any) -> Any:
            return tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)

        return made._regression_head(weight_column, 1, loss_reduction, loss, tf.sigmoid, name)

    return {
        "binary_classification_head": functools.partial(binary, loss_reduction=mean),
        "multi_class_head": functools.partial(several, loss_reduction=mean),
        "regression_head": functools.partial(made._regression_head, loss_reduction=mean),
        "poisson_regression_head": poisson,
        "logistic_regression_head": logistic,
        "multi_head": functools.partial(MultiHead, tf),
    }


class MultiHead(object):
    """Several named heads as one: their losses are added, all that they give is kept under their names."""

    def __init__(self, tf: Any, heads: Iterable[Any], head_weights: Any = None) -> None:
        self.tf, self.heads, self.shares = tf, list(heads), list(head_weights or ())
        self.name = "_".join(head.name for head in self.heads)
        self.logits_dimension = sum(head.logits_dimension for head in self.heads)

    def create_estimator_spec(
        self, features: Any, mode: str, logits: Any, labels: Any = None, optimizer: Any = None, train_op_fn: Any = None
    ) -> Any:
        """The spec of all heads; `logits`: by head, or one tensor."""
        tf = self.tf
        if not isinstance(logits, dict):
            parts = tf.split(logits, [head.logits_dimension for head in self.heads], axis=-1)
            logits = {head.name: part for head, part in zip(self.heads, parts)}
        specs = {
            head.name: head.create_estimator_spec(
                features,
                mode,
                logits[head.name],
                labels[head.name] if labels else None,
                train_op_fn=lambda _: tf.no_op(),
            )
            for head in self.heads
        }
        predictions = {(name, key): value for name, spec in specs.items() for key, value in spec.predictions.items()}
        if mode == tf.estimator.ModeKeys.PREDICT:
            return tf.estimator.EstimatorSpec(mode, predictions, export_outputs=self._outputs(specs))
        losses = [spec.loss for spec in specs.values()]
        loss = tf.add_n([one * share for one, share in zip(losses, self.shares)] if self.shares else losses)
        if mode == tf.estimator.ModeKeys.EVAL:
            metrics = {"loss/%s" % name: tf.metrics.mean(spec.loss) for name, spec in specs.items()}
            for spec in specs.values():
                metrics.update(spec.eval_metric_ops or {})
            return tf.estimator.EstimatorSpec(mode, predictions, loss, eval_metric_ops=metrics)
        step = tf.train.get_global_step()
        train_op = optimizer.minimize(loss, global_step=step) if optimizer is not None else train_op_fn(loss)
        return tf.estimator.EstimatorSpec(mode, predictions, loss, train_op)

    def _outputs(self, specs: Any) -> Dict[str, Any]:
        default, outputs, merged = "serving_default", {}, {}  # type: Any, Dict[str, Any], Dict[str, Any]
        outputs[default] = specs[self.heads[0].name].export_outputs[default]
        for name, spec in specs.items():
            for key, output in spec.export_outputs.items():
                outputs[name if key == default else "%s/%s" % (name, key)] = output
            merged.update({"%s/%s" % (name, key): v for key, v in spec.export_outputs["predict"].outputs.items()})
        outputs["predict"] = self.tf.estimator.export.PredictOutput(merged)
        return outputs

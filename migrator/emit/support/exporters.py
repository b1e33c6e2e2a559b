"""Exports on the way: what is served after the evaluations of a training run."""

import json
import os
import shutil
import tempfile

import keras
import tensorflow as tf

from .export_saved_model import export_saved_model


class LatestExporter:
    """Exports after every evaluation and keeps the newest ones, as `tf.estimator.LatestExporter` does.

    Args:
        name: The folder under `export` in the model's folder.
        serving_input_fn: Gives what `export_saved_model` takes as `receiver`.
        exports_to_keep: How many exports stay. None: all.
        signature: The name of the signature.
    """

    def __init__(self, name, serving_input_fn, exports_to_keep=5, signature="serving_default"):
        self.name = name
        self.serving_input_fn = serving_input_fn
        self.exports_to_keep = exports_to_keep
        self.signature = signature
        self.folder = None

    def export(self, model, results, is_the_final_export):
        """Writes a SavedModel and returns its path; None where none is due."""
        if self.folder is None:
            self.folder = os.path.join(model.model_dir or tempfile.mkdtemp(), "export", self.name)
        path = export_saved_model(model, self.folder, self.serving_input_fn(), self.signature)
        if self.exports_to_keep is not None:
            exports = sorted((name for name in os.listdir(self.folder) if name.isdigit()), key=int)
            for old in exports[: -self.exports_to_keep]:
                shutil.rmtree(os.path.join(self.folder, old))
        return path


class FinalExporter(LatestExporter):
    """Exports once, after the evaluation at the last step, as `tf.estimator.FinalExporter` does."""

    def __init__(self, name, serving_input_fn, signature="serving_default"):
        super().__init__(name, serving_input_fn, None, signature)

    def export(self, model, results, is_the_final_export):
        return super().export(model, results, is_the_final_export) if is_the_final_export else None


class BestExporter(LatestExporter):
    """Exports after every evaluation that is better than all before, as `tf.estimator.BestExporter` does.

    The best results are kept in the model's folder, so that a later run goes on from them.

    Args:
        compare_fn: Called with the best and the current results by name; True exports. None: a smaller loss is better.
    """

    def __init__(self, name="best_exporter", serving_input_fn=None, compare_fn=None, exports_to_keep=5, **options):
        super().__init__(name, serving_input_fn, exports_to_keep, **options)
        self.compare_fn = compare_fn or is_loss_smaller

    def export(self, model, results, is_the_final_export):
        known = os.path.join(model.model_dir, f"{self.name.replace('/', '_')}.json") if model.model_dir else None
        best = getattr(self, "best", None)
        if best is None and known is not None and os.path.exists(known):
            with open(known) as file:
                best = json.load(file)
        if best is not None and not self.compare_fn(best_eval_result=best, current_eval_result=results):
            return None
        path = super().export(model, results, is_the_final_export)
        self.best = results
        if known is not None:
            with open(known, "w") as file:
                json.dump({name: float(value) for name, value in results.items()}, file)
        return path


def is_loss_smaller(best_eval_result, current_eval_result):
    """Whether the current evaluation has a smaller loss than the best so far."""
    return best_eval_result["loss"] > current_eval_result["loss"]


class ExportAfterEvaluation(keras.callbacks.Callback):
    """Runs exporters after each evaluation of a training run.

    Args:
        exporters: One exporter or a list of them.
        max_steps: The step at which the run ends; no export is the final one without it.
    """

    def __init__(self, exporters, max_steps=None):
        super().__init__()
        self.exporters = keras.tree.flatten(exporters)
        self.max_steps = max_steps

    def on_epoch_end(self, epoch, logs=None):
        results = {name.removeprefix("val_"): value for name, value in logs.items() if name.startswith("val_")}
        results["global_step"] = int(self.model.optimizer.iterations)
        final = self.max_steps is not None and results["global_step"] >= self.max_steps
        for exporter in self.exporters:
            exporter.export(self.model, results, final)


def parsing_receiver_fn(feature_spec):
    """A function that gives the receiver of serialised examples, for `export_saved_model`.

    Args:
        feature_spec: Name -> `tf.io.FixedLenFeature` or another configuration of `tf.io.parse_example`.
    """
    specs = {"examples": tf.TensorSpec([None], tf.string)}
    return lambda: (specs, lambda tensors: tf.io.parse_example(tensors["examples"], feature_spec))

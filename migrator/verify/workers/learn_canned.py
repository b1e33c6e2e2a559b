"""`tf.contrib.learn` on TensorFlow 1.15: its Estimators as the one that is recorded, the canned ones among them."""

from __future__ import annotations

import functools
import importlib
import os
import sys
from typing import Any, Dict, Iterator, List

from .learn import estimator_class

CLASSES = {"predict": "classes", "predict_classes": "classes", "predict_proba": "probabilities"}
VALUES = {"predict": "scores", "predict_scores": "scores"}
NAMES = [
    network + head
    for network in ("DNN", "Linear", "DNNLinearCombined")
    for head in ("Classifier", "Regressor")
]  # fmt: skip


def install(tf: Any, root: str) -> None:
    """Puts the Estimator above in the place of contrib.learn's, where a program of TensorFlow 1 uses that one."""
    if "_v1" in vars(tf) or not _mentions(root, b"learn"):
        return  # tf.contrib takes seconds to import
    try:
        learn = importlib.import_module("tensorflow.contrib.learn")
    except ImportError:
        return
    own = estimator_class(tf)
    instead = stand_ins(learn, own)
    instead[learn.Estimator] = own
    names = ("tensorflow.contrib.learn", "tensorflow_core.contrib.learn")
    placed([m for m in list(sys.modules.values()) if getattr(m, "__name__", "").startswith(names)], instead)


def _mentions(root: str, word: bytes) -> bool:
    for folder, _, files in os.walk(root):
        for file in files:
            if file.endswith(".py"):
                with open(os.path.join(folder, file), "rb") as stream:
                    text = stream.read()
                if word in text and b"contrib" in text:
                    return True
    return False


def stand_ins(learn: Any, own: Any) -> Dict[Any, Any]:
    """The classes of contrib.learn, and what takes the place of each. `own`: the Estimator that is recorded."""
    found = {getattr(learn, name): name for name in NAMES}
    return {original: canned_class(own, original, name) for original, name in found.items()}


def canned_class(own: Any, original: Any, name: str) -> Any:
    """A canned estimator that is the recorded Estimator, given the model_fn that the original makes."""

    class Canned(own):  # type: ignore[misc]
        """It predicts one thing per example."""

        def __init__(self, *args: Any, **options: Any) -> None:
            made = original(*args, **options)
            super(Canned, self).__init__(
                without_loss(made._model_fn), options.get("model_dir"), made.config, made.params
            )
            self._all_predictions = self.predict
            for method, key in (CLASSES if name.endswith("Classifier") else VALUES).items():
                setattr(self, method, functools.partial(self._one_prediction, key, method))

        def _one_prediction(self, key: str, method: str, *args: Any, **options: Any) -> Any:
            if method == "predict" and options.get("outputs"):
                return self._all_predictions(*args, **options)
            return only(key, self._all_predictions(*args, **dict(options, outputs=None)))

    Canned.__name__ = name
    return Canned


def only(key: str, examples: Any) -> Iterator[Any]:
    for example in examples:
        yield example[key]


def without_loss(model_fn: Any) -> Any:
    """A model_fn whose metrics have no `loss`: an Estimator of tf.estimator adds that one, the same mean, itself."""

    @functools.wraps(model_fn)
    def called(features: Any, labels: Any, mode: Any, params: Any, config: Any = None) -> Any:
        ops = model_fn(features, labels, mode, params=params, config=config)
        metrics = {key: pair for key, pair in (ops.eval_metric_ops or {}).items() if key != "loss"}
        return ops._replace(eval_metric_ops=metrics)

    return called


def placed(modules: List[Any], instead: Dict[Any, Any]) -> None:
    """Puts the stand-ins where modules hold the originals, but for those that define them: they call themselves."""
    for module in modules:
        for name, value in list(vars(module).items()):
            if isinstance(value, type) and value in instead and value.__module__ != module.__name__:
                setattr(module, name, instead[value])

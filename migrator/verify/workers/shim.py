"""Presents TensorFlow 2.15's compat.v1 as the module `tensorflow` of a TensorFlow 1 program, contrib included."""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import sys
import types
import warnings
from typing import Any, Optional

PRESENTED = "1.15.5"  # programs compare tf.__version__ with what they need
# Real packages below `tensorflow`, which stay what they are.
_REAL = ("python", "core", "tools", "include", "lite", "compiler", "_api", "dtensor", "security", "tsl")
_MOVED = {"tensorflow.python.estimator": "tensorflow_estimator.python.estimator"}


def install() -> Any:
    """Makes `import tensorflow` mean TensorFlow 1 from here on; returns that module (the real one when it is 1.x)."""
    warnings.filterwarnings("ignore")
    import tensorflow as real

    if real.__version__.startswith("1."):
        return real
    import tensorflow.compat.v1 as v1

    v1.disable_v2_behavior()
    _load_lazy_parts(v1)
    facade = _facade(real, v1)
    for name in list(sys.modules):
        # What was imported under TF 2 names must resolve again, through the facade.
        if name.startswith("tensorflow.") and name.split(".")[1] not in _REAL + ("compat",):
            del sys.modules[name]
    sys.modules["tensorflow"] = facade
    sys.meta_path.insert(0, _Finder(facade))
    v1.logging.set_verbosity(v1.logging.ERROR)
    return facade


def _load_lazy_parts(v1: Any) -> None:
    """Parts that import `tensorflow` when first touched: touched here, while that is still the real one."""
    import keras  # noqa: F401
    import tensorflow_estimator.python.estimator.estimator_lib  # noqa: F401

    paths = ["estimator.Estimator", "estimator.tpu.TPUEstimator", "layers.dense", "nn.rnn_cell.LSTMCell", "keras.Model"]
    for path in paths:
        part = v1
        for name in path.split("."):
            part = getattr(part, name)
    framework = importlib.import_module("tensorflow.python.framework.ops")
    for module, name in (("tensor", "Tensor"), ("indexed_slices", "IndexedSlices")):
        if not hasattr(framework, name):
            # tf-slim's optimize_loss still looks for these classes where they were before.
            setattr(framework, name, getattr(importlib.import_module("tensorflow.python.framework." + module), name))
    with contextlib.suppress(ImportError):  # then contrib.layers and contrib.slim say so when they are used
        import tf_slim  # noqa: F401


_Spec = importlib.machinery.ModuleSpec


class _Facade(types.ModuleType):
    """Looks every name up in compat.v1."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        if name == "contrib":
            from . import contrib

            found = contrib.build(self)
            setattr(self, name, found)
            return found
        v1 = self.__dict__["_v1"]
        if hasattr(v1, name):
            return getattr(v1, name)
        if name in ("python", "core"):
            return importlib.import_module("tensorflow." + name)
        raise AttributeError("module 'tensorflow' has no attribute %r" % name)

    def __dir__(self) -> Any:
        return sorted(set(dir(self.__dict__["_v1"])) | set(self.__dict__))


def _facade(real: Any, v1: Any) -> Any:
    facade = _Facade("tensorflow")
    facade.__dict__.update(
        _v1=v1,
        __path__=list(real.__path__),
        __file__=real.__file__,
        __spec__=real.__spec__,
        __version__=PRESENTED,
        __internal__=getattr(real, "__internal__", None),
        compat=real.compat,
    )
    return facade


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Resolves `import tensorflow.layers`, `from tensorflow.contrib import slim` ... through the facade."""

    def __init__(self, facade: Any) -> None:
        self.facade = facade

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Optional[_Spec]:
        if not fullname.startswith("tensorflow."):
            return None
        if any(fullname == old or fullname.startswith(old + ".") for old in _MOVED):
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        if fullname.split(".")[1] in _REAL + ("compat",) or self._look_up(fullname) is None:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> Any:
        for old, new in _MOVED.items():
            if spec.name == old or spec.name.startswith(old + "."):
                return _alias(spec.name, importlib.import_module(new + spec.name[len(old) :]))
        return _alias(spec.name, self._look_up(spec.name))

    def exec_module(self, module: types.ModuleType) -> None:
        return None

    def _look_up(self, fullname: str) -> Any:
        found = self.facade
        for name in fullname.split(".")[1:]:
            try:
                found = getattr(found, name)
            except AttributeError as error:
                if name == "contrib":
                    raise ImportError("tf.contrib cannot be presented: %s" % error) from error
                return None
        return found


class _Alias(types.ModuleType):
    """A module under another name: every attribute is the original's, at the time it is asked for."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_original"], name)

    def __dir__(self) -> Any:
        return dir(self.__dict__["_original"])


def _alias(name: str, original: Any) -> types.ModuleType:
    module = _Alias(name)
    module.__dict__.update(_original=original, __path__=[])
    # Star imports read the dictionary.
    module.__dict__["__all__"] = [n for n in dir(original) if not n.startswith("_")]
    return module

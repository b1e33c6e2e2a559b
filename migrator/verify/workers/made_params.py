"""The parameters of a model_fn whose program is not run: evaluated where the code shows them, else made up by name."""

from __future__ import annotations

import importlib
import inspect
import re
from typing import Any, Dict, List, Optional, Tuple

UNKNOWN = object()

# What a parameter is called tells what it may be. The first that is found in the name counts.
_BY_NAME: Tuple[Tuple[str, Any], ...] = (
    (r"feature_columns|columns$", "columns"),
    (r"decay_steps|warmup|num_steps|train_steps|max_steps|steps", 100),
    (r"decay.*rate|rate.*decay|decay_factor", 0.96),
    (r"learning.?rate|(^|_)lr$", 0.01),
    (r"momentum|beta", 0.9),
    (r"keep", 0.8),
    (r"drop", 0.2),
    (r"weight_decay|(^|_)l[12](_|$)|reg|decay|lambda", 1e-3),
    (r"epsilon", 1e-6),
    (r"threshold", 0.5),
    (r"clip|norm", 1.0),
    (r"^(num|n)_.*(units|hidden|filters|dims|sizes|channels)", 8),
    (r"hidden_units|hidden_layers$|layers$|units$|filters$|sizes$|dims$", [8, 6]),
    (r"num_.*layers|n_layers|depth", 2),
    (r"class|labels|num_outputs|targets", 3),
    (r"vocab|buckets", 20),
    (r"embed", 6),
    (r"batch", 8),
    (r"len", 10),
    (r"data_format", "channels_last"),
    (r"optimizer", "Adam"),
    (r"path|dir|file", ""),
    (r"scope|name", "model"),
    (r"^(use|is|has|do|with|enable)_", False),
    (r"size|units|dim|hidden|filters|channels|width|num|^n_|count", 8),
)


class Params(dict):  # type: ignore[type-arg]
    """Parameters that can be read by key and by attribute; one that is unknown is made up, and told in `guessed`."""

    def __init__(self, values: Dict[str, Any], guesses: bool = True, defaults: Optional[Dict[str, Any]] = None) -> None:
        super(Params, self).__init__(values)
        self.__dict__["defaults"] = defaults or {}
        self.__dict__["guessed"] = {}
        self.__dict__["regretted"] = []
        self.__dict__["lacking"] = []
        self.__dict__["by_attribute"] = False
        self.__dict__["guesses"] = guesses

    def __bool__(self) -> bool:
        return True  # an empty one is not replaced: what is read of it may be known

    def __missing__(self, key: Any) -> Any:
        value = guess(str(key)) if self.__dict__["guesses"] else UNKNOWN
        value = self.__dict__["defaults"].get(key, value)
        if value is UNKNOWN:
            self.__dict__["lacking"].append(str(key))
            raise KeyError(key)
        self.__dict__["guessed"][key] = value
        self[key] = value
        return value

    def regret(self, text: str) -> bool:
        """Makes a number of a guessed list, or a list of a number, when a message says so; whether it did."""
        wanted: Any = (
            8 if "'list'" in text else [8, 6] if re.search("'int' object is not (iterable|subscr)", text) else 0
        )
        kind = list if wanted == 8 else int
        for name, value in self.__dict__["guessed"].items() if wanted else ():
            if type(value) is kind and name not in self.__dict__["regretted"]:
                self.__dict__["regretted"].append(name)
                self.__dict__["guessed"][name] = self[name] = wanted
                return True
        return False

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self.__dict__["by_attribute"] = True
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(name) from error

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __deepcopy__(self, memo: Any) -> "Params":
        return self

    def __copy__(self) -> "Params":
        return self

    def values(self) -> Any:
        return super(Params, self).values()


class Bag(object):
    """Parameters that a program reads by attribute; not a dict, which Keras would replace by one of its own."""

    def __init__(self, values: Dict[str, Any]) -> None:
        self.__dict__.update(values)

    def __getitem__(self, name: str) -> Any:
        return self.__dict__[name]

    def __contains__(self, name: str) -> bool:
        return name in self.__dict__

    def get(self, name: str, default: Any = None) -> Any:
        return self.__dict__.get(name, default)

    def values(self) -> Dict[str, Any]:
        return dict(self.__dict__)


def guess(name: str) -> Any:
    """A value that a parameter of this name may have."""
    for pattern, value in _BY_NAME:
        if re.search(pattern, name.lower()):
            if value == "columns":
                return _columns()
            return list(value) if isinstance(value, list) else value
    return UNKNOWN


def _columns() -> List[Any]:
    import tensorflow as tf

    return [tf.feature_column.numeric_column(key) for key in ("first", "second", "third")]


def without_empty_columns(params: Any) -> Any:
    """The parameters without lists of columns that were to be filled in a loop over data that are not there."""
    if not isinstance(params, dict):
        return params
    empty = [key for key, value in params.items() if value == [] and "column" in str(key)]
    return {key: value for key, value in params.items() if key not in empty} if empty else params


def columns_in(value: Any) -> List[Any]:
    """The feature columns among parameters."""
    if hasattr(value, "_fields") and type(value).__name__.endswith("Column"):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return [column for item in list(items) for column in columns_in(item)]


def leaves_of(columns: List[Any]) -> Dict[str, Any]:
    """What feature columns tell of the features that they read, as hints."""
    found: Dict[str, Any] = {}
    for column in columns:
        inner = column
        while hasattr(inner, "categorical_column") or hasattr(inner, "source_column"):
            inner = getattr(inner, "categorical_column", None) or inner.source_column
        for key, shape in inner.parse_example_spec.items():
            sizes = list(getattr(shape, "shape", [1]))
            leaf: Dict[str, Any] = {"dtype": shape.dtype.name, "shape": sizes}
            if hasattr(inner, "vocabulary_list"):
                leaf["choices"] = [getattr(word, "decode", lambda word=word: word)() for word in inner.vocabulary_list]
            if hasattr(inner, "number_buckets"):
                leaf["high"] = inner.number_buckets
            found[key] = leaf
    return found


def portable(value: Any) -> Any:
    """The value as plain data that the other runtime can rebuild; raises TypeError for what cannot be carried over."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if type(value).__name__ == "FlagValues" or hasattr(value, "flag_values_dict"):
        return {"as": "attributes", "items": _items(value.flag_values_dict())}
    if isinstance(value, dict):
        read_by_attribute = getattr(value, "__dict__", {}).get("by_attribute", False)
        return {"as": "attributes" if read_by_attribute else "dict", "items": _items(value)}
    if inspect.isfunction(value) or inspect.isclass(value) or inspect.isbuiltin(value):
        return {"as": "function", "items": [value.__module__ or "", value.__name__]}
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return {"as": type(value).__name__, "items": [portable(item) for item in value]}
    if type(value).__module__ == "numpy":
        return {"as": "numpy", "items": value.tolist(), "dtype": str(value.dtype)}
    if hasattr(value, "_fields") and type(value).__name__.endswith("Column"):
        from tensorflow.python.feature_column import serialization

        return {"as": "column", "items": serialization.serialize_feature_column(value)}
    plain = value.values() if hasattr(value, "set_hparam") else getattr(value, "__dict__", None)
    if isinstance(plain, dict) and (hasattr(value, "set_hparam") or type(value).__name__ == "Namespace"):
        return {"as": "attributes", "items": _items(plain)}
    raise TypeError("a %s cannot be carried over to the other runtime" % type(value).__name__)


def _items(values: Any) -> List[Any]:
    """The items of a mapping that can be carried over: what is left out is missed where it is read."""
    found = []
    for key, value in values.items():
        try:
            found.append([key, portable(value)])
        except TypeError:
            found.append([key, {"as": "left behind", "items": []}])
    return found


def rebuilt(value: Any) -> Any:
    """The value that `portable` took apart."""
    if not isinstance(value, dict):
        return value
    kind, items = value["as"], value["items"]
    if kind in ("attributes", "dict"):
        kept = {key: rebuilt(item) for key, item in items if not _left_behind(item)}
        return Bag(kept) if kind == "attributes" else kept
    if kind == "numpy":
        import numpy

        return numpy.asarray(items, value["dtype"])
    if kind == "column":
        from tensorflow.python.feature_column import serialization

        return serialization.deserialize_feature_column(items)
    if kind == "function":
        return _function(*items)
    made = [rebuilt(item) for item in items]
    return tuple(made) if kind == "tuple" else made


def _left_behind(item: Any) -> bool:
    return isinstance(item, dict) and item["as"] == "left behind"


def left_behind(value: Any) -> List[str]:
    """The names of what could not be carried over, anywhere in a value taken apart by `portable`."""
    if not isinstance(value, dict):
        return []
    if value["as"] in ("dict", "attributes"):
        mine = [str(key) for key, item in value["items"] if _left_behind(item)]
        return mine + [name for _, item in value["items"] for name in left_behind(item)]
    inner = value["items"] if value["as"] in ("list", "tuple") else ()
    return [name for item in inner for name in left_behind(item)]


def _function(module: str, name: str) -> Any:
    """A function of TensorFlow's or Keras' by its name, where this runtime has it; one of the program from its file."""
    if module.split(".")[0] in ("tensorflow", "keras", "tensorflow_core"):
        keras, tf = importlib.import_module("keras"), importlib.import_module("tensorflow")
        for place in (keras.activations, tf.nn, tf, keras.initializers):
            if hasattr(place, name):
                return getattr(place, name)
        raise LookupError("%s.%s has no counterpart" % (module, name))
    return getattr(importlib.import_module(module), name)

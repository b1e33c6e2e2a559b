"""Hyper-parameters by name."""

import json
import numbers
import re


class HParams:
    """Named values, read as attributes: `tf.contrib.training.HParams`.

    A value that is set later must be of the type of the one given first; whole numbers may stand for floats.
    """

    def __init__(self, **values):
        self._types = {}
        for name, value in values.items():
            self.add_hparam(name, value)

    def add_hparam(self, name, value):
        """Adds a hyper-parameter. A list must not be empty."""
        if getattr(self, name, None) is not None:
            raise ValueError(f"Hyperparameter name is reserved: {name}")
        if isinstance(value, (list, tuple)):
            if not value:
                raise ValueError(f"Multi-valued hyperparameters cannot be empty: {name}")
            self._types[name] = (type(value[0]), True)
        else:
            self._types[name] = (type(value), False)
        setattr(self, name, value)

    def set_hparam(self, name, value):
        """Sets a hyper-parameter that is there."""
        kind, listed = self._types[name]
        if isinstance(value, list) != listed:
            raise ValueError(f"Hyperparameter {name} is {'a list' if listed else 'a single value'}")
        setattr(self, name, [_as(kind, name, one) for one in value] if listed else _as(kind, name, value))

    def del_hparam(self, name):
        """Removes a hyper-parameter, if it is there."""
        if hasattr(self, name):
            delattr(self, name)
            del self._types[name]

    def get(self, key, default=None):
        """Returns a value, or the default for a name that is not there."""
        if key not in self._types:
            return default
        kind, listed = self._types[key]
        if default is not None:
            if isinstance(default, list) != listed:
                raise ValueError(f"Hyperparameter {key} and its default {default} are not of one type")
            for one in default if listed else [default]:
                _as(kind, key, one)
        return getattr(self, key)

    def values(self):
        """Returns the values by name."""
        return {name: getattr(self, name) for name in self._types}

    def override_from_dict(self, values_dict):
        """Sets the values of a dictionary, and returns this object."""
        for name, value in values_dict.items():
            self.set_hparam(name, value)
        return self

    def set_from_map(self, values_map):
        """Sets the values of a dictionary, and returns this object."""
        return self.override_from_dict(values_map)

    def parse(self, values):
        """Sets the values of a text such as `rate=0.1,units=[8,4],name=a`, and returns this object."""
        found, at = {}, 0
        while at < len(values):
            clause = re.compile(r"([a-zA-Z][\w.]*)\s*=\s*(?:([^,\[]*)|\[([^\]]*)\])($|,\s*)").match(values, at)
            if clause is None:
                raise ValueError(f"Malformed hyperparameter value: {values[at:]}")
            at = clause.end()
            name = clause[1]
            if name not in self._types:
                raise ValueError(f"Unknown hyperparameter type for {name}")
            if name in found:
                raise ValueError(f"Multiple assignments to variable {name!r} in {values}")
            read = _truth if self._types[name][0] is bool else self._types[name][0]
            listed = clause[2] is None
            found[name] = [read(one) for one in re.split("[ ,]", clause[3]) if one] if listed else read(clause[2])
        return self.override_from_dict(found)

    def parse_json(self, values_json):
        """Sets the values of an object written as JSON, and returns this object."""
        return self.override_from_dict(json.loads(values_json))

    def to_json(self, indent=None, separators=None, sort_keys=False):
        """Returns the values as JSON."""
        return json.dumps(self.values(), indent=indent, separators=separators, sort_keys=sort_keys)

    def __contains__(self, key):
        return key in self._types

    def __str__(self):
        return ",".join(f"{name}={value}" for name, value in self.values().items())

    def __repr__(self):
        return f"HParams({sorted(self.values().items())})"


def _as(kind, name, value):
    """The value as one of a type, where that loses nothing."""
    if type(value) is kind or kind is type(None):
        return value
    texts = issubclass(kind, (str, bytes)) and not isinstance(value, (str, bytes))
    truths = issubclass(kind, bool) != isinstance(value, bool)
    wholes = issubclass(kind, numbers.Integral) and not isinstance(value, numbers.Integral)
    numeric = issubclass(kind, numbers.Number) and not isinstance(value, numbers.Number)
    if texts or truths or wholes or numeric:
        raise ValueError(f"Could not cast hparam {name!r} of type {kind} from value {value!r}")
    return kind(value)


def _truth(text):
    """A boolean as people write it."""
    if text in ("true", "True"):
        return True
    return False if text in ("false", "False") else bool(int(text))

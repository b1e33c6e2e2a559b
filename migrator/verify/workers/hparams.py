"""HParams, the bag of hyper-parameters of contrib.training, as far as programs use it."""

from __future__ import annotations

import json
from typing import Any, Dict, List


class HParams(object):
    """Named values, read as attributes; a value set later keeps the type of the one given first."""

    def __init__(self, hparam_def: Any = None, model_structure: Any = None, **values: Any) -> None:
        self._names: List[str] = []
        for name, value in values.items():
            self.add_hparam(name, value)

    def add_hparam(self, name: str, value: Any) -> None:
        if getattr(self, name, None) is not None:
            raise ValueError("Hyperparameter name is reserved: %s" % name)
        self._names.append(name)
        self.__dict__[name] = value

    def set_hparam(self, name: str, value: Any) -> None:
        self.__dict__[name] = _as_type_of(getattr(self, name), value)

    def del_hparam(self, name: str) -> None:
        if name in self._names:
            self._names.remove(name)
            delattr(self, name)

    def get(self, key: str, default: Any = None) -> Any:
        return getattr(self, key) if key in self._names else default

    def values(self) -> Dict[str, Any]:
        return {name: getattr(self, name) for name in self._names}

    def override_from_dict(self, values: Dict[str, Any]) -> "HParams":
        for name, value in values.items():
            self.set_hparam(name, value)
        return self

    set_from_map = override_from_dict

    def parse(self, text: str) -> "HParams":
        """Reads `a=1,b=[2,3],c=x`."""
        for name, value in _assignments(text):
            if name not in self._names:
                raise ValueError("Unknown hyperparameter type for %s" % name)
            self.set_hparam(name, value)
        return self

    def parse_json(self, text: str) -> "HParams":
        return self.override_from_dict(json.loads(text))

    def to_json(self, indent: Any = None, separators: Any = None, sort_keys: bool = False) -> str:
        return json.dumps(self.values(), indent=indent, separators=separators, sort_keys=sort_keys)

    def __contains__(self, key: str) -> bool:
        return key in self._names

    def __str__(self) -> str:
        return str(sorted(self.values().items()))

    def __repr__(self) -> str:
        return "HParams(%s)" % self


def _assignments(text: str) -> Any:
    depth, start = 0, 0
    parts: List[str] = []
    for place, letter in enumerate(text + ","):
        depth += {"[": 1, "]": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append(text[start:place].strip())
            start = place + 1
    for part in parts:
        if part:
            name, _, value = part.partition("=")
            value = value.strip()
            listed = value.startswith("[")
            yield name.strip(), [v.strip() for v in value.strip("[]").split(",")] if listed else value


def _as_type_of(old: Any, value: Any) -> Any:
    if isinstance(old, list) and isinstance(value, list):
        return [_as_type_of(old[0], item) if old else item for item in value]
    if isinstance(old, bool) and isinstance(value, str):
        if value.lower() not in ("true", "false", "0", "1"):
            raise ValueError("Could not parse a boolean from %r" % value)
        return value.lower() in ("true", "1")
    if isinstance(old, (int, float)) and not isinstance(old, bool):
        if isinstance(old, int) and float(value) != int(float(value)):
            raise ValueError("Must not change an integer to %r" % (value,))
        return type(old)(float(value)) if isinstance(old, float) else int(float(value))
    return value

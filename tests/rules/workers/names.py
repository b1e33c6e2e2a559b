"""Looks names up in a runtime: usage names.py legacy|target NAMES.json FOUND.json.

FOUND holds, per dotted name that exists, its parameter names, or null where Python cannot say them.
"""

import importlib
import inspect
import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def roots(side):
    if side == "target":
        import absl.app
        import absl.flags
        import absl.logging
        import keras
        import tensorflow

        return {"tf": tensorflow, "keras": keras, "absl": absl}
    return {"tensorflow": importlib.import_module("tensorflow")}


def find(known, name):
    parts = name.split(".")
    value = known.get(parts[0])
    for index, part in enumerate(parts[1:], 2):
        inner = getattr(value, part, None)
        if inner is None and part.islower():  # a module that nobody has imported yet
            try:
                inner = importlib.import_module(".".join(parts[:index]))
            except ImportError:
                return None
        value = inner
    return value


def parameters(value):
    try:
        found = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return None
    names = [parameter.name for parameter in found]
    return None if any(parameter.kind is parameter.VAR_KEYWORD for parameter in found) and len(names) < 3 else names


def main(side, names_path, found_path):
    with open(names_path) as file:
        names = json.load(file)
    known = roots(side)
    values = {name: find(known, name) for name in names}
    with open(found_path, "w") as file:
        json.dump({name: parameters(value) for name, value in values.items() if value is not None}, file)


if __name__ == "__main__":
    main(*sys.argv[1:4])

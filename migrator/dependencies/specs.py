"""Which versions a dependency allows, and the words for those that converted code runs on."""

from __future__ import annotations

import re

FLOOR = (2, 16)  # the first TensorFlow that brings Keras 3; the target runtime of the verifier asks for the same
LEAST = f">={FLOOR[0]}.{FLOOR[1]}"
PYTHON_FLOOR = (3, 9)  # what that TensorFlow needs

FAMILY = {"tensorflow": "tensorflow", "tensorflow-gpu": "tensorflow", "tensorflow-cpu": "tensorflow-cpu"}
ALONGSIDE = {"tensorflow-estimator": "tensorflow_estimator", "tf-slim": "tf_slim"}  # distribution -> module
COMPANIONS = frozenset(  # what is chosen to fit a TensorFlow
    {"h5py", "horovod", "keras", "numpy", "protobuf", "tensor2tensor", "tensorboard", "tensorflow-addons"}
    | {"tensorflow-datasets", "tensorflow-hub", "tensorflow-metadata", "tensorflow-model-analysis"}
    | {"tensorflow-probability", "tensorflow-serving-api", "tensorflow-text", "tensorflow-transform", "tfx"}
)
KNOWN = frozenset(FAMILY) | frozenset(ALONGSIDE) | COMPANIONS | {"python"}

_CLAUSE = re.compile(
    r"\s*(===|==|~=|>=|<=|!=|[<>=^~]|)\s*v?(\d+(?:\.\d+)*)((?:\.\*|(?:\.?(?:a|b|rc|post|dev)\d*)|=\S*)*)\s*$"
)


def normal(name: str) -> str:
    """A distribution's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def raised(spec: str) -> str | None:
    """The spec that allows no version below the floor: itself, where it is so already. None: it cannot be read.

    An upper bound above the floor is kept.
    """
    if spec.strip() in ("", "*"):
        return spec
    clauses = _clauses(spec)
    if clauses is None:
        return None
    if all(version[: len(FLOOR)] >= FLOOR for _, version, _ in clauses):
        return spec
    kept = [text for operator, version, text in clauses if operator in ("<", "<=", "!=") and version > FLOOR]
    return ",".join([LEAST, *kept])


def allows_below(spec: str, floor: tuple[int, ...]) -> bool:
    """Whether a spec surely allows a version below the floor, or only such."""
    clauses = _clauses(spec) or []
    lower = [v for operator, v, _ in clauses if operator in ("", "=", "==", "===", "~=", "^", "~", ">=", ">")]
    upper = [v for operator, v, _ in clauses if operator in ("<", "<=")]
    return any(version[: len(floor)] < floor for version in lower) or any(version <= floor for version in upper)


def bounded(spec: str) -> bool:
    """Whether a spec forbids the versions to come."""
    return any(operator not in (">=", ">", "!=") for operator, _, _ in _clauses(spec) or ())


def _clauses(spec: str) -> list[tuple[str, tuple[int, ...], str]] | None:
    """(operator, version, text) of each part of a spec."""
    found: list[tuple[str, tuple[int, ...], str]] = []
    for text in spec.split(","):
        match = _CLAUSE.match(text)
        if match is None:
            return None
        found.append((match[1], tuple(int(part) for part in match[2].split(".")), text.strip()))
    return found

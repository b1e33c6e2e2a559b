"""What a failed or finished try tells of the inputs: the graph's constants and tables, and the numbers in errors."""

# ruff: noqa: B905 -- zip() has no `strict` in Python 3.7

from __future__ import annotations

import importlib
import re
from typing import Any, List, Optional, Tuple

import numpy

from . import stand_ins
from .made_inputs import FLOATS, HIGH, Inputs, Leaf

_VALUE_KEEPING = ("Identity", "Cast", "ExpandDims", "Squeeze", "Reshape", "StopGradient", "Unique")
_SCALING = ("Add", "AddV2", "Div", "Mul", "RealDiv", "Sub")


# ---------------------------------------------------------------------------------------------------------- graphs
def refine(graph: Any, trial: Any, whole: bool = False) -> Inputs:
    """What a graph tells: constant target shapes, the depth of one_hot, table sizes, numbers of classes."""
    inputs: Inputs = trial.inputs
    for full, placeholder in trial.placeholders.items():
        side, _, name = full.partition("/")
        place = ("features" if side == "0" else "labels", name)
        leaf = inputs.at(place)
        for op, tensor in _readers(placeholder):
            if op.type == "Reshape" and op.inputs[0] is tensor:
                target = _constant(op.inputs[1])
                if target is not None and len(target) and all(int(n) > 0 for n in target[1:]):
                    sizes = tuple(int(n) for n in target[1:])
                    if leaf.shape is None or _product(leaf.shape) % _product(sizes):
                        leaf = leaf.but(shape=sizes)
            bound = _bound(op, tensor)
            if bound and not leaf.choices and leaf.dtype not in FLOATS + ("string",) and bound < leaf.high:
                leaf = leaf.but(high=bound)
        if leaf.shape is None and place[0] == "labels":
            leaf = leaf.but(shape=())
        if whole and leaf.high == HIGH:  # nothing in the graph bounds it
            leaf = leaf.but(high=2 if place[0] == "labels" else 10)
        inputs = inputs.but(place, leaf)
    return inputs


def _readers(placeholder: Any) -> List[Tuple[Any, Any]]:
    """The operations that read a placeholder, through those that keep its values."""
    found: List[Tuple[Any, Any]] = []
    waiting, seen = [placeholder], set()
    while waiting:
        tensor = waiting.pop()
        for op in tensor.consumers():
            if op in seen:
                continue
            seen.add(op)
            found.append((op, tensor))
            plain = op.type in _VALUE_KEEPING and op.inputs[0] is tensor
            scaled = op.type in _SCALING and any(t.op.type == "Const" and t.shape.ndims == 0 for t in op.inputs)
            if plain or (scaled and tensor.dtype.is_floating):
                waiting.append(op.outputs[0])
    return found


def _bound(op: Any, tensor: Any) -> Optional[int]:
    """Whole numbers that an operation reads must lie below this; None: it does not say."""
    if op.type == "OneHot" and op.inputs[0] is tensor:
        depth = _constant(op.inputs[1])
        return int(depth) if depth is not None else None
    if op.type in ("GatherV2", "ResourceGather") and op.inputs[1] is tensor:
        shape = op.inputs[0].shape
        if op.type == "ResourceGather":
            held = getattr(op.inputs[0], "_handle_data", None)
            shape = importlib.import_module("tensorflow").TensorShape(held.shape_and_type[0].shape if held else None)
        return shape.as_list()[0] if shape.ndims else None
    if op.type == "SparseSoftmaxCrossEntropyWithLogits" and op.inputs[1] is tensor:
        shape = op.inputs[0].shape
        return shape.as_list()[-1] if shape.ndims else None
    return None


def _product(sizes: Tuple[int, ...]) -> int:
    return int(numpy.prod(sizes)) if sizes else 1


def _constant(tensor: Any) -> Any:
    util = importlib.import_module("tensorflow.python.framework.tensor_util")
    value = util.constant_value(tensor, partial=True) if tensor.op.type in ("Pack", "ConcatV2") else None
    value = util.constant_value(tensor) if value is None else value
    if value is not None and getattr(getattr(value, "dtype", None), "kind", "") == "O":
        value = [(-1 if number is None else number) for number in value]
    return value


# ---------------------------------------------------------------------------------------------------------- errors
SHAPES = re.compile(r"[(\[]((?:\?|None|Dimension\(\w+\)|\d+)(?:, ?(?:\?|None|Dimension\(\w+\)|\d+))*,?)[)\]]")


def named_shape(text: str) -> Optional[Tuple[int, ...]]:
    """The shape without its first dimension, the batch; None where another one is open."""
    sizes = [size.strip() for size in text.replace("Dimension(", "").replace(")", "").split(",") if size.strip()]
    if not all(size.isdigit() for size in sizes[1:]):
        return None
    return tuple(int(size) for size in sizes[1:])


def about_labels(error: BaseException) -> bool:
    """Whether an error comes from where labels meet the model: losses and metrics."""
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if re.search("loss|metric|cross_entropy", code.co_filename.rpartition("/tensorflow/")[2] + code.co_name):
            return True
        trace = trace.tb_next
    return "abel" in str(error)


def ordered(places: List[Tuple[str, str]], text: str, about_labels: bool) -> List[Tuple[str, str]]:
    """Those that an error names first; labels first where it is about them."""
    return sorted(
        places,
        key=lambda place: (place[1] not in text if place[1] else True, (place[0] == "labels") != about_labels),
    )


def dtypes(text: str) -> List[str]:
    """The types that a message names, when it is about types."""
    if not re.search("[Tt]ype|requested|expected", text):
        return []
    found = re.findall(r"\b(float32|float64|int32|int64|uint8|bool|string)\b", text)
    return sorted(set(found), key=lambda name: ("allowed" in text and text.index(name) < text.index("allowed"), name))


def bounds(text: str, leaf: Leaf) -> List[int]:
    """Smaller bounds of whole numbers that a message names."""
    if leaf.dtype in FLOATS + ("string",):
        return []
    found = [int(n) for n in re.findall(r"\[0, ?(\d+)\)", text)]
    return [bound for bound in found if 0 < bound < leaf.high]


def deliberate(error: BaseException) -> bool:
    """Whether the program itself says that it does not do this mode."""
    return isinstance(error, NotImplementedError)


def hopeless(error: BaseException) -> bool:
    """Whether no other inputs can mend this: names and modules that are missing."""
    missing = isinstance(error, KeyError) and str(error).strip("'") not in ("", "0")
    return (
        missing
        or isinstance(error, (NameError, ImportError, stand_ins.StandInUsed))
        or bool(re.search("StandIn|stand-in", str(error)))
    )


def said(error: BaseException) -> str:
    """What an error says, without the places in code that TensorFlow adds when a graph runs."""
    lines = [line.strip() for line in str(error).strip().splitlines()]
    nodes = [number for number, line in enumerate(lines) if line.startswith("Node: ")]
    if nodes:
        lines = lines[nodes[-1] + 1 :]
    kept = [
        line for line in lines if line and not line.startswith(("File ", "Original stack trace", "[[", "(0)", "(1)"))
    ]
    return "\n".join(kept[:12])


def short(error: BaseException) -> str:
    return said(error).partition("\n")[0][:300]

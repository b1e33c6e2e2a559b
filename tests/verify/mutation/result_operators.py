"""Mutation operators on results: metrics, predictions, casts, axes, signs, exports, and the support classes' methods."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .sources import FUNCTIONS, Change, File, dotted, keyword, number

REDUCTIONS = ("tf.reduce_mean", "tf.reduce_sum", "tf.reduce_max", "tf.argmax", "tf.squeeze", "tf.concat", "tf.stack")
METHODS = ("call", "compute_loss", "compute_metrics", "predict_step", "train_step")


def _updates(file: File) -> Iterator[ast.Call]:
    for node in file.nodes(ast.Call):
        assert isinstance(node, ast.Call)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "update_state":
            if file.function(node) not in ("train_step", "test_step"):
                yield node


def metric_threshold(file: File) -> Iterator[Change]:
    """A metric that decides, or counts, at another threshold."""
    for call in file.calls("keras.metrics."):
        for name in ("thresholds", "threshold"):
            given = keyword(call, name)
            if given is not None:
                yield file.swap(given, "1.0")
        if file.called(call).endswith("AUC"):
            yield file.with_keyword(call, "num_thresholds", "20")
    for node in file.nodes(ast.Compare):
        assert isinstance(node, ast.Compare)
        bound = file.source(node.comparators[0])
        if "threshold" in bound:
            yield file.swap(node.comparators[0], f"{bound} * 1.2")


def metric_arguments(file: File) -> Iterator[Change]:
    """A metric given its two arguments in the wrong order."""
    for call in _updates(file):
        if len(call.args) > 1:
            one, two = map(file.source, call.args[:2])
            yield file.change(f"arguments of {dotted(call.func)} swapped", (call.args[0], two), (call.args[1], one))


def metric_not_updated(file: File) -> Iterator[Change]:
    """A metric that is never fed."""
    for call in _updates(file):
        if isinstance(file.parents[call], ast.Expr):
            yield file.without_statement(file.parents[call])  # type: ignore[arg-type]


def metric_kind(file: File) -> Iterator[Change]:
    """Another metric under the same name."""
    other = {"Precision": "Recall", "Recall": "Precision", "Accuracy": "MeanSquaredError", "Mean": "Sum"}
    other |= {"SparseCategoricalAccuracy": "SparseCategoricalCrossentropy", "AUC": "BinaryAccuracy"}
    for call in file.calls("keras.metrics."):
        prefix, _, last = file.called(call).rpartition(".")
        if last in other and keyword(call, "name") is not None:
            named = f"name={file.source(keyword(call, 'name'))}"  # type: ignore[arg-type]
            yield file.swap(call, f"{prefix}.{other[last]}({named})")


def metric_name(file: File) -> Iterator[Change]:
    """A metric under another name."""
    for call in file.calls("keras.metrics."):
        given = keyword(call, "name")
        if isinstance(given, ast.Constant):
            yield file.swap(given, repr(f"{given.value}_1"))


def output_key(file: File) -> Iterator[Change]:
    """A prediction under another key."""
    for node in file.nodes(ast.Dict):
        assert isinstance(node, ast.Dict)
        if file.function(node) == "predict_step":
            for key in node.keys:
                if isinstance(key, ast.Constant):
                    yield file.swap(key, repr(f"{key.value}_1"))


def output_value(file: File) -> Iterator[Change]:
    """Other probabilities."""
    other = {"tf.nn.softmax": "tf.nn.sigmoid", "tf.nn.sigmoid": "tf.nn.softplus", "tf.sigmoid": "tf.nn.softplus"}
    for call in file.calls(*other):
        yield file.swap(call, f"{other[dotted(call.func)]}({file.source(call.args[0])})")


def cast(file: File) -> Iterator[Change]:
    """Numbers of another kind."""
    for call in file.calls("tf.cast"):
        if len(call.args) > 1:
            kind = file.source(call.args[1])
            yield file.swap(call.args[1], "tf.float32" if "int" in kind else "tf.int32")
    for node in file.nodes(ast.Call):
        assert isinstance(node, ast.Call)
        if keyword(node, "output_type") is not None:
            yield file.without_keyword(node, "output_type")


def label_shifted(file: File) -> Iterator[Change]:
    """Labels that are off by one class, cast or not."""
    for node in file.nodes(ast.Assign):
        assert isinstance(node, ast.Assign)
        if dotted(node.targets[0]) in ("labels", "label") and file.function(node) in METHODS:
            yield file.swap(node.value, f"1 - ({file.source(node.value)})")


def axis(file: File) -> Iterator[Change]:
    """A reduction along another axis."""
    for call in file.calls(*REDUCTIONS):
        given = keyword(call, "axis")
        positional = call.args[1] if "argmax" in dotted(call.func) and len(call.args) > 1 else None
        place = given if given is not None else positional
        if number(place):
            yield file.swap(place, "0")  # type: ignore[arg-type]
        elif isinstance(place, ast.List) and len(place.elts) > 1:
            yield file.swap(place, f"[{file.source(place.elts[0])}]")


def reduction(file: File) -> Iterator[Change]:
    """A sum for a mean in the forward pass and the metrics, and the other way round."""
    for call in file.calls("tf.reduce_mean", "tf.reduce_sum"):
        if file.function(call) in ("call", "compute_metrics", "predict_step"):
            name = dotted(call.func)
            yield file.swap(call.func, name.replace("mean", "sum") if "mean" in name else name.replace("sum", "mean"))


def sign(file: File) -> Iterator[Change]:
    """Plus for minus, and the other way round."""
    for node in file.nodes(ast.BinOp):
        assert isinstance(node, ast.BinOp)
        if isinstance(node.op, (ast.Add, ast.Sub)) and file.function(node) in METHODS:
            mark = "-" if isinstance(node.op, ast.Add) else "+"
            yield file.swap(node, f"({file.source(node.left)}) {mark} ({file.source(node.right)})")


def constant(file: File) -> Iterator[Change]:
    """A factor in the computation that is a little off."""
    for node in file.nodes(ast.Constant):
        assert isinstance(node, ast.Constant)
        if isinstance(node.value, float) and node.value and isinstance(file.parents[node], (ast.BinOp, ast.keyword)):
            place = next(file.enclosing(node, *FUNCTIONS), None)
            if getattr(place, "name", "") not in ("", "__init__", "main") and "build" not in place.name:  # type: ignore[union-attr]
                yield file.swap(node, repr(node.value * 1.05))


def data_scale(file: File) -> Iterator[Change]:
    """Input that is scaled otherwise: a constant divisor two percent larger."""
    for node in file.nodes(ast.BinOp):
        assert isinstance(node, ast.BinOp)
        if isinstance(node.op, ast.Div) and isinstance(node.right, ast.Constant) and number(node.right):
            if file.function(node) not in METHODS:
                yield file.swap(node.right, repr(node.right.value * 1.02))


def row_dropped(file: File) -> Iterator[Change]:
    """Data without their first row."""
    for call in file.calls("tf.data.Dataset.from_tensor_slices"):
        yield file.swap(call, f"{file.source(call)}.skip(1)")
    for node in file.nodes(ast.Call):
        assert isinstance(node, ast.Call)
        if dotted(node.func).endswith("from_generator"):
            yield file.swap(node, f"{file.source(node)}.skip(1)")


def epochs(file: File) -> Iterator[Change]:
    """Data read once more, or once less."""
    for node in file.nodes(ast.Call):
        assert isinstance(node, ast.Call)
        for name in ("num_epochs",):
            given = keyword(node, name)
            if isinstance(given, ast.Constant) and type(given.value) is int:
                yield file.swap(given, str(given.value - 1 if given.value > 1 else 2))
    for node in file.nodes(ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr == "evaluate" and node.args:  # type: ignore[attr-defined]
            given = node.args[0]  # type: ignore[attr-defined]
            yield file.swap(given, f"{file.source(given)}.repeat(2)")


def export_keys(file: File) -> Iterator[Change]:
    """An exported input under another name."""
    for call in file.calls("tf.TensorSpec"):
        holder = file.parents[call]
        if isinstance(holder, ast.Dict):
            key = holder.keys[holder.values.index(call)]
            yield file.swap(key, f"{file.source(key)} + '_1'")  # type: ignore[arg-type]


def export_signature(file: File) -> Iterator[Change]:
    """An exported signature under another name."""
    for node in file.nodes(ast.Call):
        assert isinstance(node, ast.Call)
        if dotted(node.func) == "export_saved_model":
            yield file.with_keyword(node, "signature", "'predict'")


def override_dropped(file: File) -> Iterator[Change]:
    """A class of the program without one of its own methods: what its Keras base class does instead."""
    for owner in file.nodes(ast.ClassDef):
        assert isinstance(owner, ast.ClassDef)
        if any(base.startswith("keras.") for base in map(dotted, owner.bases)):
            for method in owner.body:
                if isinstance(method, FUNCTIONS) and method.name in _REPLACING:
                    # Decorators stand before the node and stay, on a method that nobody calls.
                    what = f"{owner.name}.{method.name} dropped"
                    yield file.change(what, (method, f"def no_{method.name}(self): ..."))


_REPLACING = ("compute_loss", "train_step", "test_step", "update_step", "build", "call")

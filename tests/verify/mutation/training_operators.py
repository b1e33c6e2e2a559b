"""Mutation operators on training: the loss, what is added to it, optimizers, schedules, the loop and its data."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .sources import Change, File, dotted, keyword, number

SCHEDULES = "keras.optimizers.schedules."
LOSS_FUNCTIONS = ("cross_entropy", "loss", "compute_loss", "objective")


def _optimizers(file: File) -> Iterator[ast.Call]:
    return (call for call in file.calls("keras.optimizers.") if not file.called(call).startswith(SCHEDULES))


def _computes_loss(file: File, node: ast.AST) -> bool:
    return any(word in file.function(node) for word in LOSS_FUNCTIONS)


def learning_rate(file: File) -> Iterator[Change]:
    """A rate that is one percent too high."""
    for call in file.calls(SCHEDULES):
        if call.args and "Piecewise" in file.called(call):
            values = call.args[1]
            yield file.swap(values, f"[1.01 * value for value in {file.source(values)}]")
        elif call.args:
            yield file.swap(call.args[0], f"{file.source(call.args[0])} * 1.01")
    for call in _optimizers(file):
        rate = call.args[0] if call.args else keyword(call, "learning_rate")
        if rate is not None and not isinstance(rate, ast.Name):
            yield file.swap(rate, f"{file.source(rate)} * 1.01")


def moments(file: File) -> Iterator[Change]:
    """Momentum, or the decay of a moment, one percent lower."""
    for call in _optimizers(file):
        for name in ("momentum", "rho", "beta_1", "beta_2"):
            given = keyword(call, name)
            if given is not None:
                yield file.swap(given, f"{file.source(given)} * 0.99")
        if "SGD" in file.called(call) and len(call.args) > 1:
            yield file.swap(call.args[1], f"{file.source(call.args[1])} * 0.99")
        if "Adam" in file.called(call) and keyword(call, "beta_2") is None:
            yield file.with_keyword(call, "beta_2", "0.99")


def epsilon(file: File) -> Iterator[Change]:
    """An optimizer with a much larger epsilon."""
    for call in _optimizers(file):
        given = keyword(call, "epsilon")
        if given is not None:
            yield file.swap(given, "1e-3" if number(given) else f"{file.source(given)} * 100")


def epsilon_default(file: File) -> Iterator[Change]:
    """An optimizer with the epsilon that Keras has by default."""
    for call in _optimizers(file):
        if keyword(call, "epsilon") is not None:
            yield file.without_keyword(call, "epsilon")


def nesterov(file: File) -> Iterator[Change]:
    """Nesterov momentum where there was none, and the other way round."""
    for call in _optimizers(file):
        if "SGD" in file.called(call) and (len(call.args) > 1 or keyword(call, "momentum") is not None):
            given = keyword(call, "nesterov")
            yield file.with_keyword(call, "nesterov", "True" if given is None else f"not {file.source(given)}")


def decay(file: File) -> Iterator[Change]:
    """A schedule that is late."""
    for call in file.calls(SCHEDULES):
        steps = keyword(call, "decay_steps") or keyword(call, "first_decay_steps")
        if steps is not None:
            yield file.swap(steps, f"{file.source(steps)} + 5")
        elif call.args and "Piecewise" in file.called(call):
            first = call.args[0]
            yield file.swap(first, f"[step + 5 for step in {file.source(first)}]")


def staircase(file: File) -> Iterator[Change]:
    """A schedule that falls in steps, or not."""
    for call in file.calls(SCHEDULES):
        given = keyword(call, "staircase")
        if given is not None:
            yield file.swap(given, f"not {file.source(given)}")


def clipping_dropped(file: File) -> Iterator[Change]:
    """Gradients that nobody clips."""
    for call in _optimizers(file):
        for name in ("clipnorm", "clipvalue", "global_clipnorm"):
            if keyword(call, name) is not None:
                yield file.without_keyword(call, name)


def clipping_kind(file: File) -> Iterator[Change]:
    """Gradients clipped one by one, or all together."""
    other = {"clipnorm": "global_clipnorm", "global_clipnorm": "clipnorm"}
    for call in _optimizers(file):
        for given in call.keywords:
            if given.arg in other:
                yield file.swap(given, f"{other[given.arg]}={file.source(given.value)}")


def loss_reduction(file: File) -> Iterator[Change]:
    """A sum over the batch instead of the mean."""
    for call in file.calls("tf.reduce_mean", "keras.ops.mean"):
        if _computes_loss(file, call):
            yield file.swap(call.func, dotted(call.func).replace("mean", "sum"))
    for call in file.calls("keras.losses."):
        if file.called(call).rsplit(".", 1)[-1][0].isupper():
            yield file.with_keyword(call, "reduction", "'sum'")


def logits_taken_for_probabilities(file: File) -> Iterator[Change]:
    """A cross entropy that takes logits for probabilities."""
    for call in file.calls("keras.losses.", "keras.metrics."):
        given = keyword(call, "from_logits")
        if given is not None:
            yield file.swap(given, "False")


def regulariser_dropped(file: File) -> Iterator[Change]:
    """A penalty that is not added to the loss."""
    for node in file.nodes(ast.AugAssign):
        assert isinstance(node, ast.AugAssign)
        if _computes_loss(file, node):
            yield file.without_statement(node)
    for node in file.nodes(ast.BinOp):
        assert isinstance(node, ast.BinOp)
        penalty = any(word in file.source(node.right) for word in ("l2_loss", "self.losses", "penalty"))
        if isinstance(node.op, ast.Add) and _computes_loss(file, node) and penalty:
            yield file.swap(node, file.source(node.left))
    for call in file.calls("keras.layers."):
        for given in call.keywords:
            if given.arg and given.arg.endswith("_regularizer"):
                yield file.without_keyword(call, given.arg)


def whole_square(file: File) -> Iterator[Change]:
    """L2 without the half."""
    for call in file.calls("tf.nn.l2_loss"):
        yield file.swap(call, f"tf.reduce_sum(tf.square({file.source(call.args[0])}))")
    for call in file.calls("keras.regularizers.L2"):
        factor = next(iter((*call.args, *(keyword.value for keyword in call.keywords))))
        yield file.swap(factor, f"2 * {file.source(factor)}")


def penalised_variables(file: File) -> Iterator[Change]:
    """A penalty on other variables: the condition in a comprehension the other way round."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.comprehension) and node.ifs and _computes_loss(file, node.ifs[0]):
            yield file.swap(node.ifs[0], f"not ({file.source(node.ifs[0])})")


def stock_class(file: File) -> Iterator[Change]:
    """The stock Keras class in the place of the exact one: other slots, other kernels."""
    for node in file.nodes(ast.Call):
        assert isinstance(node, ast.Call)
        if dotted(node.func) in file.bases and file.called(node).startswith(("keras.optimizers.", "keras.layers.")):
            yield file.swap(node.func, file.called(node))


def optimizers_swapped(file: File) -> Iterator[Change]:
    """Two optimizers, each given the other's gradients."""
    applied = [call for call in file.nodes(ast.Call) if isinstance(call, ast.Call) and _is_apply(call)]
    for first, second in zip(applied, applied[1:], strict=False):
        one, two = file.source(first.func), file.source(second.func)  # type: ignore[attr-defined]
        if one != two and file.function(first) == file.function(second):
            yield file.change(f"{one} and {two} swapped", (first.func, two), (second.func, one))  # type: ignore[attr-defined]


def _is_apply(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in ("apply", "apply_gradients")


def trained_variables(file: File) -> Iterator[Change]:
    """A gradient of the wrong loss."""
    graded = [call for call in file.calls("tape.gradient") if file.function(call) == "train_step"]
    for first, second in zip(graded, graded[1:], strict=False):
        one, two = file.source(first.args[0]), file.source(second.args[0])
        if one != two:
            yield file.swap(first.args[0], two)


def label_constant(file: File) -> Iterator[Change]:
    """A label, or another constant of the loss, that is a tenth off."""
    for node in file.nodes(ast.Call):
        assert isinstance(node, ast.Call)
        name = file.called(node)
        if not ("entropy" in name or "loss" in name) or not node.args[1:]:
            continue
        for value in node.args[1:]:
            if number(value) or isinstance(value, ast.Subscript):
                yield file.swap(value, f"{file.source(value)} + 0.1")


def batch_size(file: File) -> Iterator[Change]:
    """Batches with one row more."""
    for node in file.nodes(ast.Call):
        assert isinstance(node, ast.Call)
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("batch", "padded_batch") and node.args:
            yield file.swap(node.args[0], f"{file.source(node.args[0])} + 1")
        elif dotted(node.func).endswith("_dataset") and keyword(node, "batch_size") is not None:
            yield file.swap(keyword(node, "batch_size"), f"{file.source(keyword(node, 'batch_size'))} + 1")


def last_batch(file: File) -> Iterator[Change]:
    """The last, partial batch left out."""
    for node in file.nodes(ast.Call):
        assert isinstance(node, ast.Call)
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("batch", "padded_batch") and node.args:
            yield file.with_keyword(node, "drop_remainder", "True")


def train_steps(file: File) -> Iterator[Change]:
    """One training step more."""
    for node in file.nodes(ast.Call):
        assert isinstance(node, ast.Call)
        for name in ("steps_per_epoch", "max_steps"):
            given = keyword(node, name)
            if given is not None and file.function(node) in ("main", "run", "train"):
                yield file.swap(given, f"{file.source(given)} + 1")


def shuffle_dropped(file: File) -> Iterator[Change]:
    """Training data in the order in which they come."""
    for node in file.nodes(ast.Call):
        assert isinstance(node, ast.Call)
        given = keyword(node, "shuffle")
        if isinstance(node.func, ast.Attribute) and node.func.attr == "shuffle" and dotted(node.func.value) != "np":
            if "random" not in file.source(node.func):
                yield file.swap(node, file.source(node.func.value))
        elif isinstance(given, ast.Constant) and given.value is True:
            yield file.swap(given, "False")

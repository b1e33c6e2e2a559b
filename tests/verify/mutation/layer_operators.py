"""Mutation operators on the network: layers, their arguments, their weights, how they are called."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .sources import FUNCTIONS, Change, File, dotted, keyword, number

OWN_WEIGHTS = ("keras.layers.Dense", "keras.layers.Conv1D", "keras.layers.Conv2D", "keras.layers.Conv3D")
RECURRENT = ("keras.layers.LSTM", "keras.layers.GRU", "keras.layers.SimpleRNN")
DROPOUT = ("keras.layers.Dropout", "keras.layers.SpatialDropout1D", "keras.layers.SpatialDropout2D")
NORM = ("keras.layers.BatchNormalization",)
OTHER = {"relu": "tanh", "tanh": "relu", "sigmoid": "tanh", "elu": "relu", "softmax": "sigmoid"}


def activation(file: File) -> Iterator[Change]:
    """Another non-linearity: as a layer's argument, or as a function."""
    for call in file.calls("keras.layers."):
        given = keyword(call, "activation")
        if isinstance(given, ast.Constant) and isinstance(given.value, str):
            yield file.swap(given, repr(OTHER.get(given.value, "relu")))
        elif given is not None and dotted(given):
            yield file.swap(given, "'tanh'")
    for call in file.calls("tf.nn.relu", "tf.nn.tanh", "tf.tanh", "tf.nn.elu", "tf.nn.leaky_relu"):
        other = "tf.nn.relu" if "tanh" in dotted(call.func) else "tf.nn.tanh"
        yield file.swap(call, f"{other}({file.source(call.args[0])})")


def units(file: File) -> Iterator[Change]:
    """One unit or filter more."""
    for call in file.calls(*OWN_WEIGHTS, *RECURRENT):
        size = call.args[0] if call.args else keyword(call, "units") or keyword(call, "filters")
        if size is not None:
            yield file.swap(size, f"{file.source(size)} + 1")


def missing_bias(file: File) -> Iterator[Change]:
    """A layer without its bias."""
    for call in file.calls(*OWN_WEIGHTS):
        if keyword(call, "use_bias") is None:
            yield file.with_keyword(call, "use_bias", "False")


def initializer_spread(file: File) -> Iterator[Change]:
    """Initial weights spread a tenth wider."""
    for call in file.calls("keras.initializers."):
        for value in [*call.args, *(given.value for given in call.keywords)]:
            signed = value.operand if isinstance(value, ast.UnaryOp) else value
            if number(signed) and signed.value:  # type: ignore[attr-defined]
                yield file.swap(value, f"{file.source(value)} * 1.1")
                break


def initializer_kind(file: File) -> Iterator[Change]:
    """Initial kernels from another distribution."""
    for call in file.calls(*OWN_WEIGHTS, *RECURRENT):
        yield file.with_keyword(call, "kernel_initializer", "'he_normal'")


def variable_initializer(file: File) -> Iterator[Change]:
    """A raw variable (an embedding table, a bias) that starts elsewhere."""
    for node in file.nodes(ast.Call):
        assert isinstance(node, ast.Call)
        given = keyword(node, "initializer")
        if isinstance(node.func, ast.Attribute) and node.func.attr == "add_weight" and given is not None:
            yield file.swap(given, "'ones'" if "Random" not in file.source(given) else "'random_normal'")


def untrained_layer(file: File) -> Iterator[Change]:
    """A layer that is not trained."""
    for call in file.calls(*OWN_WEIGHTS, *RECURRENT, *NORM):
        yield file.with_keyword(call, "trainable", "False")


def dropout_rate(file: File) -> Iterator[Change]:
    """A little more dropout."""
    for call in file.calls(*DROPOUT, "tf.nn.dropout"):
        rate = keyword(call, "rate") or (call.args[0] if call.args and "nn" not in dotted(call.func) else None)
        if rate is not None:
            yield file.swap(rate, f"{file.source(rate)} + 0.05")


def batch_norm_momentum(file: File) -> Iterator[Change]:
    """Moving averages that move otherwise."""
    for call in file.calls(*NORM):
        given = keyword(call, "momentum")
        yield file.with_keyword(call, "momentum", f"{file.source(given)} * 0.99" if given is not None else "0.98")


def batch_norm_epsilon(file: File) -> Iterator[Change]:
    """Another epsilon under the root."""
    for call in file.calls(*NORM):
        yield file.with_keyword(call, "epsilon", "2e-3")


def training_flag(file: File) -> Iterator[Change]:
    """A layer that never knows of training."""
    for node in file.nodes(ast.Call):
        assert isinstance(node, ast.Call)
        given = keyword(node, "training")
        if given is not None and dotted(given) == "training":
            yield file.swap(given, "False")
    for node in file.nodes(ast.If):
        assert isinstance(node, ast.If)
        if dotted(node.test) == "training":
            yield file.swap(node.test, "False")


def always_training(file: File) -> Iterator[Change]:
    """Evaluation and prediction as if it were training."""
    for node in file.nodes(ast.Call):
        assert isinstance(node, ast.Call)
        given = keyword(node, "training")
        if given is not None and dotted(node.func).startswith("self.") and dotted(given) == "training":
            yield file.swap(given, "True")
    for node in file.nodes(ast.If):
        assert isinstance(node, ast.If)
        if dotted(node.test) == "training":
            yield file.swap(node.test, "True")


def swapped_layers(file: File) -> Iterator[Change]:
    """Two layers made in the same way, called in each other's place; a list of layers called from its end."""
    for owner in file.nodes(ast.ClassDef):
        assert isinstance(owner, ast.ClassDef)
        methods = {node.name: node for node in owner.body if isinstance(node, FUNCTIONS)}
        if "__init__" not in methods or "call" not in methods:
            continue
        made: dict[str, str] = {}
        for node in ast.walk(methods["__init__"]):
            if isinstance(node, ast.Assign) and dotted(node.targets[0]).startswith("self."):
                if isinstance(node.value, ast.Call):
                    made[dotted(node.targets[0])] = file.called(node.value)
        used = [node for node in ast.walk(methods["call"]) if isinstance(node, ast.Call) and dotted(node.func) in made]
        used.sort(key=lambda node: node.lineno)
        for first, second in zip(used, used[1:], strict=False):
            for later in used[used.index(second) :]:
                one, two = dotted(first.func), dotted(later.func)
                if one != two and made[one] == made[two]:
                    yield file.change(f"{one} and {two} swapped", (first.func, two), (later.func, one))
                    break
        for node in ast.walk(methods["call"]):
            if isinstance(node, ast.For) and dotted(node.iter).startswith("self."):
                yield file.swap(node.iter, f"reversed({file.source(node.iter)})")


def layer_left_out(file: File) -> Iterator[Change]:
    """A step of the forward pass that does not happen."""
    for node in file.nodes(ast.Assign):
        assert isinstance(node, ast.Assign)
        if file.function(node) != "call" or not isinstance(node.value, ast.Call) or not node.value.args:
            continue
        if isinstance(node.targets[0], ast.Name) and dotted(node.value.args[0]) == node.targets[0].id:
            yield file.without_statement(node)


def padding(file: File) -> Iterator[Change]:
    """Convolutions that pad otherwise."""
    for call in file.calls("keras.layers.Conv2D", "keras.layers.Conv1D", "keras.layers.MaxPooling2D"):
        given = keyword(call, "padding")
        if given is not None:
            yield file.swap(given, "'valid'" if "same" in file.source(given).lower()[:6] else "'same'")
    for call in file.calls("tf.pad"):
        yield file.swap(call, f"tf.pad({', '.join(map(file.source, call.args))}, constant_values=1.0)")


def detached(file: File) -> Iterator[Change]:
    """A gradient that ends at a layer."""
    for node in file.nodes(ast.Call):
        assert isinstance(node, ast.Call)
        inside = file.function(node) in ("call", "train_step")
        if inside and dotted(node.func).startswith("self.") and node.args:
            yield file.swap(node.args[0], f"tf.stop_gradient({file.source(node.args[0])})")


def mask_dropped(file: File) -> Iterator[Change]:
    """A recurrent layer that reads the padding too."""
    for node in file.nodes(ast.Call):
        assert isinstance(node, ast.Call)
        for name in ("mask", "zero_output_for_mask"):
            if keyword(node, name) is not None and dotted(node.func) != "super().call":
                if file.function(node) in ("call", "__init__"):
                    yield file.without_keyword(node, name)

"""What a Keras model was compiled with, in the words of a model_fn of TensorFlow 1.

Measured on TF 1.15.5 and 2.15.1 with the behaviour of TensorFlow 1: an Estimator of a Keras model calls
"accuracy" `acc`, and every other metric after its function. Labels without the axis of one that the outputs have are
broadcast by 1.15 and squeezed by 2.15: where they are not of the outputs' shape, the model stops.
"""

from __future__ import annotations

import ast

from migrator.plain.carried import Carrier, number, resolved
from migrator.plain.found import Site, Staying, arguments_of, symbol_of
from migrator.plain.keras_models import LAYERS, KerasModel, alone, symbol
from migrator.source.inventory import import_aliases
from migrator.source.syntax import is_none_literal

LOSSES = {
    "mean_squared_error": "{tf}.losses.mean_squared_error({tf}.ensure_shape(labels, outputs.shape), outputs)",
    "mean_absolute_error": "{tf}.losses.absolute_difference({tf}.ensure_shape(labels, outputs.shape), outputs)",
    "sparse_categorical_crossentropy": "{tf}.reduce_mean({tf}.keras.losses.sparse_categorical_crossentropy("
    "labels, outputs{from_logits}))",
    "categorical_crossentropy": "{tf}.reduce_mean({tf}.keras.losses.categorical_crossentropy("
    "labels, outputs{from_logits}))",
    "binary_crossentropy": "{tf}.reduce_mean({tf}.keras.losses.binary_crossentropy("
    "{tf}.ensure_shape(labels, outputs.shape), outputs{from_logits}))",
}
SHORT = {
    "mse": "mean_squared_error",
    "MSE": "mean_squared_error",
    "mae": "mean_absolute_error",
    "MAE": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "MAPE": "mean_absolute_percentage_error",
    "MeanSquaredError": "mean_squared_error",
    "MeanAbsoluteError": "mean_absolute_error",
    "SparseCategoricalCrossentropy": "sparse_categorical_crossentropy",
    "CategoricalCrossentropy": "categorical_crossentropy",
    "BinaryCrossentropy": "binary_crossentropy",
}
ACTIVATED = {
    "sparse_categorical_crossentropy": "softmax",
    "categorical_crossentropy": "softmax",
    "binary_crossentropy": "sigmoid",
}
PLACES = ("tensorflow.keras.losses.", "tensorflow.keras.metrics.", "tensorflow.losses.", "tensorflow.metrics.")
METRICS = {
    "mean_absolute_percentage_error": "{tf}.metrics.mean({tf}.reduce_mean({tf}.abs(({tf}.cast(labels, {tf}.float32) "
    "- outputs) / {tf}.maximum({tf}.abs({tf}.cast(labels, {tf}.float32)), 1e-7)), axis=-1) * 100.0)",
    "mean_squared_error": "{tf}.metrics.mean_squared_error(labels, outputs)",
    "mean_absolute_error": "{tf}.metrics.mean_absolute_error(labels, outputs)",
    "binary_accuracy": "{tf}.metrics.accuracy(labels, {tf}.cast(outputs > 0.5, {tf}.float32))",
    "categorical_accuracy": "{tf}.metrics.accuracy({tf}.argmax(labels, axis=-1), {tf}.argmax(outputs, axis=-1))",
    "sparse_categorical_accuracy": "{tf}.metrics.accuracy({tf}.reshape(labels, [-1]), {tf}.argmax(outputs, axis=-1))",
}
OPTIMIZERS = {"adam": "Adam", "Adam": "Adam", "sgd": "SGD", "SGD": "SGD"}
SIGNATURES = {
    "Adam": "learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-07, amsgrad=False, name='Adam', *, lr=None",
    "SGD": "learning_rate=0.01, momentum=0.0, nesterov=False, name='SGD', *, lr=None",
}


def named(site: Site, node: ast.expr, what: str) -> tuple[str, bool]:
    """The name of a loss or metric that Keras has, and whether it takes logits. Raises Staying for any other."""
    node = resolved(site, node)
    logits = False
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return SHORT.get(node.value, node.value), logits
    function = node
    if isinstance(node, ast.Call):
        function = node.func
        for argument, value in arguments_of(node, "from_logits=False").items():
            if not (isinstance(value, ast.Constant) and isinstance(value.value, bool)):
                raise Staying(f"argument `{argument}` of the {what} must be True or False")
            logits = value.value
    known = symbol_of(function, import_aliases(site.module.tree))
    name = known.rpartition(".")[2]
    if not known.startswith("tensorflow.keras.") or isinstance(node, ast.Call) != name[:1].isupper():
        raise Staying(f"the {what} on line {node.lineno} is not one of Keras's own")
    return SHORT.get(name, name), logits


def loss(tf: str, model: KerasModel) -> tuple[str, str]:
    """The loss as an expression of `labels` and `outputs`, and its name. Raises Staying."""
    node = model.compiled.get("loss")
    if node is None or is_none_literal(node):
        raise Staying("the Keras model is compiled without a loss")
    name, logits = named(model.compiling, node, "loss")
    if name not in LOSSES:
        raise Staying(f"the loss `{name}` of the Keras model was not measured")
    if name in ACTIVATED:
        wanted = "linear" if logits else ACTIVATED[name]
        if activation(model) != wanted:
            raise Staying(f"the loss `{name}` was only measured where the last layer ends in `{wanted}`")
    elif logits:
        raise Staying(f"the loss `{name}` takes no logits")
    return LOSSES[name].format(tf=tf, from_logits=", from_logits=True" if logits else ""), name


def activation(model: KerasModel) -> str:
    """The name of the function that the last layer ends in; "" where that is not known."""
    last = model.layers[-1]
    kind = symbol(model.site, last).removeprefix(LAYERS)
    if kind == "Softmax" and not last.args and not last.keywords:
        return "softmax"
    if kind == "Activation":
        given: ast.expr | None = last.args[0] if last.args else None
    elif kind == "Dense":
        given = argument(last, "activation", 1)
        if given is None:
            return "linear"
    else:
        return ""
    if given is None:
        return ""
    if is_none_literal(given):
        return "linear"
    if isinstance(given, ast.Constant):
        return str(given.value)
    known = symbol_of(given, import_aliases(model.site.module.tree))
    start, _, name = known.rpartition(".")
    return name if start in ("tensorflow.nn", "tensorflow", "tensorflow.keras.activations") else ""


def argument(call: ast.Call, name: str, position: int) -> ast.expr | None:
    """An argument of a call, by its name or its position."""
    if len(call.args) > position:
        return call.args[position]
    return next((k.value for k in call.keywords if k.arg == name), None)


def width(model: KerasModel) -> int | None:
    """How many outputs the last layer has, where it says so in a number."""
    layers = [one for one in model.layers if symbol(model.site, one).removeprefix(LAYERS) not in PASSING]
    given = argument(layers[-1], "units", 0) if layers else None
    if isinstance(given, ast.Name):
        given = model.given.get(given.id, given)
    return number(model.site, given) if given is not None else None


PASSING = ("Activation", "Softmax", "Dropout")


def metrics(tf: str, model: KerasModel, loss_name: str) -> list[tuple[str, str]]:
    """The metrics by the names that evaluations gave them. Raises Staying."""
    node = model.compiled.get("metrics")
    if node is None or is_none_literal(node):
        return []
    listed = resolved(model.compiling, node)
    if not isinstance(listed, (ast.List, ast.Tuple)):
        raise Staying("the metrics of the Keras model are not written where it is compiled")
    found = []
    for item in listed.elts:
        name, _ = named(model.compiling, item, "metric")
        key = "acc" if name in ("acc", "accuracy") else name
        if isinstance(item, ast.Call):
            raise Staying(f"the metric on line {item.lineno} of the Keras model was not measured")
        if key == "acc":
            name = accuracy(model, loss_name)
        if name not in METRICS or name.startswith("sparse") != loss_name.startswith("sparse"):
            raise Staying(f"the metric `{name}` of the Keras model was not measured with its loss")
        found.append((key, METRICS[name].format(tf=tf)))
    if len({key for key, _ in found}) != len(found):
        raise Staying("two metrics of the Keras model have one name")
    return found


def accuracy(model: KerasModel, loss_name: str) -> str:
    """Which accuracy Keras takes for "accuracy": outputs and loss decide."""
    if loss_name == "binary_crossentropy":
        return "binary_accuracy"
    known = width(model)
    if known is None:
        raise Staying("which accuracy is meant depends on the number of outputs: give the last layer a number")
    if known == 1:
        return "binary_accuracy"
    return "sparse_categorical_accuracy" if loss_name == "sparse_categorical_crossentropy" else "categorical_accuracy"


def optimizer(tf: str, model: KerasModel, carrier: Carrier) -> str:
    """The optimizer as one of `tf.train`. Raises Staying."""
    node = model.compiled.get("optimizer")
    if node is None:
        raise Staying("the Keras model is compiled without an optimizer")
    node = alone(model.compiling, node)
    name = OPTIMIZERS.get(str(node.value)) if isinstance(node, ast.Constant) else None
    if isinstance(node, ast.Constant):
        if name is None:
            raise Staying(f"the optimizer {node.value!r} of the Keras model was not measured")
        return written(tf, model, name, {})
    known = symbol(model.compiling, node) if isinstance(node, ast.Call) else ""
    if known.startswith("tensorflow.train.") and known.endswith("Optimizer"):
        return carrier.text(node)
    name = known.rpartition(".")[2]
    if not isinstance(node, ast.Call) or not known.startswith("tensorflow.keras.optimizers.") or name not in SIGNATURES:
        raise Staying(f"the optimizer of the Keras model (line {node.lineno}) was not measured")
    bound = arguments_of(node, SIGNATURES[name])
    if "lr" in bound and "learning_rate" in bound:
        raise Staying("the optimizer of the Keras model has two learning rates")
    return written(
        tf, model, name, {key: carrier.text(value) for key, value in bound.items() if not is_none_literal(value)}
    )


def written(tf: str, model: KerasModel, name: str, given: dict[str, str]) -> str:
    """An optimizer of Keras as one of `tf.train`. Raises Staying."""
    rate = given.get("lr", given.get("learning_rate"))
    if name == "Adam":
        if given.get("amsgrad", "False") != "False":
            raise Staying("the optimizer of the Keras model was not measured with `amsgrad`")
        names = {"beta1": given.get("beta_1"), "beta2": given.get("beta_2"), "epsilon": given.get("epsilon", "1e-7")}
        more = "".join(f", {key}={value}" for key, value in names.items() if value is not None)
        return f"{tf}.train.AdamOptimizer({rate or '0.001'}{more})"
    if given.get("momentum", "0.0") in ("0.0", "0"):
        return f"{tf}.train.GradientDescentOptimizer({rate or '0.01'})"
    if any(symbol(model.site, layer) == f"{LAYERS}Embedding" for layer in model.layers):
        raise Staying("momentum was not measured with an embedding in the Keras model")
    nesterov = f", use_nesterov={given['nesterov']}" if "nesterov" in given else ""
    return f"{tf}.train.MomentumOptimizer({rate or '0.01'}, {given['momentum']}{nesterov})"

"""An Estimator of a Keras model written out: the model_fn that makes the same layers, and the Estimator given it."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable

from migrator.plain import found, input_names, keras_models, keras_names, keras_words, writing
from migrator.plain.carried import Carrier, binding_imports, holder_of
from migrator.plain.found import Site, Staying, bound_in
from migrator.plain.keras_models import LAYERS, KerasModel
from migrator.plain.keras_names import INPUTS, neighbours
from migrator.plain.keras_reads import INPUT, OUTPUT
from migrator.plain.writing import Written
from migrator.source.syntax import every, is_none_literal

SHAPES = ("input_shape", "batch_input_shape", "input_dim", "input_length")
REFUSED = {  # arguments of layers that reach further than the layer
    "kernel_regularizer": "its regularisation counts in the loss",
    "bias_regularizer": "its regularisation counts in the loss",
    "activity_regularizer": "its regularisation counts in the loss",
    "embeddings_regularizer": "its regularisation counts in the loss",
    "recurrent_regularizer": "its regularisation counts in the loss",
    "beta_regularizer": "its regularisation counts in the loss",
    "gamma_regularizer": "its regularisation counts in the loss",
    "mask_zero": "a mask counts in the loss",
    "stateful": "its state goes from batch to batch",
    "trainable": "weights that are not trained were not measured",
}
POSITIONS = 3  # what a layer may be given without names: those arguments stand further on
MASKING = ("Masking",)
SETTINGS = ("set_floatx", "set_image_data_format", "set_learning_phase", "set_policy", "set_global_policy")
# Its moving averages move here, as those of tf.layers do where UPDATE_OPS run; in a model_fn they would stay.
UPDATED = ("tensorflow.keras.layers.BatchNormalization",)


def written(site: Site, others: Iterable[Written]) -> Written:
    """The construction written out, beside others of its file. Raises Staying."""
    taken = {function for one in others for function in one.functions}
    bound = found.arguments(site)
    model = keras_models.keras_model(site, bound.pop("keras_model", ast.Constant(None)))
    name = found.free_name("keras_model", taken | found.names_used(site.module.tree))
    carrier = Carrier(model.site, set())
    context = described(site, carrier, found.library(site), bound, model)
    carrier.given = {key: outside(model, model.site, node) for key, node in carrier.given.items()}
    compiling = Carrier(model.compiling, set(carrier.given))
    context["optimizer"] = keras_words.optimizer(found.library(site), model, compiling)
    carrier.given |= {key: outside(model, model.compiling, node) for key, node in compiling.given.items()}
    text = writing.template("keras_model.py.jinja").render(context, name=name, params=bool(carrier.given))
    call = writing.construction(site, carrier, str(context["tf"]), name, bound, [])
    lines = tuple(line for line in text.split("\n") if line.strip())
    ends = {INPUT: str(context["input"]), OUTPUT: str(context["output"])}
    respelled = tuple((one.node, ends[one.end]) for one in model.asked)
    around = writing.lines_of(site.call)
    if any(node.lineno in writing.lines_of(site.call, *model.statements) for node, _ in respelled):
        raise Staying("the names of the Keras model are read on the lines that make it")
    return Written((name,), lines, call, model.statements, around, respelled=respelled)


def outside(model: KerasModel, site: Site, node: ast.expr) -> ast.expr:
    """What code that made the model read at a place, as the construction reads it. Raises Staying where it cannot."""
    chain = node
    while isinstance(chain, ast.Attribute):
        chain = chain.value
    assert isinstance(chain, ast.Name)
    holder = holder_of(site, chain.id)
    imported = holder is not site.module.tree and any(binding_imports(holder, chain.id))
    if bound_in(holder).count(chain.id) > 1 or imported:
        raise Staying(f"`{chain.id}` may stand for something else when the Estimator is made")
    if model.maker is None or model.maker not in site.around:
        return node
    if chain.id not in model.given:
        raise Staying(f"`{chain.id}` is computed where the Keras model is made")
    given = copy.deepcopy(model.given[chain.id])
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    for part in reversed(parts):
        given = ast.Attribute(given, part, ast.Load())
    return given


def described(
    site: Site, carrier: Carrier, tf: str, bound: dict[str, ast.expr], model: KerasModel
) -> dict[str, object]:
    """What the template needs to know. Raises Staying."""
    path = bound.get("keras_model_path")
    objects = bound.get("custom_objects")
    if any(node is not None and not is_none_literal(node) for node in (path, objects)):
        raise Staying("a Keras model of a file, or of custom objects, is not covered")
    kinds = [keras_models.symbol(model.site, one).removeprefix(LAYERS) for one in model.layers]
    for layer, kind in zip(model.layers, kinds, strict=True):
        if len(layer.args) > POSITIONS:
            raise Staying(f"a layer of the Keras model is given too much without names (line {layer.lineno})")
        for keyword in every(layer, ast.keyword):
            given = keyword.value
            off = is_none_literal(given) or isinstance(given, ast.Constant) and given.value is False
            if keyword.arg in REFUSED and not off:
                raise Staying(f"argument `{keyword.arg}` of a layer (line {layer.lineno}): {REFUSED[keyword.arg]}")
        if kind in MASKING:
            raise Staying(f"a mask counts in the loss (line {layer.lineno})")
    names = keras_names.layer_names(model, kinds)
    layers = [one for one, kind in zip(model.layers, kinds, strict=True) if kind not in INPUTS]
    sized = kinds[0] in (*INPUTS, "Embedding") or any(k.arg in SHAPES for k in model.layers[0].keywords)
    if not sized:
        raise Staying("the first layer of the Keras model does not say which shape its input has")
    if any(kind in INPUTS for kind in kinds[1:]) or not layers:
        raise Staying("the Keras model has several inputs")
    loss, loss_name = keras_words.loss(tf, model)
    return {
        "tf": tf,
        "sequential": carrier.text(model.made.func),
        "layers": [line for one in layers for line in layer_lines(model.site, carrier, tf, one)],
        "features": features(model, kinds[0], names[0]),
        "input": keras_names.input_name(kinds[0], names[0]),
        "either": any(one.end == INPUT for one in model.asked),
        "output": names[-1],
        "loss": loss,
        "metrics": keras_words.metrics(tf, model, loss_name),
        "updates": any(LAYERS + kind in UPDATED for kind in kinds),
    }


def features(model: KerasModel, kind: str, name: str) -> str:
    """The features, or the one of the input's name where the project writes that name outside of the model.

    An Estimator of a Keras model takes a tensor, or a dictionary whose one key is the name of the input.
    """
    site = model.site
    key = keras_names.input_name(kind, name).strip('"')
    own = {n for layer in model.layers for n in every(layer, ast.Constant)}
    given = next((k.value for k in model.layers[0].keywords if k.arg == "name"), None)
    trees = [module.tree for module in neighbours(site)]
    texts = {n.value for tree in trees for n in every(tree, ast.Constant) if n not in own and isinstance(n.value, str)}
    texts |= {text for tree in trees for text in input_names.composed(tree)}
    asking = {n for one in (*model.statements, *(a.node for a in model.asked)) for n in every(one, ast.Attribute)}
    called = {n.attr for tree in trees for n in every(tree, ast.Attribute) if n not in asking}
    setting = next((name for name in SETTINGS if name in called), None)
    if setting is not None:
        raise Staying(f"`{setting}` changes what Keras layers compute")
    if "accuracy" in {
        n.slice.value for tree in trees for n in every(tree, ast.Subscript) if isinstance(n.slice, ast.Constant)
    }:
        raise Staying("the program reads a metric as `accuracy`, which TensorFlow 1 named `acc`")
    if "sample_weights" in texts:
        raise Staying("the Keras model may be given sample weights, which is not covered yet")
    if "input_names" in called:
        raise Staying("other code reads the names of the model's inputs")
    if any(one.end == INPUT for one in model.asked):
        return "features"  # which the template takes out of a dictionary where they come in one
    if isinstance(given, ast.Name) and kind in INPUTS:  # which is bound in one place, and read in others
        named = sum(n.id == given.id for tree in trees for n in every(tree, ast.Name)) > 2
        return f"features[{given.id}]" if named else "features"
    return f'features["{key}"]' if key in texts else "features"


def layer_lines(site: Site, carrier: Carrier, tf: str, layer: ast.Call) -> list[str]:
    """A layer as lines of a list, with the comments that stand with it."""
    module = site.module
    above: list[str] = []
    number = layer.lineno - 1
    while number > 0 and module.lines[number - 1].strip().startswith("#"):
        above.insert(0, module.lines[number - 1].strip())
        number -= 1
    after = module.comment(layer.end_lineno or layer.lineno)
    text = carrier.text(layer)
    if keras_models.symbol(site, layer) in UPDATED:
        text = f"{tf}.layers.BatchNormalization" + text.removeprefix(module.segment(layer.func))
    return [*above, text + "," + (f"  {after[1]}" if after is not None else "")]

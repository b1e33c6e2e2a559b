"""An Estimator of a Keras model written out: the model_fn that makes the same layers, and the Estimator given it."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterable

from migrator.plain import found, keras_models, keras_words, writing
from migrator.plain.carried import Carrier, holder_of, resolved
from migrator.plain.found import Site, Staying, bound_in
from migrator.plain.keras_models import LAYERS, KerasModel
from migrator.plain.writing import Written
from migrator.source.module import Module
from migrator.source.project import reached_by
from migrator.source.syntax import every, is_none_literal

INPUTS = ("InputLayer", "Input")
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
    context = described(site, carrier, writing.library(site), bound, model)
    carrier.given = {key: outside(model, model.site, node) for key, node in carrier.given.items()}
    compiling = Carrier(model.compiling, set(carrier.given))
    context["optimizer"] = keras_words.optimizer(writing.library(site), model, compiling)
    carrier.given |= {key: outside(model, model.compiling, node) for key, node in compiling.given.items()}
    text = writing.template("keras_model.py.jinja").render(context, name=name, params=bool(carrier.given))
    call = writing.construction(site, carrier, str(context["tf"]), name, bound, [])
    lines = tuple(line for line in text.split("\n") if line.strip())
    return Written((name,), lines, call, model.statements, writing.lines_of(site.call))


def outside(model: KerasModel, site: Site, node: ast.expr) -> ast.expr:
    """What code that made the model read at a place, as the construction reads it. Raises Staying where it cannot."""
    chain = node
    while isinstance(chain, ast.Attribute):
        chain = chain.value
    assert isinstance(chain, ast.Name)
    holder = holder_of(site, chain.id)
    if bound_in(holder).count(chain.id) > 1 or any(keras_models.binds_by_import(holder, chain.id)):
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
    names = layer_names(model, kinds)
    layers = [one for one, kind in zip(model.layers, kinds, strict=True) if kind not in INPUTS]
    if kinds[0] not in (*INPUTS, "Embedding") and not any(k.arg in SHAPES for k in model.layers[0].keywords):
        raise Staying("the first layer of the Keras model does not say which shape its input has")
    if any(kind in INPUTS for kind in kinds[1:]) or not layers:
        raise Staying("the Keras model has several inputs")
    loss, loss_name = keras_words.loss(tf, model)
    return {
        "tf": tf,
        "sequential": carrier.text(model.made.func),
        "layers": [line for one in layers for line in layer_lines(model.site, carrier, tf, one)],
        "features": features(model, kinds[0], names[0]),
        "output": names[-1],
        "loss": loss,
        "metrics": keras_words.metrics(tf, model, loss_name),
        "updates": any(LAYERS + kind in UPDATED for kind in kinds),
    }


def layer_names(model: KerasModel, kinds: list[str]) -> list[str]:
    """The names of the layers as expressions: those that they are given, or kind and number. Raises Staying."""
    counts: dict[str, int] = {}
    names = []
    for layer, kind in zip(model.layers, kinds, strict=True):
        given = next((k.value for k in layer.keywords if k.arg == "name"), None)
        value = resolved(model.site, given) if given is not None else None
        if value is not None and not is_none_literal(value):
            if not (isinstance(value, ast.Constant) and isinstance(value.value, str)):
                raise Staying(f"the name of a layer (line {layer.lineno}) is not written where it is made")
            names.append(f'"{value.value}"')
            continue
        stem = snake(kind)
        number = counts.get(stem, 0)
        counts[stem] = number + 1
        names.append(f'"{stem}_{number}"' if number else f'"{stem}"')
    unnamed = {kind for kind, name in zip(kinds, names, strict=True) if name.strip('"').startswith(snake(kind))}
    end = kinds[-1] if kinds[-1] in unnamed else kinds[0]
    if end in unnamed and any(made_elsewhere(model, kind) for kind in {kinds[0], kinds[-1]} & unnamed):
        raise Staying("other Keras layers are made too: name the first and the last layer of the Keras model")
    return names


def snake(kind: str) -> str:
    """A class's name as its layers are called: `conv2d` for `Conv2D`."""
    first = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", kind)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", first).lower()


def made_elsewhere(model: KerasModel, kind: str) -> bool:
    """True where other code of the program may make a layer of a kind: its number would count."""
    own = set(model.layers)
    for module in neighbours(model.site):
        for call in every(module.tree, ast.Call):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if name == kind and call not in own:
                return True
    return False


def neighbours(site: Site) -> list[Module]:
    """The files of a program: that of a site, those that import it, and all that these import."""
    project, own = site.project, site.module.path
    users = [path for path in project.sources if own in project.imports(path)]
    found = reached_by(frozenset({own, *users}), project.imports)
    return [module for module in map(project.module, sorted(found)) if module is not None]


def features(model: KerasModel, kind: str, name: str) -> str:
    """The features, or the one of the input's name where the project writes that name outside of the model.

    An Estimator of a Keras model takes a tensor, or a dictionary whose one key is the name of the input.
    """
    site = model.site
    key = name.strip('"') if kind in INPUTS else name.strip('"') + "_input"
    own = {n for layer in model.layers for n in every(layer, ast.Constant)}
    given = next((k.value for k in model.layers[0].keywords if k.arg == "name"), None)
    trees = [module.tree for module in neighbours(site)]
    texts = {n.value for tree in trees for n in every(tree, ast.Constant) if n not in own and isinstance(n.value, str)}
    called = {n.attr for tree in trees for n in every(tree, ast.Attribute)}
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
    if isinstance(given, ast.Name):  # which is bound in one place, and read in others
        named = sum(n.id == given.id for tree in trees for n in every(tree, ast.Name)) > 2
        return f"features[{given.id}]" if named and kind in INPUTS else "features"
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

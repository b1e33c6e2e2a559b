"""The Estimator of a Keras model is written out as one with a model_fn, or stays with the reason."""

from __future__ import annotations

import pytest

from migrator.convert import convert
from migrator.plain.plainer import plainer
from migrator.source.project import Project

HEAD = "import tensorflow as tf\nfrom tensorflow.keras import layers\n\n"
LAYERS = 'layers.Dense(8, input_shape=(4,)), layers.Dropout(0.2), layers.Dense(3, activation="softmax")'
COMPILED = 'model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])'
MADE = "tf.keras.estimator.model_to_estimator(keras_model=model)"
USED = """
def input_fn():
    return tf.data.Dataset.from_tensor_slices((tf.zeros([4, 4]), tf.zeros([4], tf.int64))).batch(2)


make().train(input_fn, steps=2)
"""


def making(layers: str = LAYERS, compiled: str = COMPILED, made: str = MADE, after: str = "") -> str:
    """A program whose function makes an Estimator of a stack of layers."""
    lines = [f"model = tf.keras.Sequential([{layers}])", compiled, *([after] if after else []), f"return {made}"]
    return f"{HEAD}def make(rate=0.1):\n" + "".join(f"    {line}\n" for line in lines) + USED


def written(text: str) -> str:
    """The only file in plainer words."""
    plain = plainer(Project({"train.py": text}))
    assert not plain.stayed, plain.stayed
    return plain.sources["train.py"]


def reason(text: str) -> str:
    """Why the construction stays."""
    ((_, why),) = plainer(Project({"train.py": text})).stayed
    return why


def after(text: str) -> str:
    """The file after its conversion."""
    conversion = convert({"train.py": text})
    assert {unit.status for unit in conversion.ledger.units} == {"converted"}, conversion.ledger.units
    return next(edit.after for edit in conversion.edits if edit.path == "train.py")


def test_the_layers_stay_a_keras_model() -> None:
    made = after(making())
    assert "self.model = keras.Sequential([" in made
    assert 'keras.layers.Dense(3, activation="softmax"),' in made.replace("'", '"')
    assert 'return {"dense_1": outputs}' in made
    assert "model_to_estimator" not in made
    assert "outputs = outputs" not in made


def test_layers_that_are_added_keep_their_comments() -> None:
    text = making("", 'model.add(layers.Dense(2, "softmax", input_dim=4))  # Two.\n    ' + COMPILED)
    assert '        layers.Dense(2, "softmax", input_dim=4),  # Two.\n' in written(text)


def test_what_the_model_reads_of_the_function_around_goes_through_params() -> None:
    text = making(compiled=COMPILED.replace('"adam"', "tf.keras.optimizers.Adam(lr=rate)"))
    made = written(text)
    assert "tf.train.AdamOptimizer(params['rate'], epsilon=1e-7)" in made
    assert '"rate": rate,' in made


def test_a_function_that_makes_the_model_goes_with_it() -> None:
    network = making().replace(MADE, "model").removesuffix(USED).replace("def make(rate=0.1)", "def network(units)")
    text = network.replace("(3,", "(units,").replace('["accuracy"]', "[]")
    made = written(f"{text}\n\ndef make():\n    return {MADE.replace('=model', '=network(7)')}\n{USED}")
    assert "def network" not in made
    assert "layers.Dense(params['units'], activation='softmax')" in made
    assert '"units": 7,' in made


def test_a_model_may_be_compiled_where_the_estimator_is_made() -> None:
    network = (
        making(compiled="model.summary()")
        .replace(MADE, "model")
        .removesuffix(USED)
        .replace("make(rate", "network(rate")
    )
    outer = f"def make(rate=0.1):\n    model = network(3)\n    {COMPILED}\n    return {MADE}\n"
    outer = outer.replace('"adam"', "tf.train.AdamOptimizer(rate)")
    made = after(f"{network}\n\n{outer}{USED}")
    assert "def network" not in made
    assert "Adam(params['rate'], epsilon=1e-08)" in made


@pytest.mark.parametrize(
    ("data", "features"),
    [
        ("tf.zeros([4, 4])", "model(features,"),
        ('{"dense_input": tf.zeros([4, 4])}', 'model(features["dense_input"],'),
    ],
)
def test_features_are_a_tensor_or_a_dictionary_by_the_name_of_the_input(data: str, features: str) -> None:
    assert features in written(making().replace("tf.zeros([4, 4])", data))


def test_an_input_layer_names_the_input() -> None:
    text = making(layers=LAYERS.replace("layers.Dense(8", 'layers.InputLayer((4,), name="x"), layers.Dense(8'))
    made = written(text.replace("(tf.zeros([4, 4]),", '({"x": tf.zeros([4, 4])},'))
    assert 'model(features["x"],' in made
    assert "InputLayer" not in made


def test_what_the_function_around_imports_from_the_library_is_written_by_its_whole_name() -> None:
    inside = "import tensorflow as tf\n\n\ndef make():\n    from tensorflow import keras\n"
    text = inside + making().partition("def make(rate=0.1):\n")[2].replace("tf.keras.", "keras.")
    made = written(text.replace("layers.", "keras.layers."))
    assert "model = tf.keras.Sequential([\n        tf.keras.layers.Dense(8, input_shape=(4,)),\n" in made
    assert "from tensorflow import keras" not in made


INPUT_NAMES = ["model.input_names[0]", "model.input.name.split(':')[0]", "model.inputs[0].name.split(':')[0]"]


@pytest.mark.parametrize("asked", INPUT_NAMES)
def test_the_name_of_the_input_that_other_code_reads_is_written_out(asked: str) -> None:
    made = written(making(made=f"(\n        {MADE},\n        {asked})"))
    assert '        "dense_input")\n' in made
    assert 'if isinstance(features, dict):\n        features = features["dense_input"]\n' in made


def test_an_input_layer_without_a_name_is_numbered_from_one() -> None:
    layers = LAYERS.replace("layers.Dense(8, input_shape=(4,))", "layers.InputLayer((4,)), layers.Dense(8)")
    assert '"input_1"' in written(making(layers, made=f"(\n        {MADE},\n        {INPUT_NAMES[0]})"))


def test_so_is_the_name_of_the_output_that_a_later_cell_reads() -> None:
    cells = f"model = tf.keras.Sequential([{LAYERS}])\n{COMPILED}\nestimator = {MADE}\n"
    cells += "model.input_names\n\n\ndef best(found):\n    return found[model.output_names[0]]\n"
    made = written(HEAD + cells + USED.replace("make()", "estimator"))
    assert 'return found["dense_1"]' in made
    assert "model.input_names" not in made
    assert "isinstance" not in made


CELLS = f"""def network():
    model = tf.keras.Sequential([{LAYERS}])
    {COMPILED}
    return model


model = network()
estimator = {MADE}
READER{USED.replace("make()", "estimator")}"""


@pytest.mark.parametrize(
    "reader", ["", "def size(model):\n    return model.get_weights()\n", "sizes = lambda model: model\n"]
)
def test_a_variable_of_another_function_is_another_model(reader: str) -> None:
    assert "model = network()" not in written(HEAD + CELLS.replace("READER", reader))


@pytest.mark.parametrize(
    "reader", ["def size(model=model):\n    return model\n", "def size():\n    global model\n    model = None\n"]
)
def test_a_default_and_a_global_name_are_not(reader: str) -> None:
    assert reason(HEAD + CELLS.replace("READER", reader))


STAYING = {
    "`rate` may stand for something else when the Estimator is made": making(
        LAYERS.replace("0.2", "rate"), "from settings import rate\n    " + COMPILED
    ).replace("rate=0.1", ""),
    "the names of the Keras model are read on the lines that make it": making(made=f"{MADE}, model.input_names[0]"),
    "other code reads the names of the model's inputs": making() + "print(MODELS[0].input_names)\n",
    "other code reads `hidden`, a part of the Keras model, too": making(
        "hidden, hidden", "hidden = layers.Dense(3)\n    " + COMPILED
    ),
    "other code reads `adam`, a part of the Keras model, too": making(
        compiled="adam = tf.keras.optimizers.Adam()\n    adam.epsilon = 1\n    " + COMPILED.replace('"adam"', "adam")
    ),
    "argument `kernel_regularizer` of a layer (line 5): its regularisation counts in the loss (2)": making(
        layers="layers.Bidirectional(layers.LSTM(3, kernel_regularizer=L2), input_shape=(4, 2)), " + LAYERS
    ),
    "`set_floatx` changes what Keras layers compute": making() + "tf.keras.backend.set_floatx('float64')\n",
    "the program reads a metric as `accuracy`, which TensorFlow 1 named `acc`": making()
    + "print(make().evaluate(input_fn)['accuracy'])\n",
    "momentum was not measured with an embedding in the Keras model": making(
        layers="layers.Embedding(5, 4), layers.Flatten(), " + LAYERS.replace("Dense(8, input_shape=(4,))", "Dense(8)"),
        compiled=COMPILED.replace('"adam"', "tf.keras.optimizers.SGD(0.1, momentum=0.9)"),
    ),
    "`network` makes a Keras model for other code too": making()
    .replace("def make", "def network():\n    return None\n\n\nnetwork()\n\n\ndef make")
    .replace("=model", "=network()"),
    "the loss `poisson` of the Keras model was not measured": making(
        compiled=COMPILED.replace("sparse_categorical_crossentropy", "poisson")
    ),
    "the optimizer 'nadam' of the Keras model was not measured": making(compiled=COMPILED.replace("adam", "nadam")),
    "the Keras model is not compiled where it is made": making(compiled="model.summary()"),
    "the metric `auc` of the Keras model was not measured with its loss": making(
        compiled=COMPILED.replace("accuracy", "auc")
    ),
    "`fit` of the Keras model is called where it is made (line 7)": making(after="model.fit(x, y)"),
    "other code reads the Keras model too (line 7)": making(after="weights = model.get_weights()"),
    "argument `keras_model`: which model it is cannot be followed": making(made=MADE.replace("=model", "=MODELS[0]")),
    "argument `kernel_regularizer` of a layer (line 5): its regularisation counts in the loss": making(
        layers=LAYERS.replace("input_shape", "kernel_regularizer=L2, input_shape")
    ),
    "the first layer of the Keras model does not say which shape its input has": making(
        layers=LAYERS.replace(", input_shape=(4,)", "")
    ),
    "the loss `sparse_categorical_crossentropy` was only measured where the last layer ends in `softmax`": making(
        layers=LAYERS.replace("softmax", "relu")
    ),
    "other Keras layers are made too: name the first and the last layer of the Keras model": making()
    + "other = layers.Dense(4)\n",
    "a Keras model of a file, or of custom objects, is not covered": making(
        made=MADE.replace("keras_model=model", "keras_model=model, custom_objects={'A': A}")
    ),
    "only a Keras model that is a tf.keras.Sequential of its own is covered yet": making().replace(
        "Sequential(", "Model("
    ),
    "the Keras model may be given sample weights, which is not covered yet": making() + "KEY = 'sample_weights'\n",
}


@pytest.mark.parametrize("why", STAYING)
def test_a_model_that_is_not_known_to_compute_the_same_stays(why: str) -> None:
    assert reason(STAYING[why]) == why.removesuffix(" (2)")


def local_import(module: str, name: str) -> str:
    """A program whose function imports Keras for itself."""
    text = making(made=MADE.replace("tf.keras", name)).replace("tf.keras.S", f"{name}.S")
    return text.replace("layers.D", f"{name}.layers.D").replace("):\n", f"):\n    from {module} import {name}\n", 1)


def test_keras_that_a_function_imports_for_itself_is_that_of_the_library() -> None:
    made = written(local_import("tensorflow", "keras"))
    assert "    model = tf.keras.Sequential([\n        tf.keras.layers.Dense(8, input_shape=(4,)),\n" in made
    assert "from tensorflow import keras" not in made


@pytest.mark.parametrize(
    ("name", "features"),
    [
        ('"{}_input".format(LAYER)', 'features["size_input"]'),
        ('LAYER + "_input"', 'features["size_input"]'),
        ('f"{LAYER}_input"', 'features["size_input"]'),
        ('LAYER + "_input" + ".csv"', "features"),
        ('"%s_output" % LAYER', "features"),
    ],
)
def test_the_name_of_the_input_may_be_put_together(name: str, features: str) -> None:
    text = making(LAYERS.replace("(4,))", "(4,), name=LAYER)", 1))
    text = text.replace("\ndef make", f'\nLAYER = "size"\nNAME = {name}\n\n\ndef make', 1)
    assert f"model({features}, training" in written(text)


def test_a_name_of_the_input_that_is_not_known_stays() -> None:
    text = making(after='print("{}_input".format(model.name))')
    assert "the name of the features may be computed" in reason(text) or "other code" in reason(text)
    text = making().replace("\ndef make", '\ndef key(layer):\n    return layer + "_input"\n\n\ndef make', 1)
    assert "the name of the features may be computed" in reason(text)

"""Layers of tf.keras inside a model_fn: what they do there is kept, though it is not what their users expect."""

from __future__ import annotations

import textwrap

import pytest

from migrator.convert import convert

from .small import HEAD, converted, program, reasons, refused


def model_fn(*lines: str, train: str = "tf.train.get_global_step()") -> str:
    """A model_fn whose network is these lines, from `net` to `net`."""
    body = textwrap.indent("\n".join(lines), "    ")
    return f"""
def model_fn(features, labels, mode):
    training = mode == tf.estimator.ModeKeys.TRAIN
    net = features["x"]
{body}
    logits = tf.keras.layers.Dense(1)(net)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={{"y": logits}})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, {train})
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""


FOLLOWING = model_fn(
    "tf.keras.backend.set_learning_phase(training)",
    "net = tf.keras.layers.BatchNormalization()(tf.keras.layers.Dense(4)(net))",
    "net = tf.keras.layers.Dropout(0.3)(net)",
)


def after(*lines: str, head: str = HEAD) -> str:
    return converted(program(model_fn=model_fn(*lines), head=head))["train.py"]


def findings(*lines: str) -> set[tuple[str, str]]:
    ledger = convert({"train.py": program(model_fn=model_fn(*lines))}).ledger
    return {(f.rule, f.severity) for unit in ledger.units for f in unit.findings}


def creation(*lines: str) -> list[dict[str, object]]:
    conversion = convert({"train.py": program(model_fn=model_fn(*lines))})
    assert conversion.models, reasons(conversion)
    return list(conversion.models[0]["creation"])


# --------------------------------------------------------------------------------------------------- ways to name one
@pytest.mark.parametrize(
    ("imported", "name"),
    [
        ("from tensorflow.keras.layers import Dense", "Dense"),
        ("from tensorflow.python.keras.layers import Dense", "Dense"),
        ("from tensorflow.contrib.keras.python.keras.layers import Dense", "Dense"),
        ("from tensorflow.contrib.keras import layers as made", "made.Dense"),
        ("Dense = tf.keras.layers.Dense", "Dense"),
    ],
)
def test_every_name_of_a_layer_leads_to_it(imported: str, name: str) -> None:
    text = after(f"net = {name}(3, activation='relu', input_shape=(3,))(net)", head=f"{HEAD}{imported}\n")
    assert "self.dense = keras.layers.Dense(3, activation='relu')" in text


def test_a_layer_object_is_called_with_its_input_however_that_is_passed() -> None:
    text = after("hidden = tf.keras.layers.Dense(units=3)", "net = hidden(inputs=net)", "net = hidden(net)")
    assert text.count("keras.layers.Dense(units=3)") == 1
    assert text.count("self.hidden(net)") == 2


def test_arguments_keep_their_places_only_where_nothing_between_them_is_left_out() -> None:
    text = after("net = tf.keras.layers.Conv2D(4, 3, 1, 'same', 'channels_last', 2)(net)")
    assert "keras.layers.Conv2D(4, 3, 1, 'same', dilation_rate=2)" in text


# ------------------------------------------------------------------------------------------------------ what is kept
def test_a_layer_that_is_not_told_that_it_trains_never_trains() -> None:
    lines = ("net = tf.keras.layers.Dropout(0.5)(net)",)
    assert "self.dropout(net, training=False)" in after(*lines)
    assert ("never-training", "warning") in findings(*lines)
    told = ("net = tf.keras.layers.Dropout(0.5)(net, training=training)",)
    assert "self.dropout(net, training=training)" in after(*told)
    assert findings(*told) == set()


def test_the_averages_of_batch_normalisation_never_move() -> None:
    lines = ("net = tf.keras.layers.BatchNormalization(momentum=0.9)(net, training=training)",)
    assert "keras.layers.BatchNormalization(momentum=1.0)" in after(*lines)
    assert ("keras-batch-normalization", "warning") in findings(*lines)


def test_regularisers_and_trainable_counted_for_nothing() -> None:
    lines = ("net = tf.keras.layers.Dense(3, kernel_regularizer='l2', trainable=False)(net)",)
    assert "keras.layers.Dense(3)" in after(*lines)
    assert findings(*lines) == {("regularizer-unused", "warning"), ("trainable-unused", "warning")}


@pytest.mark.parametrize(
    ("legacy", "keras"),
    [
        ("LSTM(3)", "LSTM(3, recurrent_activation=hard_sigmoid)"),
        ("LSTM(3, recurrent_activation='sigmoid')", "LSTM(3, recurrent_activation='sigmoid')"),
        ("GRU(3)", "GRU(3, recurrent_activation=hard_sigmoid, reset_after=False)"),
        ("LeakyReLU()", "LeakyReLU(negative_slope=0.3)"),
        ("Dense(3, activation='hard_sigmoid')", "Dense(3, activation=hard_sigmoid)"),
    ],
)
def test_defaults_that_changed_are_written_out(legacy: str, keras: str) -> None:
    text = after(f"net = tf.keras.layers.{legacy}(net)")
    assert f"keras.layers.{keras}".replace(" ", "") in "".join(text.split())


# ------------------------------------------------------------------------------------------------------- their names
def test_names_follow_no_variable_scope_and_are_never_reused() -> None:
    lines = (
        "with tf.variable_scope('a'):",
        "    net = tf.keras.layers.Dense(3)(net)",
        "with tf.variable_scope('a', reuse=True):",
        "    net = tf.keras.layers.Dense(3)(net)",
        "net = tf.keras.layers.Dense(3, name='top')(net)",
        "net = tf.keras.layers.Dense(3, name='top')(net)",
    )
    text = after(*lines)
    assert text.count("keras.layers.Dense(3") == 4
    first, second, third, fourth, last = creation(*lines)
    assert (first["with"], second["with"]) == ("a", "a")
    scopes = [node["scope"] for node in (first["creation"][0], second["creation"][0], third, fourth, last)]  # type: ignore[index]
    assert scopes == ["*dense*", "*dense*", "*top*", "*top*", "*dense*"]


def test_layers_of_different_modes_are_one_where_they_are_made_alike() -> None:
    branches = (
        "if training:",
        "    net = tf.keras.layers.Dense(3)(net)",
        "else:",
        "    net = tf.keras.layers.Dense({})(net)",
    )
    assert after(*(line.format(3) for line in branches)).count("keras.layers.Dense(3)") == 1
    text = program(model_fn=model_fn(*(line.format(4) for line in branches)))
    assert {rule for rule, _ in refused(text)} == {"mode-layers"}


@pytest.mark.parametrize(
    "lines",
    [
        ["tf.keras.backend.set_learning_phase(training)"],
        ["K.set_learning_phase(1 if training else 0)"],
        ["if training:", "    K.set_learning_phase(True)", "else:", "    K.set_learning_phase(False)"],
    ],
)
def test_layers_that_follow_the_learning_phase_are_told_that_they_train(lines: list[str]) -> None:
    head = f"{HEAD}from tensorflow.python.keras import backend as K\n"
    text = after(*lines, "net = tf.keras.layers.Dropout(0.5)(net)", head=head)
    assert "self.dropout(net, training=training)" in text
    assert "learning_phase" not in text


def test_a_phase_that_is_never_training_is_what_layers_are_in_anyhow() -> None:
    text = after("tf.keras.backend.set_learning_phase(0)", "net = tf.keras.layers.Dropout(0.5)(net)")
    assert "self.dropout(net, training=False)" in text


# --------------------------------------------------------------------------------------------------- what is refused
PHASE = "keras-learning-phase"


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        (["net = tf.keras.layers.Dropout(0.5)(net, training)"], "keras-dropout"),
        (["net = tf.keras.layers.LSTM(3)(net, initial_state=[net, net])"], "layer-call"),
        (["net = tf.keras.layers.Embedding(5, 2, mask_zero=True)(net)"], "keras-embedding"),
        (["net = tf.keras.layers.LSTM(3, dropout=0.5)(net)"], "keras-lstm"),
        (["net = tf.keras.layers.Dense(3, dtype='float64')(net)"], "keras-dense"),
        (["net = tf.keras.layers.Lambda(lambda x: 2 * x)(net)"], "keras-lambda"),
        (["net = tf.keras.layers.Attention()([net, net])"], "keras-other-layers"),
        (["net = tf.keras.layers.Dense(2)(net)", "tf.keras.backend.set_learning_phase(training)"], PHASE),
        (["tf.keras.backend.set_learning_phase(1)"], PHASE),
        (["if np.random.rand() > 2:", "    tf.keras.backend.set_learning_phase(training)"], PHASE),
        (["net = net * tf.cast(tf.keras.backend.learning_phase(), tf.float32)"], PHASE),
        (
            [
                "norm = tf.keras.layers.BatchNormalization()",
                "net = norm(net, training=training)",
                "for update in norm.updates:",
                "    tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, update)",
            ],
            "layer-attribute",
        ),
        (["hidden = tf.keras.layers.Dense(3)", "hidden.trainable = False", "net = hidden(net)"], "layer-attribute"),
    ],
)
def test_what_a_layer_does_elsewhere_or_otherwise_is_refused(lines: list[str], rule: str) -> None:
    assert rule in {found for found, _ in refused(program(model_fn=model_fn(*lines)))}


def test_a_sequential_model_is_one_object() -> None:
    lines = (
        "tower = tf.keras.Sequential([",
        "    tf.keras.layers.Dense(4, activation=tf.nn.relu),  # wide",
        "    tf.keras.layers.Dropout(0.5),",
        "])",
        "net = tower(net, training=training)",
    )
    text = after(*lines)
    assert (
        """
        self.tower = keras.Sequential([
            keras.layers.Dense(4, activation='relu'),  # wide
            keras.layers.Dropout(0.5),
        ])
"""
        in text
    )
    assert "net = self.tower(net, training=training)" in text
    assert creation(*lines)[0]["weights"] == {"*": "weights.*"}


def test_layers_may_be_added_one_by_one() -> None:
    text = after(
        "tower = tf.keras.Sequential()",
        "for units in (3, 4):",
        "    tower.add(tf.keras.layers.Dense(units))",
        "net = tower(net, training=False)",
    )
    assert (
        """
        tower = keras.Sequential()
        self.tower = tower
        for units in (3, 4):
            tower.add(keras.layers.Dense(units))
"""
        in text
    )


@pytest.mark.parametrize("made", ["tf.keras.Model(net, net)"])
def test_a_keras_model_inside_a_model_fn_is_refused(made: str) -> None:
    assert {rule for rule, _ in refused(program(model_fn=model_fn(f"net = {made}(net)")))} == {"keras-model"}


def test_an_embedding_in_a_stack_of_layers_has_gradients_of_rows_too() -> None:
    made = after(
        "tower = tf.keras.Sequential([",
        "    tf.keras.layers.Embedding(9, 4), tf.keras.layers.Flatten(),",
        "])",
        'net = tower(tf.cast(net, "int32"))',
    )
    assert "SparseAdam(" in made

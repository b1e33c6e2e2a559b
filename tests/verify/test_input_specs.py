"""What the code shows about the inputs of a model_fn, read without running it."""

from __future__ import annotations

from typing import Any

from migrator.detect import input_specs

LEGACY = """
import tensorflow as tf

SIZE = 14

def model_fn(features, labels, mode, params):
    net = tf.reshape(features["image"], [-1, SIZE, SIZE, 1])
    rate = params.learning_rate
    return tf.estimator.EstimatorSpec(mode, loss=0.0)

def parse(record):
    spec = {
        "image": tf.FixedLenFeature([SIZE * SIZE], tf.float32),
        "colour": tf.FixedLenFeature([], dtype=tf.string),
    }
    return tf.parse_single_example(record, spec)

def serve():
    return {"serial": tf.placeholder(tf.int64, [None, 3], name="serial")}

COLUMNS = [
    tf.feature_column.numeric_column("height", shape=(2,)),
    tf.feature_column.categorical_column_with_vocabulary_list("kind", ["a", "b"]),
    tf.feature_column.categorical_column_with_identity("shelf", num_buckets=9),
]

def main():
    hparams = tf.contrib.training.HParams(learning_rate=0.5)
    tf.estimator.Estimator(model_fn=model_fn, params=hparams).train(None)
"""
MIGRATED = """
import keras

class Model(keras.Model):
    pass

def build_model(params):
    model = Model()
    model.compile()
    return model
"""
MAP = {
    "unit": "u",
    "legacy": {"path": "a.py", "line": 6, "name": "model_fn"},
    "target": {"path": "a.py", "name": "Model"},
}


def hints(legacy: str = LEGACY, migrated: str = MIGRATED, **others: str) -> dict[str, Any]:
    return input_specs.find({"a.py": legacy, **others}, {"a.py": migrated}, [MAP])["u"]


def test_parse_specs_placeholders_and_columns_tell_types_and_shapes() -> None:
    leaves = hints()["leaves"]
    assert leaves["image"] == {"dtype": "float32", "shape": [196]}
    assert leaves["colour"] == {"dtype": "string", "shape": []}
    assert leaves["serial"] == {"dtype": "int64", "shape": [3]}
    assert leaves["height"] == {"dtype": "float32", "shape": [2]}
    assert leaves["kind"] == {"dtype": "string", "shape": [1], "choices": ["a", "b"]}
    assert leaves["shelf"] == {"dtype": "int64", "shape": [1], "high": 9}


def test_the_construction_tells_where_the_parameters_come_from() -> None:
    construction = hints()["construction"]
    assert construction["params"] == "hparams"
    assert LEGACY.split("\n")[construction["line"] - 1].strip().startswith("tf.estimator.Estimator")


def test_a_construction_in_a_file_that_does_not_import_the_model_is_another_ones() -> None:
    alone = LEGACY.partition("def main")[0]
    elsewhere = "import tensorflow as tf\nfrom {} import model_fn\ntf.estimator.Estimator(model_fn)\n"
    assert hints(alone, **{"b.py": elsewhere.format("c")})["construction"] is None
    assert hints(alone, **{"b.py": elsewhere.format("a")})["construction"]["path"] == "b.py"


def test_the_use_of_features_and_params_is_seen() -> None:
    found = hints()
    assert (found["features"], found["labels"], found["params"]) == ("dict", "", "attributes")
    assert found["parameters"] == ["features", "labels", "mode", "params"]
    assert 14 in found["sizes"]


def test_the_builder_is_that_of_the_models_own_file() -> None:
    assert hints()["builder"]["name"] == "build_model"
    assert hints(migrated="")["builder"] is None
    other = MIGRATED.replace("build_model(params)", "build_model()")
    found = input_specs.find({"a.py": LEGACY}, {"a.py": MIGRATED, "b.py": other}, [MAP])["u"]
    assert found["builder"]["path"] == "a.py"
    assert found["builder"]["parameters"] == ["params"]


def test_defaults_of_arguments_flags_and_tables_are_collected() -> None:
    shown = """
parser.add_argument("--learning-rate", type=float, default=0.5)
parser.add_argument("--model", default="missing")
parser.add_argument("--kind", choices=["a", "b"])
flags.DEFINE_integer("units", 7, "how many")
hparams = HParams(momentum=0.8, computed=1 + f(2))
class Config:
    depth = 4
    def __init__(self, threshold=0.25):
        pass
MODELS = {"first": f, "second": g}
network = MODELS[params["model"]]
"""
    found = hints(LEGACY + shown)["defaults"]
    assert found["learning_rate"] == 0.5
    assert (found["kind"], found["units"], found["momentum"]) == ("a", 7, 0.8)
    assert found["model"] == "first"
    assert (found["depth"], found["threshold"]) == (4, 0.25)
    assert "computed" not in found


def test_files_that_do_not_parse_tell_nothing_and_break_nothing() -> None:
    assert hints("def (:\n")["leaves"] == {}

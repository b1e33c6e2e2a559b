"""Export outputs that are not the predictions: served by signature where the model is exported, else they go."""

from __future__ import annotations

import pytest

from migrator.convert import convert

from .small import MODEL_FN, converted, program, reasons, refused

PREDICTIONS = '        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})\n'
OUTPUTS = """        scaled = 2 * logits
        outputs = {
            "serving_default": tf.estimator.export.PredictOutput({"twice": scaled, "once": logits}),
            "bare": tf.estimator.export.PredictOutput(scaled),
        }
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits}, export_outputs=outputs)
"""
CLASSES = OUTPUTS.replace("PredictOutput(scaled)", "ClassificationOutput(scaled)")
TRAINS = "tf.estimator.Estimator(model_fn).train(input_fn, steps=8)"
EXPORTS = """estimator = tf.estimator.Estimator(model_fn, "model")
    estimator.train(input_fn, steps=8)
    x = tf.placeholder(tf.float32, [None, 3])
    receiver = tf.estimator.export.build_raw_serving_input_receiver_fn({"x": x})
    estimator.export_saved_model("export", receiver)"""


def exported(outputs: str, body: str = EXPORTS) -> str:
    """A program whose model_fn has these export outputs."""
    return program(model_fn=MODEL_FN.replace(PREDICTIONS, outputs)).replace(TRAINS, body)


def test_outputs_of_their_own_are_computed_by_signature() -> None:
    after = converted(exported(OUTPUTS))["train.py"]
    assert "    def serve(self, data):" in after
    assert '\'serving_default\': {"twice": scaled, "once": logits},' in after
    assert "'bare': {'output': scaled}," in after


def test_where_nothing_is_exported_they_go() -> None:
    assert "serve" not in converted(exported(OUTPUTS, TRAINS))["train.py"]


def test_outputs_of_classes_are_left_out_where_numbers_are_received_as_tensorflow_1_did() -> None:
    after = converted(exported(CLASSES))["train.py"]
    assert "ClassificationOutput" not in after and "'bare'" not in after
    assert '\'serving_default\': {"twice": scaled, "once": logits},' in after


@pytest.mark.parametrize("placeholder", ["tf.string, [None]", "kind, [None, 3]"])
def test_outputs_of_classes_have_a_method_of_their_own_where_texts_may_be_received(placeholder: str) -> None:
    text = exported(CLASSES).replace("tf.float32, [None, 3]", placeholder)
    after = converted(text)["train.py"]
    assert "    def serve_texts(self, data):" in after
    assert "            'bare': {'scores': scaled},\n" in after
    assert "signatures of classes and values answer Predict calls" in " ".join(reasons(convert({"train.py": text})))


def test_outputs_of_values_are_called_outputs() -> None:
    text = exported(CLASSES.replace("ClassificationOutput(scaled)", "RegressionOutput(value=scaled)"))
    after = converted(text.replace("tf.float32, [None, 3]", "tf.string, [None]"))["train.py"]
    assert "            'bare': {'outputs': scaled},\n" in after


def test_outputs_of_classes_alone_refuse_an_export_and_go_with_a_finding_without_one() -> None:
    outputs = CLASSES.replace("PredictOutput", "ClassificationOutput")
    assert {rule for rule, _ in refused(exported(outputs))} == {"export-outputs"}
    text = exported(outputs, TRAINS)
    assert "ClassificationOutput" not in converted(text)["train.py"]
    rules = {f.rule for unit in convert({"train.py": text}).ledger.units for f in unit.findings}
    assert rules == {"export-outputs"}


def test_the_predictions_themselves_need_no_method_of_their_own() -> None:
    outputs = PREDICTIONS.replace(
        '{"y": logits})', '{"y": logits}, export_outputs={"y": tf.estimator.export.PredictOutput({"y": logits})})'
    )
    after = converted(exported(outputs))["train.py"]
    assert "def serve" not in after and "signature='y'" in after


PLAIN = PREDICTIONS.replace(
    "logits})", 'logits}, export_outputs={"KEY": tf.estimator.export.PredictOutput({"y": logits})})'
)
ONE_OF = EXPORTS.replace("tf.estimator.Estimator(model_fn,", "tf.estimator.Estimator(model_fn if CHOICE else other_fn,")


def test_one_of_several_models_tells_its_signatures_itself() -> None:
    other = MODEL_FN.replace("def model_fn", "def other_fn").replace("dense(", "dense(2 * ")
    text = exported(PLAIN, ONE_OF).replace("\ndef main", f"{other}\nCHOICE = len(sys.argv) > 1\n\n\ndef main")
    after = converted("import sys\n" + text)["train.py"]
    assert after.count("def serve(") == 1 and "'KEY': " in after
    assert "signature=" not in after


def test_predictions_under_two_names_are_served_under_both() -> None:
    outputs = PLAIN.replace(
        '"KEY": tf', '"serving_default": tf.estimator.export.PredictOutput({"y": logits}), "KEY": tf'
    )
    after = converted(exported(outputs))["train.py"]
    assert "'serving_default': {\"y\": logits}," in after and "'KEY': {\"y\": logits}," in after

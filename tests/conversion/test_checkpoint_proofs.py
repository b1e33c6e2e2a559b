"""Evaluations and predictions with the last checkpoint give the numbers that they gave; both sides run."""

from __future__ import annotations

from pathlib import Path

import pytest

from .small import MODEL_FN, converted, program
from .test_checkpoint_paths import TRAIN
from .test_learn_proofs import printed

pytestmark = pytest.mark.runtime

# two trainings, so that the last checkpoint is not the first; another Estimator reads the folder anew
NUMBERS = """    import json
    estimator = tf.estimator.Estimator(model_fn, model_dir="m")
    estimator.train(input_fn, steps=8)
    first = estimator.evaluate(input_fn, steps=2, checkpoint_path=tf.train.latest_checkpoint(estimator.model_dir))
    estimator.train(input_fn, steps=8)
    last = estimator.evaluate(input_fn, steps=2, checkpoint_path=estimator.latest_checkpoint())
    again = tf.estimator.Estimator(model_fn, model_dir="m")
    row = next(again.predict(input_fn, checkpoint_path=tf.train.latest_checkpoint("m")))
    numbers = [first["loss"], last["loss"], row["y"][0]]
    print()
    print(json.dumps([int(first["global_step"]), int(last["global_step"]), *map(float, numbers)]))
"""


def test_the_last_checkpoint_gives_the_same_numbers(tmp_path: Path) -> None:
    constant = MODEL_FN.replace('["x"], 1)', '["x"], 1, kernel_initializer=tf.constant_initializer(0.5))')
    text = program(model_fn=constant).replace(TRAIN, NUMBERS)
    after = converted(text)
    for side in ("before", "after"):
        (tmp_path / side).mkdir()
    for path, code in after.items():
        (tmp_path / "after" / path).write_text(code, encoding="utf-8")
    legacy = printed("tf1", text, tmp_path / "before")
    found = printed("target", after["train.py"], tmp_path / "after")
    assert found[:2] == legacy[:2] == [8, 16]
    assert found[2:] == pytest.approx(legacy[2:], rel=1e-4)
    assert legacy[2] != legacy[3]

"""Programs migrated by hand: the right ones are verified, every wrong variant is failed by the check that is meant to."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from migrator.verify import runtimes
from migrator.verify.entry import Entry
from migrator.verify.program import LegacyRecord, compare_program, recorded, run_program, verify_program

pytestmark = [pytest.mark.runtime, pytest.mark.xdist_group("pairs")]  # one process keeps the records

PAIRS = Path(__file__).parent / "pairs"
ENTRY = Entry.parse("train.py")


def weight_map(pair: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PAIRS / pair / "map.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def records() -> Iterator[dict[str, LegacyRecord]]:
    with recorded(PAIRS / "encoder/before", ENTRY) as encoder, recorded(PAIRS / "convnet/before", ENTRY) as convnet:
        for record in (encoder, convnet):
            if "could not be downloaded" in record.refusal:
                pytest.skip(record.refusal)
        yield {"encoder": encoder, "convnet": convnet}


@pytest.mark.parametrize("pair", ["encoder", "convnet"])
def test_right_programs_are_verified(records: dict[str, LegacyRecord], pair: str) -> None:
    result = compare_program(records[pair], PAIRS / pair / "after", ENTRY, [weight_map(pair)])
    unit = result.units[0]
    assert unit.verification.status == "verified", unit.verification.reason
    assert unit.unit == "train.py:model_fn"
    proven = {row.check for row in unit.verification.evidence if row.ok}
    assert proven >= {"imports", "builds", "weights", "inputs", "forward", "loss", "gradients", "training"}
    assert proven >= {"learning rate", "step counter", "metrics", "predictions"}
    assert proven >= {"initial weights", "length", "order"}
    assert result.verified and not result.notes


@pytest.mark.parametrize("pair", ["encoder", "convnet"])
def test_without_a_map_the_tie_is_guessed_and_said_to_be(records: dict[str, LegacyRecord], pair: str) -> None:
    result = compare_program(records[pair], PAIRS / pair / "after", ENTRY)
    assert result.verified, result.units[0].verification.reason
    assert any("guessed" in note for note in result.units[0].notes)


def test_a_right_program_is_verified_on_tensorflow_1_too() -> None:
    if runtimes.absence("tf1"):
        pytest.skip(runtimes.absence("tf1"))
    result = verify_program(
        PAIRS / "convnet/before", PAIRS / "convnet/after", ENTRY, [weight_map("convnet")], runtime="tf1"
    )
    assert result.verified, result.units[0].verification.reason
    assert result.versions["legacy tensorflow"].startswith("1.15")


# pair, what is wrong, text, its replacement, a check that must fail
WRONG = [
    ("encoder", "missing bias", "name='out')", "name='out', use_bias=False)", "weights"),
    ("encoder", "activation", "activation='relu'", "activation='tanh'", "predictions"),
    ("encoder", "scale dropped", "self.scale * self.dense(inputs)", "self.dense(inputs)", "forward"),
    ("encoder", "learning rate x1.01", "SGD(params['lr'])", "SGD(params['lr'] * 1.01)", "training"),
    ("encoder", "dropout rate", "Dropout(hp['drop'])", "Dropout(hp['drop'] + 0.05)", "gradients"),
    ("encoder", "dropout never active", "self.dropout(y, training=training)", "self.dropout(y, training=False)", "loss"),
    ("encoder", "output key", "'norm':", "'length':", "predictions"),
    ("encoder", "wrong axis", "norm(features['x'], axis=1)", "norm(features['x'], axis=1, keepdims=True)", "predictions"),
    ("encoder", "loss reduction", "(from_logits=True)", "(from_logits=True, reduction='sum')", "loss"),
    ("encoder", "loss weighed by batch size", "results.pop('mean_loss')", "results['loss']", "metrics"),
    ("encoder", "metric missing", "name='acc'", "name='accuracy'", "metrics"),
    ("encoder", "detached gradient", "+ skip(x)", "+ keras.ops.stop_gradient(skip(x))", "gradients"),
    ("encoder", "input changed", "return {'x': x}, ", "return {'x': x * 2}, ", "inputs"),
    ("encoder", "other initial weights", "name='out')", "name='out', kernel_initializer='he_normal')", "initial weights"),
    ("encoder", "one step more", "steps_per_epoch=60", "steps_per_epoch=61", "length"),
    ("encoder", "one batch less", "dataset.batch(16)", "dataset.batch(16, drop_remainder=True)", "length"),
    ("encoder", "not shuffled", "dataset.shuffle(500).repeat()", "dataset.repeat()", "order"),
    ("encoder", "legacy import", "import numpy as np", "import numpy as np\nimport tensorflow.compat.v1 as tf1", "imports"),
    ("encoder", "legacy attribute", "import numpy as np", "import numpy as np\nold = lambda: tf.compat.v1.layers", "imports"),
    ("convnet", "L2 without the half", "tf.nn.l2_loss(kernel)", "tf.reduce_sum(kernel ** 2)", "loss"),
    ("convnet", "regulariser dropped", "loss += self.decay *", "loss += 0.0 *", "gradients"),
    ("convnet", "momentum", "momentum=0.9)\n", "momentum=0.89)\n", "training"),
    ("convnet", "decay steps", "['rate'], 40, 0.5", "['rate'], 50, 0.5", "learning rate"),
    ("convnet", "no staircase", "0.5, staircase=True", "0.5, staircase=False", "learning rate"),
    ("convnet", "stock momentum", "TF1Momentum(rate", "keras.optimizers.SGD(rate", "training"),
    ("convnet", "batch norm momentum", "Normalization(momentum=0.9)", "Normalization(momentum=0.91)", "training"),
    ("convnet", "batch norm epsilon", "Normalization(momentum=0.9)", "Normalization(momentum=0.9, epsilon=1e-5)", "forward"),
    ("convnet", "stock batch norm", "= FusedBatch", "= keras.layers.Batch", "training"),
    ("convnet", "batch norm flag", "batch_normalization(x, training=training)", "batch_normalization(x, training=False)", "loss"),
    ("convnet", "unused variable", "self.flatten =", "self.spare = self.add_weight(name='spare')\n        self.flatten =", "weights"),
    ("convnet", "metric argument", "update_state(y, tf.argmax(y_pred, axis=1))", "update_state(y, 1 - tf.argmax(y_pred, axis=1))", "metrics"),
    ("convnet", "fewer filters", "Conv2D(6, 3", "Conv2D(5, 3", "weights"),
]  # fmt: skip


def one_quote(source: str) -> str:
    """Formatters may change the quotes of the programs."""
    return source.replace("'", '"')


@pytest.mark.parametrize(
    ("pair", "text", "other", "check"),
    [(pair, text, other, check) for pair, _, text, other, check in WRONG],
    ids=[f"{pair}: {title}" for pair, title, *_ in WRONG],
)
def test_wrong_variants_fail(
    records: dict[str, LegacyRecord], tmp_path: Path, pair: str, text: str, other: str, check: str
) -> None:
    after = tmp_path / "after"
    shutil.copytree(PAIRS / pair / "after", after)
    source = one_quote((after / "train.py").read_text(encoding="utf-8"))
    assert one_quote(text) in source, "the variant does not apply to the program any more"
    (after / "train.py").write_text(source.replace(one_quote(text), one_quote(other)), encoding="utf-8")
    verification = compare_program(records[pair], after, ENTRY, [weight_map(pair)]).units[0].verification
    assert verification.status == "failed"
    assert check in {row.check for row in verification.evidence if row.ok is False}, verification.reason


def test_full_runs_agree_in_what_they_print_and_in_their_step_counters() -> None:
    legacy = run_program(PAIRS / "encoder/before", ENTRY, "legacy")
    migrated = run_program(PAIRS / "encoder/after", ENTRY, "target")
    assert (legacy.failure, migrated.failure) == ("", "")
    assert legacy.steps == migrated.steps == (60,)
    wanted = ("global_step: 60", "predictions: 50")
    assert all(line in legacy.printed and line in migrated.printed for line in wanted)


def test_a_program_that_makes_a_session_is_caught(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("import tensorflow as tf\ntf.compat.v1.Session()\n", encoding="utf-8")
    run = run_program(tmp_path, Entry.parse("main.py"), "target")
    assert "LegacyUse" in run.failure
    assert "must not make a TF1 session" in run.failure


def test_a_program_that_hangs_is_stopped_and_judged_by_what_it_did_not_do(
    records: dict[str, LegacyRecord], tmp_path: Path
) -> None:
    from migrator.verify.process import Limits

    (tmp_path / "train.py").write_text("import time\ntime.sleep(3600)\n", encoding="utf-8")
    limits = Limits(program_seconds=3.0)
    result = compare_program(records["encoder"], tmp_path, ENTRY, [weight_map("encoder")], limits=limits)
    assert result.units[0].verification.status == "failed"
    assert "stopped after 3 seconds" in result.units[0].verification.reason

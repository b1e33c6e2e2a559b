"""Strategies that copy a model to the devices of one machine go, with what only made them; others refuse."""

from __future__ import annotations

import pytest

from migrator.convert import convert

from .small import converted, program, reasons, refused

GIVEN = "    config = tf.estimator.RunConfig(model_dir='m', train_distribute=strategy)\n"


def distributed(lines: str, config: str = GIVEN) -> str:
    """A program whose main function starts with these lines, and gives the Estimator a configuration."""
    text = program().replace("tf.estimator.Estimator(model_fn)", "tf.estimator.Estimator(model_fn, config=config)")
    return text.replace("def main():\n", f"def main():\n{lines}{config}")


MIRRORED = [
    "    strategy = tf.distribute.MirroredStrategy()\n",
    "    strategy = tf.contrib.distribute.MirroredStrategy(num_gpus=4)\n",
    "    strategy = tf.distribute.OneDeviceStrategy('/gpu:0')\n",
    "    strategy = tf.distribute.MirroredStrategy() if GPUS > 1 else None\n",
    "    if GPUS > 1:\n        strategy = tf.distribute.MirroredStrategy()\n    else:\n        strategy = None\n",
]


@pytest.mark.parametrize("lines", MIRRORED)
def test_copies_on_one_machine_go_with_their_settings(lines: str) -> None:
    text = distributed(lines).replace("\n\ndef input_fn", "\nGPUS = 4\n\n\ndef input_fn", 1)
    after = converted(text)["train.py"]
    assert "strategy" not in after.lower() and "RunConfig" not in after
    assert "    build_model().kept_in('m').fit(input_fn(), steps_per_epoch=8)\n" in after
    conversion = convert({"train.py": text})
    assert {unit.level for unit in conversion.ledger.units} == {"review"}
    assert any("keras.distribution.DataParallel" in one for one in reasons(conversion))


def test_a_configuration_that_stays_loses_them() -> None:
    after = converted(distributed(MIRRORED[0], GIVEN + "    print(config.model_dir)\n"))["train.py"]
    assert "config = RunConfig(model_dir='m')\n" in after and "Strategy" not in after


@pytest.mark.parametrize(
    "lines",
    [
        "    strategy = tf.distribute.experimental.MultiWorkerMirroredStrategy()\n",
        "    strategy = tf.distribute.MirroredStrategy()\n    print(strategy.num_replicas_in_sync)\n",
        "    strategy = tf.distribute.MirroredStrategy() if ask() else None\n",
    ],
    ids=["several machines", "read elsewhere", "a call that does more"],
)
def test_others_refuse(lines: str) -> None:
    assert refused(distributed(lines))

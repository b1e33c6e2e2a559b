"""Strategies that copy a model to devices go, with what only made them and settings; others refuse."""

from __future__ import annotations

import pytest

from migrator.convert import convert

from .small import converted, line_of, program, reasons, refused

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
        "    strategy = tf.distribute.experimental.ParameterServerStrategy()\n",
        "    strategy = tf.distribute.MirroredStrategy()\n    print(strategy.num_replicas_in_sync)\n",
        "    strategy = tf.distribute.MirroredStrategy() if ask() else None\n",
    ],
    ids=["parameter servers", "read elsewhere", "a call that does more"],
)
def test_others_refuse(lines: str) -> None:
    assert refused(distributed(lines))


SEVERAL = "    strategy = tf.distribute.experimental.MultiWorkerMirroredStrategy() if MANY else None\n"
MANY = "import sys\nimport tensorflow as tf\n\nMANY = len(sys.argv) > 1\n"


def test_copies_on_machines_that_only_the_environment_knows_go() -> None:
    text = distributed(SEVERAL).replace("import tensorflow as tf\n", MANY, 1)
    assert "strategy" not in converted(text)["train.py"].lower()
    conversion = convert({"train.py": text})
    assert any("started on several machines, each would train alone" in one for one in reasons(conversion))
    assert {unit.level for unit in conversion.ledger.units} == {"review"}


def test_machines_that_the_program_names_refuse() -> None:
    cluster = '    os.environ[\'TF_CONFIG\'] = \'{"cluster": {"worker": ["a:1", "b:1"]}}\'\n'
    text = "import os\n" + distributed(cluster + SEVERAL).replace("import tensorflow as tf\n", MANY, 1)
    assert {rule for rule, _ in refused(text)} == {"distribution"}


SESSION = "    settings = tf.ConfigProto()\n    settings.gpu_options.allow_growth = True\n"
SESSION += "    config = tf.estimator.RunConfig(session_config=settings)\n"


def test_settings_of_a_session_go_whatever_another_function_calls_by_that_name() -> None:
    text = distributed("", SESSION) + "\n\ndef shown(settings):\n    return sorted(settings)\n"
    after = converted(text)["train.py"]
    assert "    build_model().fit(input_fn(), steps_per_epoch=8)\n" in after and "ConfigProto" not in after
    assert after.endswith("def shown(settings):\n    return sorted(settings)\n")


@pytest.mark.parametrize(
    "reader",
    [
        "\n\ndef session():\n    return [settings for _ in range(2)]\n",
        "\n\ndef session():\n    other = [settings for settings in range(2)]\n    return settings, other\n",
    ],
)
def test_settings_of_the_file_stay_where_a_function_reads_them(reader: str) -> None:
    text = distributed("", SESSION.replace("    settings", "    global settings\n    settings", 1)) + reader
    assert refused(text) == {("no-rule", line_of(text, "tf.ConfigProto()"))}

"""What stands around a model: hooks, RunConfigs, model folders, modes by name, the tutorials' data."""

from __future__ import annotations

import pytest

from migrator.convert import convert

from .small import MODEL_FN, converted, line_of, program, refused

TRAINS = "tf.estimator.Estimator(model_fn).train(input_fn, steps=8)"


def around(lines: str, head: str = "") -> str:
    """The small program with another body of main."""
    text = program().replace(f"    {TRAINS}\n", "".join(f"    {line}\n" for line in lines.split("\n")))
    return text.replace("import tensorflow as tf\n", f"import tensorflow as tf\n{head}", 1)


# ------------------------------------------------------------------------------------------------------------- hooks
REPORTING = """shown = {"loss": "loss"}
hook = tf.train.LoggingTensorHook(shown, every_n_iter=10)
tf.estimator.Estimator(model_fn).train(input_fn, hooks=[hook], steps=8)"""


def test_a_hook_that_only_reports_goes_with_what_only_it_reads() -> None:
    after = converted(around(REPORTING))["train.py"]
    assert "    build_model().fit(input_fn(), steps_per_epoch=8)" in after
    assert "hook" not in after and "shown" not in after
    findings = {f.rule for u in convert({"train.py": around(REPORTING)}).ledger.units for f in u.findings}
    assert findings == {"reporting-hooks"}


def test_a_hook_of_the_users_own_that_is_no_plain_one_refuses() -> None:
    lines = "tf.estimator.Estimator(model_fn).train(input_fn, hooks=[Mine()], steps=8)"
    text = around(lines, "\n\nclass Mine(tf.train.LoggingTensorHook):\n    pass\n")
    assert ("estimator-argument", line_of(text, "hooks=")) in refused(text)


def test_reporting_hooks_of_the_spec_go_too() -> None:
    spec = "EstimatorSpec(mode, loss=loss, train_op=train_op)"
    hook = 'tf.train.LoggingTensorHook({"loss": loss}, every_n_iter=5)'
    text = program(model_fn=MODEL_FN.replace(spec, spec[:-1] + f", training_hooks=[{hook}])"))
    assert "Hook" not in converted(text)["train.py"]


# --------------------------------------------------------------------------------------------- RunConfig, model_dir
def test_a_model_dir_keeps_the_model() -> None:
    after = converted(around('tf.estimator.Estimator(model_fn, "runs/a").train(input_fn, steps=8)'))["train.py"]
    assert 'build_model().kept_in("runs/a").fit(input_fn(), steps_per_epoch=8)' in after


def test_a_run_config_for_the_estimator_alone_moves_into_the_calls() -> None:
    lines = 'config = tf.estimator.RunConfig(model_dir="runs", tf_random_seed=7)\n'
    lines += "estimator = tf.estimator.Estimator(model_fn, config=config)\nestimator.train(input_fn, steps=8)"
    after = converted(around(lines))["train.py"]
    assert 'keras.utils.set_random_seed(7)\n    estimator = build_model().kept_in("runs")\n' in after
    assert "RunConfig" not in after


PASSED = """config = tf.estimator.RunConfig(model_dir="runs", tf_random_seed=7)
made(config).train(input_fn, steps=8)
print(config.model_dir)"""
MADE = "\n\ndef made(config):\n    return tf.estimator.Estimator(model_fn, config=config)\n"


def test_a_run_config_that_is_passed_around_stays_as_settings_and_is_read_where_it_is() -> None:
    after = converted(around(PASSED, MADE))["train.py"]
    assert 'config = RunConfig(model_dir="runs", tf_random_seed=7)' in after
    assert "    keras.utils.set_random_seed(config.tf_random_seed)\n" in after
    assert "    return build_model().kept_in(config.model_dir)\n" in after


def test_a_copy_that_sets_nothing_which_keras_reads_goes() -> None:
    lines = "config = tf.estimator.RunConfig().replace(session_config=tf.ConfigProto(), keep_checkpoint_max=1)\n"
    lines += "tf.estimator.Estimator(model_fn, config=config).train(input_fn, steps=8)"
    assert "onfig" not in converted(around(lines))["train.py"]
    assert "config = RunConfig()" in converted(around(f"{lines}\nprint(config)"))["train.py"]


COPIES = """config = tf.estimator.RunConfig()
config = config.replace(model_dir="copies")
config = config.replace(tf_random_seed=len(config.model_dir))
tf.estimator.Estimator(model_fn, config=config).train(input_fn, steps=8)"""


def test_a_copy_of_a_copy_is_settings_too() -> None:
    after = converted(around(COPIES))["train.py"]
    assert "    config = config.replace(tf_random_seed=len(config.model_dir))\n" in after
    assert "build_model().kept_in(config.model_dir)" in after and "set_random_seed(config.tf_random_seed)" in after


CHOSEN = """if np.zeros(1)[0]:
    config = tf.estimator.RunConfig(model_dir="small")
else:
    config = tf.estimator.RunConfig().replace(session_config=tf.ConfigProto(), model_dir="large")
tf.estimator.Estimator(model_fn, config=config).train(input_fn, steps=8)"""


def test_one_of_several_run_configs_stays_as_settings() -> None:
    after = converted(around(CHOSEN))["train.py"]
    assert '        config = RunConfig(model_dir="small")\n' in after
    assert '        config = RunConfig().replace(model_dir="large")\n' in after
    assert "build_model().kept_in(config.model_dir)" in after


def test_several_run_configs_of_which_one_has_a_seed_refuse() -> None:
    text = around(CHOSEN.replace('model_dir="small"', "tf_random_seed=1"))
    assert ("run-config", line_of(text, "config=config")) in refused(text)


# -------------------------------------------------------------------------------------------------------- mode names
def test_modes_by_name_become_what_they_are() -> None:
    text = program(
        input_fn="""
        EVAL = tf.estimator.ModeKeys.EVAL


        def input_fn(mode=tf.estimator.ModeKeys.TRAIN):
            x = np.ones((8, 3), "float32")
            rows = 8 if mode == EVAL else 4
            return tf.data.Dataset.from_tensor_slices(({"x": x}, x[:, 0])).repeat().batch(rows)
        """,
        data='lambda: input_fn("train")',
    )
    after = converted(text)["train.py"]
    assert "EVAL = 'eval'" in after and "def input_fn(mode='train'):" in after


# ------------------------------------------------------------------------------------------------------ data loaders
def test_the_tutorials_digits_are_read_by_a_function_of_the_support_module() -> None:
    lines = 'digits = tf.contrib.learn.datasets.load_dataset("mnist")\n'
    lines += f"print(digits.train.num_examples)\n{TRAINS}"
    assert "    digits = mnist_data_sets()\n" in converted(around(lines))["train.py"]


@pytest.mark.parametrize("loader", ["DATASETS['mnist']", "mnist.load_mnist"])
def test_so_are_those_of_a_folder(loader: str) -> None:
    lines = f"digits = tf.contrib.learn.datasets.{loader}('folder')\nprint(digits.train.num_examples)\n{TRAINS}"
    assert "    digits = mnist_data_sets()\n" in converted(around(lines))["train.py"]


@pytest.mark.parametrize(
    ("loader", "rule"),
    [("load_dataset('iris')", "named-data-sets"), ("DATASETS['iris']()", "estimator-symbol")],
)
def test_other_data_sets_of_that_function_refuse(loader: str, rule: str) -> None:
    lines = f"flowers = tf.contrib.learn.datasets.{loader}\n{TRAINS}"
    assert {found for found, _ in refused(around(lines))} == {rule}


# ------------------------------------------------------------------------------------------------------------ imports
def test_an_import_of_a_module_that_ended_goes_even_when_nobody_read_it() -> None:
    head = "from tensorflow.contrib.learn.python.learn import learn_runner\nimport os\n"
    after = converted(around(TRAINS, head))["train.py"]
    assert "learn_runner" not in after
    assert "import os\n" in after


def test_an_import_stands_before_the_first_statement_that_reads_it() -> None:
    head = "tf.logging.set_verbosity(tf.logging.INFO)\n\nimport os\n\nprint(os.sep)\n"
    after = converted(around(TRAINS, head))["train.py"]
    assert after.index("from absl import logging") < after.index("logging.set_verbosity") < after.index("import os")


def test_a_script_inside_a_package_folder_imports_the_support_module_by_its_bare_name() -> None:
    sources = {"src/__init__.py": "", "src/model.py": "import tensorflow as tf\n\n" + MODEL_FN}
    sources["src/main.py"] = (
        program()
        .replace(MODEL_FN, "")
        .replace("import numpy as np\n", "import numpy as np\nfrom model import model_fn\n")
    )
    after = converted(sources)
    assert "from estimator_semantics import EstimatorModel" in after["src/model.py"]


# ---------------------------------------------------------------------------------------------------- one-shot iterator
ARRANGED = """
def input_fn():
    x = np.ones((8, 3), "float32")
    dataset = tf.data.Dataset.from_tensor_slices((x, x[:, 0])).repeat().batch(4)
    rows, y = dataset.make_one_shot_iterator().get_next()
    # what the model calls it
    features = {"x": rows}
    return features, y
"""


def test_what_arranges_the_elements_of_an_iterator_becomes_a_map() -> None:
    after = converted(program(input_fn=ARRANGED))["train.py"]
    assert 'def arrange(rows, y):\n        features = {"x": rows}\n        return (features, y)\n' in after
    assert "    return dataset.map(arrange)\n" in after
    assert "iterator" not in after


@pytest.mark.parametrize(
    ("head", "seed", "after"),
    [
        ("", "7", "    keras.utils.set_random_seed(7)\n"),
        ("", "None", ""),
        ("SEED = 7\n", "SEED", "    keras.utils.set_random_seed(SEED)\n"),
        (
            "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--seed', default=7)\n"
            "args = parser.parse_args()\n",
            "args.seed",
            "    keras.utils.set_random_seed(args.seed)\n",
        ),
        ("import os\n", "os.environ.get('SEED')", "    if os.environ.get('SEED') is not None:\n        keras."),
    ],
)
def test_a_seed_that_may_be_none_is_asked_for(head: str, seed: str, after: str) -> None:
    lines = f"config = tf.estimator.RunConfig(tf_random_seed={seed})\n"
    lines += "tf.estimator.Estimator(model_fn, config=config).train(input_fn, steps=8)"
    text = converted(around(lines, head))["train.py"]
    assert (after in text) if after else "set_random_seed" not in text


# ------------------------------------------------------------------------------------------------------------ results
@pytest.mark.parametrize("method", ["items", "keys"])
def test_results_are_a_dictionary_with_methods(method: str) -> None:
    lines = "estimator = tf.estimator.Estimator(model_fn)\nestimator.train(input_fn, steps=8)\n"
    lines += f"print(sorted(estimator.evaluate(input_fn, steps=2).{method}()))"
    assert f".{method}()))" in converted(around(lines))["train.py"]


def test_a_run_config_that_the_model_fn_does_not_read_is_no_argument() -> None:
    text = program(model_fn=MODEL_FN.replace("mode)", "mode, config)", 1))
    assert "def build_model():" in converted(text)["train.py"]


def test_a_setting_of_a_config_in_the_estimators_call_is_read_where_it_is_used() -> None:
    lines = "every = len('four')\n"
    lines += "estimator = tf.estimator.Estimator(\n"
    lines += "    model_fn, config=tf.estimator.RunConfig(save_checkpoints_steps=every))\n"
    lines += "train_spec = tf.estimator.TrainSpec(input_fn, max_steps=8)\n"
    lines += "tf.estimator.train_and_evaluate(estimator, train_spec, tf.estimator.EvalSpec(input_fn, steps=2))"
    assert "evaluate_every=every" in converted(around(lines))["train.py"]


BUILT = """

EVERY = 3


def build():
    config = tf.estimator.RunConfig().replace(save_checkpoints_steps=EVERY, model_dir="m")
    print(config.model_dir)
    return tf.estimator.Estimator(model_fn, config=config)
"""
TRAINED = """train_spec = tf.estimator.TrainSpec(input_fn, max_steps=8)
tf.estimator.train_and_evaluate(build(), train_spec, tf.estimator.EvalSpec(input_fn, steps=2))"""


def test_a_setting_of_a_config_that_another_function_makes_is_read_if_it_means_the_same_here() -> None:
    assert "evaluate_every=EVERY" in converted(around(TRAINED, BUILT))["train.py"]
    local = BUILT.replace("    config =", "    every = len('four')\n    config =").replace("=EVERY,", "=every,")
    assert {rule for rule, _ in refused(around(TRAINED, local))} == {"run-config"}


def test_the_configuration_of_a_session_goes_with_the_session() -> None:
    made = (
        "    session = tf.ConfigProto(allow_soft_placement=True)\n"
        "    session.gpu_options.allow_growth = True\n"
        "    config = tf.estimator.RunConfig(session_config=session)\n"
    )
    made += "    tf.estimator.Estimator(model_fn, config=config)"
    text = program().replace("    tf.estimator.Estimator(model_fn)", made)
    assert "def main():\n    build_model().fit(input_fn(), steps_per_epoch=8)\n" in converted(text)["train.py"]

"""Which model_fn an Estimator is given: handed through functions, looked up in tables, one of several."""

from __future__ import annotations

import textwrap

import pytest

from migrator.convert import convert

from .small import MODEL_FN, converted, program, refused

OTHER = MODEL_FN.replace("def model_fn", "def wide_fn").replace("0.01", "0.1")
CALL = "    tf.estimator.Estimator(model_fn).train(input_fn, steps=8)\n"


def chosen(lines: str, other: str = OTHER) -> str:
    """A program whose main function consists of these lines."""
    text = program(model_fn=MODEL_FN + other)
    assert CALL in text
    return text.replace(CALL, textwrap.indent(textwrap.dedent(lines), "    "))


TABLE = """
models = {"deep": model_fn, "wide": wide_fn}
estimator = tf.estimator.Estimator(models[input()])
estimator.train(input_fn, steps=8)
"""
BRANCHES = """
build = model_fn
if input() == "wide":
    build = wide_fn
tf.estimator.Estimator(build, model_dir="/tmp/kept").train(input_fn, steps=8)
"""
EACH = """
for build in [model_fn, wide_fn]:
    tf.estimator.Estimator(build).train(input_fn, steps=8)
"""


def test_one_of_several_that_are_built_alike_is_chosen_as_before() -> None:
    after = converted(chosen(TABLE))["train.py"]
    assert 'models = {"deep": build_model, "wide": build_wide}' in after
    assert "estimator = models[input()]()" in after
    after = converted(chosen(BRANCHES))["train.py"]
    assert 'build().kept_in("/tmp/kept").fit(' in after and "build = build_wide" in after
    assert "for build in [build_model, build_wide]:\n        build().fit(" in converted(chosen(EACH))["train.py"]


def test_a_choice_where_the_estimator_is_made_is_called_as_a_whole() -> None:
    lines = 'tf.estimator.Estimator(wide_fn if input() == "wide" else model_fn).train(input_fn, steps=8)'
    assert '(build_wide if input() == "wide" else build_model)().fit(' in converted(chosen(lines))["train.py"]


def test_a_choice_of_which_one_side_is_never_taken_refuses() -> None:
    lines = "tf.estimator.Estimator(wide_fn if len([]) == 2 else model_fn).train(input_fn, steps=8)"
    assert "model-fn" in {rule for rule, _ in refused(chosen(lines))}


def test_several_that_are_built_with_different_arguments_refuse() -> None:
    other = OTHER.replace("labels, mode)", "labels, mode, params)").replace("0.1", "params['rate']")
    assert {rule for rule, _ in refused(chosen(TABLE, other))} == {"model-fn"}


@pytest.mark.parametrize("call", ["make(None)", "make(tf.estimator.RunConfig(tf_random_seed=1))"])
def test_a_configuration_that_is_handed_to_a_function_by_a_script_is_followed(call: str) -> None:
    text = program().replace(
        "def main():\n" + CALL, "def make(config):\n" + "    return tf.estimator.Estimator(model_fn, config=config)\n"
    )
    text = text[: text.index("\n\nif __name__")] + f"\n\nestimator = {call}\nestimator.train(input_fn, steps=8)\n"
    assert "return build_model()" in converted(text)["train.py"]


def test_a_configuration_of_a_session_goes_from_a_copy_too() -> None:
    lines = """
    options = tf.GPUOptions(per_process_gpu_memory_fraction=0.5)
    config = tf.estimator.RunConfig().replace(session_config=tf.ConfigProto(gpu_options=options), tf_random_seed=1)
    tf.estimator.Estimator(model_fn, config=config).train(input_fn, steps=8)
    """
    after = converted(chosen(lines))["train.py"]
    assert "options" not in after and "session" not in after and "tf_random_seed=1" in after


def test_a_large_package_that_is_imported_does_not_hide_a_program() -> None:
    calls = "\n".join(f"    g{i}(x)" for i in range(40))
    many = "import tensorflow as tf\n\n" + "".join(
        f"def g{i}(x):\n    return tf.identity(x)\n\n\ndef f{i}(x):\n{calls}\n\n\n" for i in range(40)
    )
    package = {f"big/part{n}.py": many for n in range(30)}
    package["big/__init__.py"] = "".join(f"from big import part{n}\n" for n in range(30))
    text = program().replace("import tensorflow as tf\n", "import tensorflow as tf\n\nimport big\n", 1)
    conversion = convert({"train.py": text, **package})
    assert {unit.status for unit in conversion.ledger.units} == {"converted"}

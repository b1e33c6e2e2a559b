"""Pins on TensorFlow: before -> after, what stays as it is, and what is left to a person with the reason."""

from __future__ import annotations

import sys

import pytest

from migrator.conversion import Conversion, FileEdit
from migrator.dependencies.pins import Pins, plan_pins
from migrator.dependencies.specs import raised
from migrator.ledger import FileProblem, Ledger, Symbol, Unit

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TRAIN = FileEdit("train.py", "legacy\n", "keras\n", frozenset({"train.py:1"}))
UNIT = Unit("u", "train.py:1", "model_fn", "train.py", 1, "model_fn", "converted")
CONVERTED = Conversion((TRAIN,), Ledger(units=(UNIT,)))


def pins(files: dict[str, str], conversion: Conversion = CONVERTED, sources: dict[str, str] | None = None) -> Pins:
    """The pins of a project whose train.py was converted."""
    return plan_pins(files, sources or {"train.py": "legacy\n"}, conversion)


def after(path: str, text: str) -> str:
    """What becomes of one file."""
    (edit,) = pins({path: text}).edits
    assert (edit.path, edit.before, edit.groups) == (path, text, {"train.py:1"})
    return edit.after


def errors(found: Pins) -> list[str]:
    """What is left to a person."""
    return [f"{finding.line}: {finding.message}" for finding in found.findings if finding.severity == "error"]


# ------------------------------------------------------------------------------------------------------ before -> after
REQUIREMENTS = {
    "tensorflow==1.13.1\n": "tensorflow>=2.16\n",
    "absl-py==0.7\ntensorflow == 1.13   # why\nsix\n": "absl-py==0.7\ntensorflow >=2.16   # why\nsix\n",
    "tensorflow-gpu>=1.4,<2\n": "tensorflow>=2.16\n",
    "tensorflow_gpu\n": "tensorflow\n",
    "tensorflow-cpu<2.0\n": "tensorflow-cpu>=2.16\n",
    "tensorflow[and-cuda]~=1.15": "tensorflow[and-cuda]>=2.16",
    "tensorflow>=1.15,!=2.17.0,<3\n": "tensorflow>=2.16,!=2.17.0,<3\n",
    "TensorFlow==1.*\n": "tensorflow>=2.16\n",
    "tensorflow==1.13; sys_platform == 'darwin'\n": "tensorflow>=2.16; sys_platform == 'darwin'\n",
    "tensorflow==1.13\ntensorflow-gpu==1.13\nsix\n": "tensorflow>=2.16\nsix\n",
    "tensorflow-estimator==1.13\ntf_slim\ntensorflow==1.15\n": "tensorflow>=2.16\n",
    "-r base.txt\n--find-links https://example.org/tensorflow/\ntensorflow==2.0.0rc1\n": "-r base.txt\n"
    "--find-links https://example.org/tensorflow/\ntensorflow>=2.16\n",
}


@pytest.mark.parametrize(("text", "expected"), REQUIREMENTS.items())
def test_requirements(text: str, expected: str) -> None:
    assert after("requirements.txt", text) == expected


@pytest.mark.parametrize(
    "path",
    ["requirements-dev.txt", "requirements/train.txt", "dev_requirements.txt", "constraints.txt", "requirements.in"],
)
def test_files_are_known_by_their_names(path: str) -> None:
    assert after(path, "tensorflow==1.13\n") == "tensorflow>=2.16\n"


def test_setup_py() -> None:
    text = (
        "from setuptools import setup\nsetup(\n    name='tensorflow-thing',\n    install_requires=[\n"
        "        'tensorflow>=1.4',  # the model\n        'tf-slim',\n        \"é\", 'tensorflow-estimator',\n    ],\n"
        "    extras_require={'tf': ['tensorflow==1.13'], 'gpu': ['tensorflow-gpu==1.13']},\n)\n"
    )
    found = pins({"setup.py": text})
    assert found.edits[0].after == (
        "from setuptools import setup\nsetup(\n    name='tensorflow-thing',\n    install_requires=[\n"
        "        'tensorflow>=2.16',  # the model\n        \"é\", 'tensorflow-estimator',\n    ],\n"
        "    extras_require={'tf': ['tensorflow>=2.16'], 'gpu': ['tensorflow>=2.16']},\n)\n"
    )
    assert errors(found) == ["7: `tensorflow-estimator` is no longer used: remove it"]


def test_setup_cfg() -> None:
    extras = "[options.extras_require]\ngpu = tensorflow-gpu==1.14\n"
    text = f"[options]\ninstall_requires =\n    six\n    tensorflow~=1.14\n{extras}"
    found = pins({"setup.cfg": text})
    assert found.edits[0].after == text.replace("tensorflow~=1.14", "tensorflow>=2.16")
    assert errors(found) == [
        "6: `tensorflow-gpu==1.14`: it is not written as a plain requirement; "
        "the converted code needs TensorFlow 2.16 or later"
    ]
    assert after("setup.cfg", "[options]\ninstall_requires = tensorflow==1.13\n").endswith("= tensorflow>=2.16\n")


POETRY = "[tool.poetry.dependencies]\n"
TOML = {
    'dependencies = ["tensorflow==1.13", "six"]\n': 'dependencies = ["tensorflow>=2.16", "six"]\n',
    "x = [\n  'six',\n  'tensorflow-gpu<2',  # gpu\n]\n": "x = [\n  'six',\n  'tensorflow>=2.16',  # gpu\n]\n",
    "x = [\n  'tf-slim',\n  'tensorflow<2',\n]\n": "x = [\n  'tensorflow>=2.16',\n]\n",
    f'{POETRY}tensorflow = "^1.13"  # c\n': f'{POETRY}tensorflow = ">=2.16"  # c\n',
    f"{POETRY}tensorflow-gpu = {{version = '1.13.*', optional = true}}\n": f"{POETRY}"
    "tensorflow = {version = '>=2.16', optional = true}\n",
    '[tool.poetry.group.gpu.dependencies]\ntensorflow = "~1.13"\ntensorflow-gpu = "*"\n': "[tool.poetry.group.gpu."
    'dependencies]\ntensorflow = ">=2.16"\n',
}


@pytest.mark.parametrize(("text", "expected"), TOML.items())
def test_pyproject(text: str, expected: str) -> None:
    assert after("pyproject.toml", text) == expected
    assert tomllib.loads(expected)


def test_pipfile() -> None:
    text = '[packages]\ntensorflow-gpu = "==1.13.1"\nsix = "*"\n[dev-packages]\ntensorflow-gpu = "*"\n'
    expected = '[packages]\ntensorflow = ">=2.16"\nsix = "*"\n[dev-packages]\ntensorflow = "*"\n'
    assert after("Pipfile", text) == expected


CONDA = {
    "dependencies:\n  - tensorflow=1.13\n": "dependencies:\n  - tensorflow>=2.16\n",
    "dependencies:\n- tensorflow-gpu=1.13.1=py36_0  # c\n- six\n": "dependencies:\n- tensorflow>=2.16  # c\n- six\n",
    "dependencies:\n  - tensorflow 1.13.*\n": "dependencies:\n  - tensorflow>=2.16\n",
    "dependencies:\n  - pip:\n      - six\n      - 'tensorflow==1.13'\n": "dependencies:\n  - pip:\n      - six\n"
    "      - 'tensorflow>=2.16'\n",
}


@pytest.mark.parametrize(("text", "expected"), CONDA.items())
def test_conda(text: str, expected: str) -> None:
    assert after("environment.yml", text) == expected


DOCKER = {
    "FROM tensorflow/tensorflow:1.12-py3\n": "FROM tensorflow/tensorflow:2.16.1\n",
    "FROM tensorflow/tensorflow:1.15.0-gpu-py3 AS base\n": "FROM tensorflow/tensorflow:2.16.1-gpu AS base\n",
    "FROM --platform=x tensorflow/tensorflow:1.13.1-jupyter\n": "FROM --platform=x "
    "tensorflow/tensorflow:2.16.1-jupyter\n",
    "RUN pip install tensorflow==1.13 six\n": "RUN pip install 'tensorflow>=2.16' six\n",
    'RUN apt-get update && \\\n    pip3 install "tensorflow-gpu>=1.4,<2" && true\n': "RUN apt-get update && \\\n"
    '    pip3 install "tensorflow>=2.16" && true\n',
    'RUN ["pip", "install", "tensorflow==1.13"]\n': 'RUN ["pip", "install", "tensorflow>=2.16"]\n',
}


@pytest.mark.parametrize(("text", "expected"), DOCKER.items())
def test_dockerfile(text: str, expected: str) -> None:
    assert after("docker/Dockerfile.gpu" if "gpu" in text else "Dockerfile", text) == expected


# ---------------------------------------------------------------------------------------------------------------- noop
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("requirements.txt", "tensorflow\n"),
        ("requirements.txt", "tensorflow>=2.16\nkeras>=3\n"),
        ("requirements.txt", "tensorflow==2.18.0\n"),
        ("requirements.txt", "# tensorflow==1.13\nsix\n"),
        ("setup.py", "print('tensorflow==1.13')\n"),
        ("setup.py", "setup(keywords=['tensorflow'])\n"),
        (
            "Dockerfile",
            "FROM tensorflow/tensorflow:latest-gpu\nFROM tensorflow/tensorflow:2.18.0-gpu\nFROM python:3.11\n",
        ),
        ("pyproject.toml", '[project]\nrequires-python = ">=3.10"\nkeywords = ["tensorflow"]\n'),
        ("environment.yml", "dependencies:\n  - python=3.11\n"),
        ("notes.txt", "tensorflow==1.13\n"),
        ("poetry.lock", '[[package]]\nname = "tensorflow"\nversion = "2.18.0"\n'),
    ],
)
def test_what_needs_no_change_stays_without_a_word(path: str, text: str) -> None:
    if "print(" in text:
        assert pins({path: text}).edits == ()
    else:
        assert pins({path: text}) == Pins((), ())


def test_a_second_plan_changes_nothing() -> None:
    for path, texts in (("requirements.txt", REQUIREMENTS), ("pyproject.toml", TOML), ("environment.yml", CONDA)):
        for text in texts.values():
            assert pins({path: text}).edits == ()


def test_files_elsewhere_stay() -> None:
    sources = {"train.py": "", "other/app.py": ""}
    assert pins({"other/requirements.txt": "tensorflow==1.13\n"}, sources=sources) == Pins((), ())
    assert pins({"requirements.txt": "tensorflow==1.13\n"}, Conversion((), Ledger(units=(UNIT,)))) == Pins((), ())


# ------------------------------------------------------------------------------------------------------------- refused
NEEDING = {
    "a unit": Ledger(units=(UNIT, Unit("v", "b.py:3", "model_fn", "b.py", 3, "f", "skipped"))),
    "a symbol": Ledger(units=(UNIT,), symbols=(Symbol("b.py", 3, "tensorflow.Session", "unknown"),)),
    "a file": Ledger(units=(UNIT,), problems=(FileProblem("b.py", "python2", "Python 2 code"),)),
}


@pytest.mark.parametrize(("what", "ledger"), NEEDING.items())
def test_pins_stay_while_something_needs_tensorflow_1(what: str, ledger: Ledger) -> None:
    found = pins({"requirements.txt": "six\ntensorflow==1.13\n"}, Conversion((TRAIN,), ledger))
    assert found.edits == ()
    (finding,) = found.findings
    assert (finding.rule, finding.severity, finding.line) == ("dependency-pin", "warning", 2)
    assert "`tensorflow==1.13` stays: " in finding.message and "b.py" in finding.message, what


def test_what_is_left_in_another_folder_does_not_count() -> None:
    edit = FileEdit("a/train.py", "legacy\n", "keras\n", frozenset({"a/train.py:1"}))
    left = Unit("v", "b/t.py:3", "model_fn", "b/t.py", 3, "f", "skipped")
    found = plan_pins(
        {"a/requirements.txt": "tensorflow<2\n", "requirements.txt": "tensorflow<2\n"},
        {"a/train.py": "", "b/t.py": ""},
        Conversion((edit,), Ledger(units=(left,))),
    )
    assert [edit.path for edit in found.edits] == ["a/requirements.txt"]
    assert [finding.path for finding in found.findings] == ["requirements.txt"]


def test_a_companion_that_is_still_imported_stays() -> None:
    text = "tf-slim==1.0\ntensorflow==1.15\n"
    found = pins({"requirements.txt": text}, sources={"train.py": "", "b.py": "import six, tf_slim as slim\n"})
    assert found.edits[0].after == "tf-slim==1.0\ntensorflow>=2.16\n"


REFUSED = {
    ("requirements.txt", "tensorflow==1.13; python_version < '3.8'\n"): "its marker asks for a Python version",
    ("requirements.txt", "tensorflow==1.13 \\\n    --hash=sha256:00\n"): "it is pinned by hashes",
    ("requirements.txt", "https://x.org/tensorflow_gpu-1.13-cp36.whl\n"): "it is an address, not a version",
    ("requirements.txt", "tensorflow @ https://x.org/t.whl\n"): "it is an address, not a version",
    ("requirements.txt", "tensorflow==${TF}\n"): "its version cannot be read",
    ("setup.py", "setup(install_requires=['tensorflow==%s' % v])\n"): "it is not written as a plain requirement",
    ("setup.py", "setup(install_requires=f'tensorflow=={v}')\n"): "it is not written as a plain requirement",
    ("setup.py", "setup(install_requires=['tensorflow' '==1.13'])\n"): "the string is not plain",
    ("pyproject.toml", '[tool.poetry.dependencies]\ntensorflow = {git = "x"}\n'): "it has more than a version",
    (
        "environment.yml",
        "dependencies:\n  - conda-forge::tensorflow=1.13\n",
    ): "it is not written as a plain requirement",
    ("environment.yml", "dependencies:\n  - pip:\n    - tf-slim\n"): "is no longer used: remove it",
    ("Dockerfile", "RUN bash -c 'pip install tensorflow==1.13'\n"): "it stands within quotes",
    ("Dockerfile", "FROM tensorflow/tensorflow:1.13.1-devel\n"): "has no counterpart that is known",
    ("Dockerfile", "FROM nvcr.io/nvidia/tensorflow:19.03-py3\n"): "may hold an older TensorFlow",
    ("Dockerfile", "FROM python:3.6-slim\n"): "brings a Python that",
}


@pytest.mark.parametrize(("file", "reason"), REFUSED.items())
def test_what_is_not_plain_is_left_with_the_reason(file: tuple[str, str], reason: str) -> None:
    path, text = file
    found = pins({path: text})
    assert found.edits == ()
    (finding,) = found.findings
    assert reason in finding.message and finding.severity == "error"


WARNED = {
    ("setup.py", "setup(python_requires='>=3.5')\n"): "needs Python 3.9 or later",
    ("setup.cfg", "[options]\npython_requires = >=3.6\n"): "needs Python 3.9 or later",
    ("pyproject.toml", '[project]\nrequires-python = ">=3.6,<3.8"\n'): "needs Python 3.9 or later",
    ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.6"\n'): "needs Python 3.9 or later",
    ("Pipfile", '[requires]\npython_version = "3.6"\n'): "needs Python 3.9 or later",
    ("environment.yml", "dependencies:\n  - python=3.6\n"): "needs Python 3.9 or later",
    ("poetry.lock", '[[package]]\nname = "tensorflow"\nversion = "1.13.1"\n'): "lock the dependencies anew",
    ("Pipfile.lock", '"tensorflow": {\n "version": "==1.13.1"\n}\n'): "lock the dependencies anew",
}


@pytest.mark.parametrize(("file", "reason"), WARNED.items())
def test_what_a_person_should_know(file: tuple[str, str], reason: str) -> None:
    path, text = file
    found = pins({path: text})
    assert found.edits == ()
    (finding,) = found.findings
    assert reason in finding.message and finding.severity == "warning"


def test_what_was_chosen_for_the_old_version_is_named() -> None:
    found = pins({"requirements.txt": "numpy==1.16.4\nh5py>=2\nkeras<3\ntensorflow==1.13\n"})
    assert [(f.line, f.severity) for f in found.findings] == [(1, "warning"), (3, "warning")]
    assert "`numpy==1.16.4` was chosen for another TensorFlow" in found.findings[0].message


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("", ""),
        ("*", "*"),
        ("==1.13", ">=2.16"),
        (">=2.16", ">=2.16"),
        (">=2.16.1,<3", ">=2.16.1,<3"),
        ("<=2.15.1", ">=2.16"),
        ("==2.*", ">=2.16"),
        ("<3", "<3"),
        ("nonsense", None),
    ],
)
def test_specs(spec: str, expected: str | None) -> None:
    assert raised(spec) == expected

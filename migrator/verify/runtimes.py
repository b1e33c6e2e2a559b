"""The runtimes that verification runs programs in: built on demand by uv into a cache folder, whole or not at all."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from migrator.verify.interpreters import find_interpreter
from migrator.workspace.folders import cache_folder

Progress = Callable[[str], None]

_STAMP = "estimator-to-keras.json"  # written last: an environment without it is half-built
_NO_NETWORK = ("failed to fetch", "error sending request", "dns error", "could not connect", "connection", "timed out")
# The wheels without GPU code are a third of the size, but exist for this platform only.
_SMALL = "sys_platform == 'linux' and platform_machine == 'x86_64'"
_ELSE = "sys_platform != 'linux' or platform_machine != 'x86_64'"


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What a runtime is made of. `offered`: uv can download a Python when the machine has none that fits."""

    name: str
    pythons: tuple[str, ...]  # versions that will do, the preferred one first
    requirements: tuple[str, ...]
    describes: str
    offered: bool = True


@dataclasses.dataclass(frozen=True)
class Runtime:
    """A runtime that is ready: its interpreter and the versions found in it."""

    name: str
    python: Path
    versions: Mapping[str, str]


class RuntimeAbsent(Exception):
    """The runtime cannot be had on this machine; the message says why and what to do."""


RECIPES: Mapping[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "legacy",
            ("3.11", "3.10", "3.9"),
            (
                f"tensorflow-cpu==2.15.1; {_SMALL}",
                f"tensorflow==2.15.1; {_ELSE}",
                "tf-slim==1.1.0",
                "numpy<2",
                "pandas<3",  # whose columns of words the program's TensorFlow can read
            ),
            "TensorFlow 2.15.1 presenting its compat.v1 as TensorFlow 1",
        ),
        Recipe(
            "tf1",
            ("3.7",),
            ("tensorflow==1.15.5", "protobuf<3.21", "numpy<1.19", "h5py==2.10.0", "pandas"),
            "TensorFlow 1.15.5",
            offered=False,
        ),
        Recipe(
            "target",
            ("3.11", "3.12", "3.13", "3.10"),
            (f"tensorflow-cpu>=2.16; {_SMALL}", f"tensorflow>=2.16; {_ELSE}", "keras>=3", "pandas"),
            "the newest TensorFlow with Keras 3",
        ),
    )
}


def runtime_folder(recipe: Recipe) -> Path:
    """The folder of one runtime. Another recipe of the same name is another folder."""
    text = json.dumps([recipe.pythons, recipe.requirements])
    return cache_folder() / "runtimes" / f"{recipe.name}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"


def installed(name: str) -> Runtime | None:
    """The runtime as it lies in the cache, or None when it is missing, half-built or broken."""
    return _ready(RECIPES[name], runtime_folder(RECIPES[name]))


def provide(name: str, progress: Progress = lambda message: None, rebuild: bool = False) -> Runtime:
    """The runtime, built if it is missing or broken (or `rebuild`). Raises RuntimeAbsent with the reason."""
    recipe = RECIPES[name]
    folder = runtime_folder(recipe)
    runtime = None if rebuild else _ready(recipe, folder)
    return runtime if runtime is not None else _build(recipe, folder, progress)


def absence(name: str) -> str:
    """Why the runtime can never be built here ("" when it can): the only such case is a Python that is not at hand."""
    recipe = RECIPES[name]
    if recipe.offered or installed(name) or _interpreter(recipe):
        return ""
    return f"{recipe.describes} needs Python {recipe.pythons[0]}, which is not installed on this machine"


def _interpreter(recipe: Recipe) -> Path | None:
    return next((path for path in map(find_interpreter, recipe.pythons) if path is not None), None)


def _ready(recipe: Recipe, folder: Path) -> Runtime | None:
    python = _python_of(folder)
    try:
        stamp = json.loads((folder / _STAMP).read_text(encoding="utf-8"))
        present = all((folder / path).exists() for path in stamp["packages"])
        answer = subprocess.run([str(python), "-c", "import numpy"], capture_output=True, timeout=60, check=False)
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired):
        return None
    return Runtime(recipe.name, python, stamp["versions"]) if present and answer.returncode == 0 else None


def _build(recipe: Recipe, folder: Path, progress: Progress) -> Runtime:
    reason = absence(recipe.name)
    if reason:
        raise RuntimeAbsent(reason)
    aside = folder.with_name(f"{folder.name}.building-{uuid.uuid4().hex[:8]}")
    aside.parent.mkdir(parents=True, exist_ok=True)
    try:
        interpreter = str(_interpreter(recipe) or recipe.pythons[0])
        progress(f"runtime {recipe.name}: making an environment with {interpreter}")
        _uv(recipe, ["venv", "--no-project", "--relocatable", "--python", interpreter, str(aside)])
        progress(f"runtime {recipe.name}: installing {recipe.describes} (a few hundred megabytes, once)")
        _uv(recipe, ["pip", "install", "--compile-bytecode", "--python", str(_python_of(aside)), *recipe.requirements])
        progress(f"runtime {recipe.name}: first start")
        versions = _probe(recipe, aside)
        packages = sorted(path.relative_to(aside).as_posix() for path in _site_packages(aside).iterdir())
        stamp = {"versions": versions, "packages": packages, "requirements": recipe.requirements}
        (aside / _STAMP).write_text(json.dumps(stamp, indent=1), encoding="utf-8")
        _swap_in(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    progress(f"runtime {recipe.name}: ready")
    return Runtime(recipe.name, _python_of(folder), versions)


def _swap_in(aside: Path, folder: Path) -> None:
    """Puts the finished environment in place; a broken one that lies there is moved out of the way first."""
    outworn = folder.with_name(f"{folder.name}.outworn-{uuid.uuid4().hex[:8]}")
    if folder.exists():
        os.replace(folder, outworn)
    os.replace(aside, folder)
    shutil.rmtree(outworn, ignore_errors=True)


def _uv(recipe: Recipe, arguments: list[str]) -> None:
    try:
        import uv
    except ImportError as error:
        raise RuntimeAbsent("the package `uv` is needed to build runtimes: pip install uv") from error
    answer = subprocess.run([uv.find_uv_bin(), *arguments], capture_output=True, text=True, check=False)
    if answer.returncode == 0:
        return
    said = answer.stderr.strip()
    if any(word in said.lower() for word in _NO_NETWORK):
        raise RuntimeAbsent(
            f"the runtime {recipe.name} ({recipe.describes}) is not in the cache and its packages could not be "
            f"downloaded; connect this machine to the network and run `migrate runtimes`, or go on without --verify"
        )
    raise RuntimeAbsent(f"the runtime {recipe.name} could not be built: {_last_lines(said)}")


def _probe(recipe: Recipe, folder: Path) -> dict[str, str]:
    code = (
        "import json, sys, numpy, tensorflow as tf\n"
        "found = {'python': '%d.%d.%d' % sys.version_info[:3], 'tensorflow': tf.__version__}\n"
        "found['numpy'] = numpy.__version__\n"
        "if not tf.__version__.startswith('1.'): import keras; found['keras'] = keras.__version__\n"
        "print('\\n' + json.dumps(found))\n"
    )
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [str(_python_of(folder)), "-c", code]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if answer.returncode != 0:
        raise RuntimeAbsent(f"the runtime {recipe.name} does not start: {_last_lines(answer.stderr)}")
    versions: dict[str, str] = json.loads(answer.stdout.strip().splitlines()[-1])
    return versions


def _last_lines(text: str) -> str:
    return " | ".join(line.strip() for line in text.strip().splitlines()[-3:])


def _python_of(folder: Path) -> Path:
    return folder / "Scripts" / "python.exe" if sys.platform == "win32" else folder / "bin" / "python"


def _site_packages(folder: Path) -> Path:
    if sys.platform == "win32":
        return folder / "Lib" / "site-packages"
    return next(folder.glob("lib/python*/site-packages"))

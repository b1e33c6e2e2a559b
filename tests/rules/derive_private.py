"""Derives rules/private.json: names in private TF1 modules whose very object is public in TensorFlow 1.15.

Usage: derive_private.py LEGACY_PYTHON OUTPUT
LEGACY_PYTHON runs TensorFlow 1.15. The file says, per private module and public namespace, which names are the same;
`a=b` is a private name `a` that is public as `b`.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from typing import Any

HIDDEN = {"compat", "raw_ops", "python", "core", "v1", "v2", "test", "quantization"}
ROOTS = ("tensorflow.python", "tensorflow_estimator.python", "tensorflow.contrib")
UNUSED = {
    "tensorflow.contrib": {"quantization", "labeled_tensor", "specs", "timeseries", "bayesflow", "distributions"},
    "tensorflow.python": {"compat", "debug", "tools", "autograph", "distribute", "profiler", "user_ops"},
}
"""Subsystems with private modules of hundreds of names that model code does not import."""
UTIL = {"tensorflow.python.util.nest"}
"""Of the utilities, which programs import by their private home."""


def main(legacy: str, output: str) -> None:
    """Asks TensorFlow 1.15 for all identities, chooses one public name for each, and writes them."""
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    command = [legacy, __file__, "--names"]
    done = subprocess.run(command, capture_output=True, text=True, env=quiet, check=True)
    found = {}
    for module, names in sorted(json.loads(done.stdout.splitlines()[-1]).items()):
        grouped = chosen(module, names)
        if grouped:
            found[module] = {space: " ".join(sorted(tails)) for space, tails in sorted(grouped.items())}
    lines = [f"{json.dumps(module)}: {json.dumps(spaces)}" for module, spaces in found.items()]
    pathlib.Path(output).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def chosen(module: str, names: dict[str, list[Any]]) -> dict[str, list[str]]:
    """Public namespace -> names, for those that the module itself makes, or merely gathers."""
    own = sum(home == module for _, home in names.values())
    grouped: dict[str, list[str]] = {}
    for name, (candidates, home) in names.items():
        belongs = home == module or own < 2 or ".gen_" in home or home == f"{module}_impl"
        public = best(name, candidates)
        if belongs and public is not None:
            space, _, tail = public.rpartition(".")
            grouped.setdefault(space, []).append(name if name == tail else f"{name}={tail}")
    return grouped


def best(private: str, candidates: list[str]) -> str | None:
    """The public name to say: one that has a rule or lives on before any other, the same word, then the shortest."""
    from migrator import rulebook
    from migrator.analysis.signatures import CONSTANTS, SIGNATURES
    from migrator.source.names import canonical, surviving

    def rank(name: str) -> tuple[bool, bool, bool, int, int, str]:
        rule = rulebook.load().find(name)
        known = rule is not None and rule.kind != "refuse"
        known = known or name in SIGNATURES or name in CONSTANTS or name[len("tensorflow.") :] in surviving()
        other = name.rpartition(".")[2] != private
        return (not known, name.startswith("tensorflow.contrib."), other, name.count("."), len(name), name)

    usable = []
    for name in candidates:
        if name.startswith("tensorflow.compat.v2."):
            # a function of today behind a private name: only where its public name already means that one
            plain = "tensorflow." + name[len("tensorflow.compat.v2.") :]
            if plain[len("tensorflow.") :] not in surviving() or rulebook.load().find(plain) is not None:
                continue
            name = plain
        usable.append(name)
    return min({canonical(name) for name in usable}, key=rank) if usable else None


def names() -> dict[str, dict[str, list[Any]]]:
    """In TensorFlow 1.15: private module -> name -> (public names of that object, the module that defines it)."""
    import importlib
    import pkgutil

    import tensorflow as tf
    import tensorflow.contrib  # noqa: F401 - loaded lazily otherwise

    tf.compat.v1.logging.set_verbosity("ERROR")
    public: dict[int, tuple[Any, list[str]]] = {}
    _walk(tf, "tensorflow", public)
    _walk(tf.compat.v2, "tensorflow.compat.v2", public)
    for package in ROOTS[:2]:
        root = importlib.import_module(package)
        for entry in pkgutil.walk_packages(root.__path__, package + ".", onerror=lambda name: None):
            if _wanted(entry.name):
                try:
                    importlib.import_module(entry.name)
                except Exception:  # noqa: BLE001, S112 - a module that does not load has no importers either
                    continue
    found: dict[str, dict[str, list[Any]]] = {}
    for path, module in sorted(sys.modules.items()):
        if module is not None and path.startswith(ROOTS) and "python" in path.split(".") and _wanted(path):
            found[path] = _names_of(module, path, public)
    return found


def _names_of(module: Any, path: str, public: dict[int, tuple[Any, list[str]]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for name, value in list(vars(module).items()):
        home = str(getattr(value, "__module__", ""))
        known = public.get(id(value))
        if known is None or known[0] is not value or name.startswith("_") or (".util." in home and home not in UTIL):
            continue
        if home.startswith("tensorflow"):
            found[name] = [known[1], home]
    for kind in ("_tf_api_constants_v1", "_estimator_api_constants_v1"):
        for spelled, name in getattr(module, kind, []):
            found[name] = [["tensorflow." + one for one in spelled], path]
    return found


def _wanted(path: str) -> bool:
    parts = path.split(".")
    if any(p.startswith(("_", "gen_", "standard_ops")) or p.endswith("_test") or p == "experimental" for p in parts):
        return False
    if parts[2:3] == ["keras"] and len(parts) > 4:
        return False  # Keras is imported by its packages
    return len(parts) > 2 and parts[2] not in UNUSED.get(".".join(parts[:2]), set())


def _walk(module: Any, prefix: str, public: dict[int, tuple[Any, list[str]]], depth: int = 0) -> None:
    for name in sorted(dir(module)):
        if name.startswith("_") or name in HIDDEN or depth > 4:
            continue
        value = getattr(module, name, None)
        if type(value).__name__ in ("module", "TFModuleWrapper", "LazyLoader"):
            home = getattr(value, "__name__", "").split(".")
            if "python" not in home or "api" in home:  # the generated public modules are under private names
                _walk(value, f"{prefix}.{name}", public, depth + 1)
        elif callable(value):
            public.setdefault(id(value), (value, []))[1].append(f"{prefix}.{name}")


if __name__ == "__main__":
    if sys.argv[1] == "--names":
        print(json.dumps(names()))
    else:
        main(*sys.argv[1:3])

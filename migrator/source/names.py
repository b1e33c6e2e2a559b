"""Canonical TF1 names: every alias form of an import leads to one dotted name."""

from __future__ import annotations

import functools
import json
import pathlib
from typing import Any

SURVIVING_KEYWORDS = {  # TF1's deprecated keyword -> its TF2 name, the same for every function that had it
    "keep_dims": "keepdims",
    "dim": "axis",
    "dimension": "axis",
    "reduction_indices": "axis",
    "squeeze_dims": "axis",
    "seq_dim": "seq_axis",
    "batch_dim": "batch_axis",
}
CONTRIB_KERAS = (  # the same classes and functions (compared in TF 1.15.5); the second is where TF 1.2 and 1.3 had them
    "tensorflow.contrib.keras.",
    "tensorflow.contrib.keras.python.keras.",
    "tensorflow.contrib.keras.api.keras.",
    "tensorflow.python.keras.",
)
TPU_CLASSES = frozenset({"TPUEstimator", "TPUEstimatorSpec", "RunConfig", "TPUConfig", "InputPipelineConfig"})
LEARN_RUNNER = "tensorflow.contrib.learn.python.learn.learn_runner"
TPU_HOMES = ("tensorflow.contrib.tpu.", "tensorflow.estimator.", "tensorflow_estimator.")
# tf.data before TensorFlow 1.4
CONTRIB_DATA = frozenset({"Dataset", "FixedLengthRecordDataset", "Iterator", "TFRecordDataset", "TextLineDataset"})
# of which contrib.data is no more than a deprecated name (read in TF 1.15.5), and which TensorFlow still has
CONTRIB_DATA_EXPERIMENTAL = frozenset(
    {
        "AUTOTUNE",
        "CsvDataset",
        "bucket_by_sequence_length",
        "dense_to_sparse_batch",
        "enumerate_dataset",
        "group_by_window",
        "ignore_errors",
        "make_batched_features_dataset",
        "make_csv_dataset",
        "map_and_batch",
        "parallel_interleave",
        "sample_from_datasets",
        "shuffle_and_repeat",
        "unbatch",
        "unique",
    }
)


@functools.lru_cache(maxsize=8192)
def canonical(name: str) -> str:
    """One spelling for names that are the same object in TF 1.15: `tensorflow.compat.v1.X` -> `tensorflow.X` ..."""
    if ".python." in name:
        name = public_name(name)
    if name.startswith("tensorflow.compat.v1"):
        name = "tensorflow" + name[len("tensorflow.compat.v1") :]
    elif name.startswith("tensorflow.compat.v2"):
        name = "tensorflow" + name[len("tensorflow.compat.v2") :]
    if ".tpu." in name and name.startswith(TPU_HOMES):
        name = tpu_name(name)
    elif name.startswith("tensorflow_estimator"):
        tail = name.split(".")[-1]
        return f"tensorflow.estimator.{tail}" if tail[:1].isupper() or tail == "train_and_evaluate" else name
    elif name.startswith("tf_slim"):
        name = "tensorflow.contrib.slim" + name[len("tf_slim") :]
    if name.startswith("tensorflow.contrib.slim."):
        name = "tensorflow.contrib.layers." + name[len("tensorflow.contrib.slim.") :]
    if name.startswith("tensorflow.contrib.data.") and name.split(".")[3] in CONTRIB_DATA:
        return "tensorflow.data." + name[len("tensorflow.contrib.data.") :]
    if name.startswith("tensorflow.contrib.data.") and name.split(".")[3] in CONTRIB_DATA_EXPERIMENTAL:
        return "tensorflow.data.experimental." + name[len("tensorflow.contrib.data.") :]
    if name.startswith(LEARN_RUNNER):
        return "tensorflow.contrib.learn.learn_runner" + name[len(LEARN_RUNNER) :]
    for head in CONTRIB_KERAS:
        if name.startswith(f"{head}layers."):
            return "tensorflow.keras.layers." + name.split(".")[-1]
        if name.startswith((f"{head}datasets.", f"{head}preprocessing.")):
            return "tensorflow.keras." + name[len(head) :]
    for public in ("estimator", "layers", "contrib"):
        head = f"tensorflow.{public}.python."
        if name.startswith(head):
            return f"tensorflow.{public}.{name.split('.')[-1]}"
    return name


def tpu_name(name: str) -> str:
    """The name in tf.estimator.tpu or tf.tpu of a class that contrib.tpu and private modules have too."""
    parts = name.split(".")
    for at, part in enumerate(parts):
        if part in TPU_CLASSES:
            return ".".join(["tensorflow.estimator.tpu", *parts[at:]])
    return "tensorflow.tpu.CrossShardOptimizer" if parts[-1] == "CrossShardOptimizer" else name


def public_name(name: str) -> str:
    """The public name of one in a private module (`tensorflow.python.ops.array_ops.concat`), else the name itself."""
    parts = name.split(".")
    for end in range(len(parts) - 1, 2, -1):
        found = _private_modules().get(".".join(parts[:end]), {}).get(parts[end])
        if found is not None:
            return ".".join([found, *parts[end + 1 :]])
    return name


@functools.cache
def _private_modules() -> dict[str, dict[str, str]]:
    """Private module -> name -> public name; generated from TensorFlow 1.15, see tests/rules/derive_private.py."""
    found: dict[str, dict[str, str]] = {}
    for module, spaces in _table("private.json").items():
        names = found[module] = {}
        for space, tails in spaces.items():
            for entry in tails.split():
                private, _, tail = entry.partition("=")
                names[private] = f"{space}.{tail or private}"
    return found


@functools.cache
def surviving() -> dict[str, dict[str, object] | None]:
    """Names (without `tensorflow.`) that mean the same in today's TensorFlow.

    None: the same object. Otherwise how many leading positional arguments and which keywords agree. Generated by
    comparing the two namespaces at run time, see tests/rules.
    """
    return _table("surviving.json")


def _table(file: str) -> dict[str, Any]:
    """A generated table beside the rules, in the checkout or the installed package."""
    here = pathlib.Path(__file__).resolve().parent.parent
    for folder in (here.parent / "rules", here / "_rules"):
        if (folder / file).is_file():
            found: dict[str, Any] = json.loads((folder / file).read_text(encoding="utf-8"))
            return found
    return {}

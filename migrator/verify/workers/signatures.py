"""The signatures of a SavedModel, read from its file without loading it."""

from __future__ import annotations

import importlib
from typing import Any, Dict


def read_signatures(folder: str) -> Dict[str, Any]:
    """Signature name -> inputs and outputs, each key -> [dtype, rank]."""
    loader = importlib.import_module("tensorflow.python.saved_model.loader_impl")
    parse = getattr(loader, "parse_saved_model", None) or loader._parse_saved_model
    dtypes = importlib.import_module("tensorflow.python.framework.dtypes")
    found: Dict[str, Any] = {}
    for graph in parse(folder).meta_graphs:
        if "serve" not in graph.meta_info_def.tags:
            continue
        for name, signature in graph.signature_def.items():
            if not name.startswith("__"):
                found[name] = {"inputs": _keys(dtypes, signature.inputs), "outputs": _keys(dtypes, signature.outputs)}
    return found


def _keys(dtypes: Any, tensors: Any) -> Dict[str, Any]:
    return {
        key: [dtypes.as_dtype(info.dtype).name, None if info.tensor_shape.unknown_rank else len(info.tensor_shape.dim)]
        for key, info in tensors.items()
    }

"""The operations collected under UPDATE_OPS: what batch normalisation asks a train_op to wait for."""

from __future__ import annotations

from migrator.analysis.values import Const, Result, Value, options


def is_update_ops(value: Value) -> bool:
    """True for the UPDATE_OPS collection or an item of it."""
    for option in options(value):
        if isinstance(option, Result) and option.symbol in ("tensorflow.get_collection", "tensorflow.group"):
            key = option.bound.get("key")
            if option.symbol == "tensorflow.group":
                return all(is_update_ops(v) for v in option.bound.values())
            return isinstance(key, Const) and key.value == "update_ops"
    return False

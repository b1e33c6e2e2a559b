"""The learning phase of tf.keras: whether the layers train that are called without `training`.

Measured on TensorFlow 1.15.5 and 2.15.1: it belongs to the graph, so that what a model_fn sets holds for the layers
that it calls from there on; where nothing sets it, they do not train.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.analysis.values import Const, Value, truth

if TYPE_CHECKING:
    from migrator.analysis.evaluation import Evaluation
    from migrator.analysis.facts import Facts

SETTER = ".backend.set_learning_phase"


def is_setter(name: str) -> bool:
    """True for the canonical names of `tf.keras.backend.set_learning_phase`."""
    return name.startswith("tensorflow.") and name.endswith(SETTER) and ".keras." in name


def set_phase(ev: Evaluation, value: Value | None) -> None:
    """What the layers that are called from here on are told."""
    if not ev.supposing:
        known = isinstance(value, Const) and not ev.weak
        ev.phase = truth(value) if known and value is not None else None


def layer_called(ev: Evaluation) -> None:
    """Records the phase in which a layer is called."""
    if not ev.supposing:
        ev.facts.phases.setdefault(ev.mode, set()).add(ev.phase)


def follow_mode(facts: Facts) -> bool | None:
    """True where every layer that is not told otherwise trains in training alone, False where none does, else None."""
    found = {(mode == "train", phase) for mode, phases in facts.phases.items() for phase in phases}
    if all(phase is False for _, phase in found):
        return False
    return True if all(phase is training for training, phase in found) else None

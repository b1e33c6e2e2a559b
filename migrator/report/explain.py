"""What a finding's rule id means, for people: from the rulebook, and for the ids that a run itself gives."""

from __future__ import annotations

import functools

_OF_THE_RUN = {
    "dirty-file": "git could not give this version of the file back, so it is not overwritten.",
    "outside-paths": "Edits stay within the paths named on the command line; a group is changed whole or not at all.",
    "outside-root": "The file lies outside the project; only the project is changed.",
    "file-exists": "A file that the migration would create is there already.",
    "read-only": "A read-only file is never replaced.",
    "cannot-write": "The system refused to write the file.",
    "encoding": "The new code cannot be stored in the file's declared encoding.",
    "verification": "With --verify only groups that were shown to compute the same numbers are written.",
}

CHECKS = {
    "imports": "The migrated program starts, and uses nothing of the legacy API.",
    "builds": "The program makes its Keras model.",
    "weights": "Every legacy variable has its counterpart in the Keras model, and the other way round.",
    "initial weights": "New weights are drawn from the same distributions.",
    "inputs": "The first batches that both programs feed are the same.",
    "loss": "The training loss of the same weights and batches, at several steps.",
    "gradients": "What reaches the update rules, also from larger weights, where clipping acts.",
    "learning rate": "The rate that each update is given, over the whole schedule.",
    "training": "How each variable moves, step by step from the legacy weights.",
    "step counter": "Both count their steps alike.",
    "metrics": "What evaluation reports over all batches.",
    "forward": "What the model returns is a tensor of the legacy graph.",
    "predictions": "What prediction returns, key by key.",
    "export": "Names, keys and types of the exported signatures.",
    "length": "Both train and evaluate for as many steps.",
    "order": "Both shuffle their training data, or both do not.",
}
"""What each check of the verification compares."""


@functools.lru_cache(maxsize=1)
def _notes() -> dict[str, str]:
    from migrator import rulebook

    book = rulebook.load()
    found = (book.find(name) for name in book.names())
    return {rule.id: rule.note for rule in found if rule is not None}


def explain(rule: str) -> str:
    """The explanation of a rule id; empty when there is none beyond the finding's own message."""
    return _OF_THE_RUN.get(rule) or _notes().get(rule, "")

"""The target side of a proof without a program to run: the migrated model is built and fed the same made-up inputs."""

from __future__ import annotations

import importlib
import pickle
from typing import Any, Dict, List, Optional

from . import clues, data_order, loose_modules, made_params, randomness, shown_params, stand_ins, trees
from .synthetic_legacy import start

STEPS = 2


class NotBuilt(Exception):
    """The migrated model's builder cannot be called from here; the message says why."""


_ABOUT_THE_PROGRAM = ("inputs", "length", "order")  # checks on how a program uses its model: it was not run


def main(request: Dict[str, Any]) -> Dict[str, Any]:
    """Runs the job. The answer holds the rows of evidence of the one unit."""
    importlib.import_module("tensorflow")
    randomness.install()
    data_order.install()
    from . import diff, guard, guess, keras_capture, keras_spy, target_job, units

    guess.install()
    capture = keras_capture.Capture()
    keras_capture.install(capture)
    spy = keras_spy.install()
    root, hints = request["root"], request["hints"]
    guard.install(root)
    absent = stand_ins.install(root)
    loose = start(root, hints["target"]["path"])
    with open(request["data"], "rb") as stream:
        recorded = pickle.load(stream)
    ending = ""
    fitted = model = None
    try:
        model = build(root, hints, request["arguments"])
        fitted = use(model, recorded["inputs"])
    except NotBuilt as error:
        return {"unit": {"not_run": str(error), "notes": []}}
    except Exception as error:  # the boundary to the migrated program
        lost = [name for value in request["arguments"].values() for name in made_params.left_behind(value)]
        if model is None and any(name in str(error) for name in lost):
            return {"unit": {"not_run": "a parameter cannot be carried over: %s" % error, "notes": []}}
        ending = "%s: %s" % (type(error).__name__, clues.said(error)[:500])
    capture.active = False
    legacy = units.group(recorded["models"])[0]
    # Others may have been made and trained while the program's files were loaded.
    models = [capture.of(model)] if model is not None else []
    proved = units.prove_unit(legacy, request["creation"], models, spy, True, [])
    rows: List[Any] = [row for row in proved.get("rows", []) if row["check"] not in _ABOUT_THE_PROGRAM]
    if "train" in recorded["inputs"]:
        note = "trained for %s steps by its own fit" % fitted
        rows.append(diff.row("fit", 0.0, not ending and fitted == STEPS, note=ending or note))
    return {
        "ending": ending,
        "faults": loose.faults(),
        "stand_ins": sorted(absent.names),
        "legacy_uses": guard.attribute_uses(root),
        "versions": target_job._versions(),
        "unit": dict(proved, rows=rows),
    }


def build(root: str, hints: Dict[str, Any], arguments: Dict[str, Any]) -> Any:
    """The compiled model, from the function that the migration wrote for it."""
    builder = hints["builder"]
    if builder["outer"]:
        reference = builder.get("reference")
        if reference is None:
            raise NotBuilt("%s stands inside another definition" % builder["name"])
        function = shown_params.value_at(loose_modules.load(root, reference["path"]), reference)
        if function is None:
            raise NotBuilt("%s cannot be evaluated on its own" % reference["source"])
    else:
        function = getattr(loose_modules.load(root, builder["path"]), builder["name"])
    given = {name: made_params.rebuilt(arguments[name]) for name in builder["parameters"] if name in arguments}
    lacking = [name for name in builder["required"] if name not in given and name != "self"]
    if lacking and not builder["outer"]:
        raise NotBuilt("no value is known for the parameter %r of %s" % (lacking[0], builder["name"]))
    return function(**given)


def use(model: Any, inputs: Dict[str, Any]) -> Optional[int]:
    """Trains and evaluates for a moment, so that the checks find a model that was compiled and built.

    Gives the step counter after training; None where nothing was trained.
    """
    from . import keras_replay

    reached = None
    for mode in ("train", "eval", "infer"):
        if mode not in inputs:
            continue
        structure, batches = inputs[mode]
        elements = [_element(structure, batch) for batch in batches]
        if mode == "train":
            model.fit(_endless(elements), steps_per_epoch=STEPS, verbose=0)
            reached = max([int(one.iterations) for one in keras_replay.optimizers_of(model)] or [0])
        elif mode == "eval":
            model.evaluate(_endless(elements), steps=STEPS, verbose=0)
        else:
            model.predict_on_batch(_tensors(elements[0]))
    return reached


def _element(structure: Any, batch: Dict[str, Any]) -> Any:
    """(features, labels) of arrays, or the features alone where there are no labels."""
    names = dict(trees.flatten(structure))
    whole = trees.rebuild(structure, lambda path: batch[names[path]])
    return whole[0] if whole[1] is None else whole


def _endless(elements: List[Any]) -> Any:
    import tensorflow as tf

    leaves = dict(trees.flatten(elements[0]))
    specs = trees.rebuild(elements[0], lambda path: _spec(leaves[path]))
    return tf.data.Dataset.from_generator(lambda: iter(elements), output_signature=specs).repeat()


def _spec(array: Any) -> Any:
    import tensorflow as tf

    kind = tf.string if array.dtype.kind in "OSU" else tf.as_dtype(array.dtype)
    return tf.TensorSpec([None] + list(array.shape[1:]), kind)


def _tensors(tree: Any) -> Any:
    import tensorflow as tf

    leaves = dict(trees.flatten(tree))
    return trees.rebuild(tree, lambda path: tf.convert_to_tensor(leaves[path]))

"""Which legacy model belongs to which Keras model, and the proof of each such unit."""

from __future__ import annotations

import re
import traceback
from typing import Any, Callable, Dict, List, Optional

from . import diff, guess, keras_spy, proofs, training_proofs, transplant, usage_proofs
from .keras_capture import Model

MODES = ("train", "eval", "infer")


def prove_all(
    maps: List[Dict[str, Any]],
    legacy: List[Dict[str, Any]],
    models: List[Model],
    spy: keras_spy.Spy,
    ordered: bool,
    exported: List[Dict[str, Any]],
) -> List[Dict[str, Any]]:
    """One result per map; without maps one per legacy model that ran, in the order of use."""
    groups = group(legacy)
    found = []
    if not maps:
        for number, one in enumerate(groups):
            mine = models if len(groups) == 1 else models[number : number + 1]
            found.append(prove_unit(one, None, mine, spy, ordered, exported))
        return found
    for weight_map in reached(maps, models):
        matching = [one for one in groups if _belongs(one, weight_map["legacy"])]
        mine = [m for m in models if _is_a(m.model, weight_map["target"].get("name", ""))] or models
        if not matching:
            where = "%s:%s" % (weight_map["legacy"].get("path"), weight_map["legacy"].get("line"))
            why = "the legacy program makes no Estimator with the model_fn of %s" % where
            result: Dict[str, Any] = {"not_run": why}
        else:
            result = prove_unit(matching[0], weight_map["creation"], mine, spy, ordered, exported)
            if len(matching) > 1:
                result["notes"].append("%d Estimators use this model_fn; the first one was compared" % len(matching))
        found.append(dict(result, unit=weight_map.get("unit", "")))
    return found


def reached(maps: List[Dict[str, Any]], models: List[Model]) -> List[Dict[str, Any]]:
    """One map per unit: where a unit became several models, of which the program chooses one, that of the chosen."""
    units: Dict[str, List[Dict[str, Any]]] = {}
    for number, weight_map in enumerate(maps):
        units.setdefault(weight_map.get("unit") or str(number), []).append(weight_map)
    chosen = []
    for mine in units.values():
        made = [one for one in mine if any(_is_a(m.model, one["target"].get("name", "")) for m in models)]
        chosen.append((made or mine)[0])
    return chosen


def group(legacy: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Estimators with the same model_fn and parameters are one: programs often make one for each call.

    The model_fn of a canned one is the library's, whatever it is made with: of these, those that one line makes.
    """
    groups: Dict[Any, Dict[str, Any]] = {}
    for model in legacy:
        if not any(mode in model for mode in MODES) and not model.get("failures"):
            continue
        library = not model["model_fn"][0]
        key = (tuple(model["model_fn"]), model["params"], tuple(model["site"]) if library else ())
        empty: Dict[str, Any] = {"sites": [], "failures": {}, "signatures": [], "initial": {}}
        empty.update(training=[], evaluations=[], examples=[])
        one = groups.setdefault(key, empty)
        one.setdefault("model_fn", model["model_fn"])
        one["sites"].append(model["site"])
        one["signatures"] += model["signatures"]
        one["training"].append(model["training"])
        one["evaluations"].append(model["evaluations"])
        one["examples"] += model["examples"]
        one["initial"].update((n, v) for n, v in model.get("initial", {}).items() if n not in one["initial"])
        for mode in MODES:
            if mode in model:
                one.setdefault(mode, model[mode])
                one.setdefault("wanted " + mode, model["trainable"] + model["moving"])
        one["failures"].update(model.get("failures", {}))
    return list(groups.values())


def _belongs(one: Dict[str, Any], place: Dict[str, Any]) -> bool:
    path, line, name = one["model_fn"]
    if path == place.get("path") and (line == place.get("line") or name == place.get("name")):
        return True
    lines = place.get("lines") or [place.get("line")]
    return any(site[0] == place.get("path") and site[1] in lines for site in one["sites"])


def _is_a(model: Any, name: str) -> bool:
    return any(cls.__name__ == name for cls in type(model).__mro__)


def prove_unit(
    one: Dict[str, Any],
    creation: Optional[Any],
    models: List[Model],
    spy: keras_spy.Spy,
    ordered: bool,
    exported: List[Dict[str, Any]],
) -> Dict[str, Any]:
    """The rows of evidence of one unit, and notes for people."""
    rows: List[diff.Row] = []
    notes = ["legacy %s: %s" % (mode, why) for mode, why in sorted(one["failures"].items())]
    modes = [mode for mode in MODES if mode in one]
    if not modes:
        return {"not_run": "; ".join(notes) or "the legacy program never used this model", "rows": [], "notes": notes}
    built = [m for m in models if m.model.built and m.model.variables]
    if not built:
        whys = sorted({why for model in models for why in model.failures.values()})
        note = "; ".join(whys) or "no Keras model was trained or called"
        return {"rows": [diff.row("builds", 0.0, False, note=note)], "notes": notes}
    rows.append(diff.row("builds", 0.0, True, note=type(built[0].model).__name__))
    ties: Dict[int, transplant.Ties] = {}
    tied = True
    for mode in modes:
        known = proofs.of_mode(built, mode) or built[0]
        if id(known) not in ties:
            shapes = {
                name: one[m]["weights"][name].shape
                for m in modes
                for name in one["wanted " + m]
                if name in one[m]["weights"] and not unread(name, creation)
            }
            ties[id(known)] = tie(known.model, creation, shapes)
            checked = proofs.weights(known.model, ties[id(known)], list(shapes))
            rows += [checked, usage_proofs.initial(ties[id(known)], one["initial"], ordered)]
            tied = tied and checked["ok"] is not False
    if not tied:
        return {"rows": rows, "notes": notes}
    for mode in modes:
        known = proofs.of_mode(built, mode) or built[0]
        rows += _mode_rows(mode, one[mode], known, ties[id(known)], spy, ordered)
    if one["signatures"]:
        rows.append(proofs.signature(one["signatures"], exported))
    rows += usage_proofs.lengths(one, built)
    return {"rows": _merge(rows), "notes": notes, "guessed": creation is None}


def unread(name: str, creation: Optional[Any]) -> bool:
    """True for a legacy variable that the weight map says nothing reads, by a part of its name."""
    parts = name.split("/")
    left = [node["unread"] for node in creation or () if "unread" in node]
    return any(re.match(re.escape(word) + r"(_\d+)?$", part) for word in left for part in parts)


def tie(model: Any, creation: Optional[Any], shapes: Dict[str, Any]) -> transplant.Ties:
    if creation is None:
        return guess.tie_by_guess(model, shapes)
    return transplant.tie_by_map(model, creation, shapes)


def _mode_rows(
    name: str, legacy: Dict[str, Any], known: Model, ties: transplant.Ties, spy: Any, ordered: bool
) -> List[diff.Row]:
    checks: Dict[str, List[Callable[[proofs.Mode], Any]]] = {
        "train": [lambda mode: proofs.inputs(mode, ordered), lambda mode: training_proofs.prove(mode, spy)],
        "eval": [lambda mode: proofs.inputs(mode, ordered), proofs.metrics, proofs.forward],
        "infer": [
            lambda mode: proofs.inputs(mode, ordered),
            lambda mode: proofs.forward(mode, True),
            proofs.predictions,
        ],
    }
    title = {"train": "training", "eval": "metrics", "infer": "predictions"}[name]
    if name not in known.seen and name != "infer":
        verb = {"train": "fit", "eval": "evaluate"}[name]
        why = known.failures.get(name, "the migrated program never called %s" % verb)
        return [diff.row(title, 0.0, False, note=why)]
    rows: List[diff.Row] = []
    try:
        mode = proofs.Mode(legacy, known.model, known.seen.get(name), ties)
        for check in checks[name]:
            got = check(mode)
            rows += got if isinstance(got, list) else [got]
    except Exception as error:  # the boundary to the migrated program's model
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = "%s:%d" % (last.filename.rsplit("/", 1)[-1], last.lineno or 0)
        text = (str(error).strip().splitlines() or [""])[0][:300]
        rows.append(diff.row(title, 0.0, False, note="%s: %s (%s)" % (type(error).__name__, text, where)))
    return rows


def _merge(rows: List[diff.Row]) -> List[diff.Row]:
    """One row per check: of several (inputs of each mode, weights of each model) the one that says the worst."""
    found: Dict[str, diff.Row] = {}

    def badness(row: diff.Row) -> Any:
        return {False: 2, True: 1, None: 0}[row["ok"]], row["max_rel_diff"] or 0.0

    for row in rows:
        if row["check"] not in found or badness(row) > badness(found[row["check"]]):
            found[row["check"]] = row
    return list(found.values())

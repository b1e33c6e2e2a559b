"""Checks one rule entry against the format: known keys, what its kind needs, and every argument accounted for."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_args

from migrator.rulebook.binding import Parameters, parameters
from migrator.rulebook.errors import RuleError
from migrator.rulebook.model import ArgumentRule, Kind, Level, argument_from
from migrator.rulebook.templates import parse_template, placeholders

CONVERTERS = frozenset({"activation", "initializer", "regularizer", "one_minus", "dtype", "padding", "data_format"})
EFFECTS = frozenset({"random", "assign", "collection", "variable", "hook"})

_TEXT = frozenset(
    {"id", "kind", "level", "note", "reference", "signature", "target", "idiomatic", "short", "training", "name_arg"}
    | {"reuse_arg", "scope", "permute", "template", "elementwise", "weights_arg", "reduction_arg", "step"}
    | {"scheduled", "sparse", "choose_by", "then", "elements"}
)
_LISTS = frozenset({"legacy", "inputs", "update", "effects", "drop"})
_TABLES = frozenset({"aliases", "choose", "weights", "weighted", "unweighted", "refuse", "untested", "args"})
_NAMED = ("training", "name_arg", "reuse_arg", "weights_arg", "reduction_arg", "step", "choose_by", "then")
_KEYS = _TEXT | _LISTS | _TABLES | {"case", "unchanged"}
_DOTTED = re.compile(r"\w+(\.\w+)*(\.\*)?")
_ARGUMENT_KEYS = frozenset({"from", "as", "default", "omit", "or"})
_CASE_KEYS = frozenset({"inputs", "args", "twin", "tolerance", "contrib", "modern", "variant"})
_NEEDS: dict[str, tuple[str, ...]] = {
    "layer": ("signature", "target", "inputs"),
    "layer_class": ("signature", "target"),
    "op": ("signature",),
    "rename": ("target",),
    "initializer": ("signature", "target"),
    "regularizer": ("signature", "target"),
    "activation": ("signature", "target"),
    "loss": ("signature", "inputs"),
    "metric": ("signature", "target", "update"),
    "optimizer": ("signature", "target"),
    "schedule": ("signature", "target", "step"),
    "drop": ("note",),
    "refuse": ("note",),
}

Fail = Callable[[str], RuleError]


def check_family(file: str, document: Mapping[str, Any]) -> str:
    """The family title of a rule file. Raises RuleError for unknown top-level keys or a missing title."""
    unknown = set(document) - {"family", "rule", "rename"}
    if unknown:
        raise RuleError(file, None, f"unknown top-level key {_listed(unknown)}")
    family = document.get("family", {})
    if not isinstance(family.get("title"), str):
        raise RuleError(file, None, "[family] needs a title")
    unknown = set(family) - {"title", "unweighted", "weighted"}
    if unknown:
        raise RuleError(file, None, f"unknown key of [family] {_listed(unknown)}")
    return str(family["title"])


def check_entry(file: str, family: str, shared: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    """A checked copy of one `[[rule]]` with the family's shared tables filled in. Raises RuleError."""
    name = raw.get("id")

    def fail(problem: str) -> RuleError:
        return RuleError(file, name if isinstance(name, str) else None, problem)

    _check_shape(raw, fail)
    entry = {key: value for key, value in raw.items() if key != "case"}
    if entry["kind"] == "loss" and "elementwise" in entry:
        for table in ("unweighted", "weighted"):
            entry.setdefault(table, dict(shared.get(table, {})))
    if entry["kind"] in ("drop", "refuse"):
        entry.setdefault("level", "refuse" if entry["kind"] == "refuse" else "exact")
    if entry.get("signature") is not None:
        _check_arguments(entry, fail)
    entry["cases"] = [_check_case(case, entry, fail) for case in raw.get("case", [])]
    return {**entry, "family": family, "file": file}


def _check_shape(raw: Mapping[str, Any], fail: Fail) -> None:
    for key in ("id", "kind", "legacy"):
        if not raw.get(key):
            raise fail(f"{key} is missing")
    unknown = set(raw) - _KEYS
    if unknown:
        raise fail(f"unknown key {_listed(unknown)}")
    for keys, kind, word in ((_TEXT, str, "text"), (_LISTS, list, "a list"), (_TABLES, dict, "a table")):
        for key in sorted(keys):
            if key in raw and not isinstance(raw[key], kind):
                raise fail(f"{key} must be {word}")
    if raw["kind"] not in get_args(Kind):
        raise fail(f"unknown kind {raw['kind']!r}")
    if raw.get("level", "exact") not in get_args(Level):
        raise fail(f"unknown level {raw['level']!r}")
    missing = [key for key in _NEEDS[raw["kind"]] if not raw.get(key)]
    if missing:
        raise fail(f"kind {raw['kind']} needs {_listed(missing)}")
    forms = ("template", "target", "elementwise")
    if raw["kind"] in ("op", "loss") and not any(raw.get(form) for form in forms):
        raise fail(f"kind {raw['kind']} needs a target or a template")
    if not all(isinstance(n, str) and _DOTTED.fullmatch(n) for n in raw["legacy"]):
        raise fail("legacy must list dotted names")
    if raw["kind"] not in ("drop", "refuse") and any(n.endswith(".*") for n in raw["legacy"]):
        raise fail("only drop and refuse may name everything below a prefix")
    if not isinstance(raw.get("unchanged", False), bool):
        raise fail("unchanged must be true or false")
    unknown = set(raw.get("effects", [])) - EFFECTS
    if unknown:
        raise fail(f"unknown effect {_listed(unknown)}")


def _check_arguments(entry: Mapping[str, Any], fail: Fail) -> None:
    try:
        known = parameters(entry["signature"])
    except SyntaxError as error:
        raise fail(f"signature is not Python: {error.msg}") from error
    arguments = [_check_argument(name, source, fail) for name, source in entry.get("args", {}).items()]
    used = {source for a in arguments for source in (a.source, a.alternative) if source is not None}
    used.update(*(entry.get(key, ()) for key in ("inputs", "update", "drop", "refuse", "aliases")))
    used.update(entry.get("aliases", {}).values(), (entry[key] for key in _NAMED if key in entry))
    used.update(*(_template_names(text, fail) for text in _templates(entry)))
    used -= {"losses", "weights"} - set(known.names)
    if entry["kind"] == "layer_class":
        used.discard(entry.get("training", ""))
    unknown = used - set(known.names)
    if unknown:
        raise fail(f"not in the signature: {_listed(unknown)}")
    forgotten = [name for name in known.names if name not in used]
    if forgotten:
        raise fail(f"argument {_listed(forgotten)} of the signature is not accounted for")
    stray = set(entry.get("untested", {})) - {a.name for a in arguments} - set(known.names)
    if stray:
        raise fail(f"untested names no argument: {_listed(stray)}")


def _check_argument(name: str, source: Any, fail: Fail) -> ArgumentRule:
    if isinstance(source, dict):
        unknown = set(source) - _ARGUMENT_KEYS
        if unknown:
            raise fail(f"args.{name}: unknown key {_listed(unknown)}")
    elif not isinstance(source, str):
        raise fail(f"args.{name} must be text or a table")
    argument = argument_from(name, source)
    if argument.source is None and argument.default is None:
        raise fail(f"args.{name} needs from or default")
    if argument.converter is not None and argument.converter not in CONVERTERS:
        if placeholders(argument.converter) != {""}:
            raise fail(f"args.{name}: unknown converter {argument.converter!r}")
        _template_names(argument.converter, fail)
    for text in (argument.default, argument.omit):
        if text is not None:
            _template_names(text, fail)
    return argument


def _templates(entry: Mapping[str, Any]) -> list[str]:
    texts = [entry[key] for key in ("template", "elementwise") if key in entry]
    texts += [text for table in ("unweighted", "weighted") for text in entry.get(table, {}).values()]
    return texts


def _template_names(text: str, fail: Fail) -> frozenset[str]:
    try:
        parse_template(text)
    except SyntaxError as error:
        raise fail(f"not an expression: {text!r}") from error
    return placeholders(text)


def _check_case(case: Mapping[str, Any], entry: Mapping[str, Any], fail: Fail) -> dict[str, Any]:
    unknown = set(case) - _CASE_KEYS
    if unknown:
        raise fail(f"unknown key of a case {_listed(unknown)}")
    known: Parameters = parameters(entry.get("signature") or "")
    for table in ("args", "twin"):
        for name, value in case.get(table, {}).items():
            if name not in known.names and name != entry.get("training"):
                raise fail(f"case: {table}.{name} is not in the signature")
            try:
                ast.parse(value, mode="eval")
            except (SyntaxError, TypeError) as error:
                raise fail(f"case: {table}.{name} must be a Python expression in quotes") from error
    return dict(case)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))

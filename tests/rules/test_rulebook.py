"""The rule files keep their format, and the loader says where they do not."""

from __future__ import annotations

import ast
import json
import time
from pathlib import Path

import pytest

from migrator.emit.support import pieces
from migrator.rulebook import (
    Refusal,
    Rule,
    RuleError,
    bind,
    default_source,
    expand,
    load,
    placeholders,
    rules_directory,
    target_of,
)
from migrator.rulebook.index import compile_rules, load_from
from migrator.rulebook.reading import read_rules

RULES = read_rules()
PROVED = (
    "layer",
    "layer_class",
    "op",
    "activation",
    "initializer",
    "regularizer",
    "loss",
    "metric",
    "optimizer",
    "schedule",
)
FAMILY = '[family]\ntitle = "A family"\n'
DENSE = """
[[rule]]
id = "dense"
kind = "layer"
legacy = ["tensorflow.layers.dense"]
signature = "inputs, units, activation=None, name=None"
target = "keras.layers.Dense"
inputs = ["inputs"]
drop = ["activation"]
[rule.args]
units = "units"
name = "name"
"""


def call(source: str) -> ast.Call:
    node = ast.parse(source, mode="eval").body
    assert isinstance(node, ast.Call)
    return node


def rule(name: str) -> Rule:
    found = load().find(name)
    assert found is not None
    return found


def written(tmp_path: Path, text: str, name: str = "family.toml") -> Path:
    (tmp_path / name).write_text(text)
    return tmp_path


# ------------------------------------------------------------------------------------------------ what files must hold


@pytest.mark.parametrize("entry", [r for r in RULES if r.kind in PROVED], ids=lambda r: r.id)
def test_a_rule_has_a_case_and_every_argument_a_negative_twin(entry: Rule) -> None:
    assert entry.cases, "no rule without a proof"
    twins = {name for case in entry.cases for name in case.twin}
    for argument in entry.args:
        proved = argument.source in twins or argument.name in entry.untested
        assert proved, f"`{argument.name}` has neither a twin nor a reason in `untested`"


def test_support_targets_exist() -> None:
    used = {name for entry in RULES for name in entry.support}
    assert used <= set(pieces())


def test_a_refusal_says_why() -> None:
    assert all(entry.note for entry in RULES if entry.kind in ("refuse", "drop"))
    assert all(reason for entry in RULES for reason in entry.refuse.values())


# ------------------------------------------------------------------------------------------------ what the loader says


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[family", "family.toml: cannot be read"),
        (DENSE, r"family.toml: \[family\] needs a title"),
        (FAMILY + "[other]\n", "unknown top-level key other"),
        (FAMILY + DENSE.replace('id = "dense"', ""), "family.toml: id is missing"),
        (FAMILY + DENSE.replace('kind = "layer"', 'kind = "lair"'), "rule 'dense': unknown kind 'lair'"),
        (FAMILY + DENSE.replace("target", "tarket"), "rule 'dense': unknown key tarket"),
        (FAMILY + DENSE.replace('["inputs"]', '"inputs"'), "rule 'dense': inputs must be a list"),
        (FAMILY + DENSE.replace('inputs = ["inputs"]', ""), "rule 'dense': kind layer needs inputs"),
        (FAMILY + DENSE.replace("activation=None", "activation="), "rule 'dense': signature is not Python"),
        (
            FAMILY + DENSE.replace('drop = ["activation"]', ""),
            "argument activation of the signature is not accounted for",
        ),
        (FAMILY + DENSE.replace('units = "units"', 'units = "unit"'), "rule 'dense': not in the signature: unit"),
        (FAMILY + DENSE.replace('"units"', '{ from = "units", as = "double" }'), "unknown converter 'double'"),
        (FAMILY + DENSE.replace('"units"', '{ form = "units" }'), "args.units: unknown key form"),
        (FAMILY + DENSE + "[[rule.case]]\nshape = [1]\n", "unknown key of a case shape"),
        (FAMILY + DENSE + '[[rule.case]]\ntwin = { unit = "3" }\n', "case: twin.unit is not in the signature"),
        (FAMILY + DENSE + "[[rule.case]]\nargs = { units = 3 }\n", "args.units must be a Python expression in quotes"),
        (FAMILY + DENSE + DENSE, "id 'dense' already belongs to family.toml: dense"),
        (
            FAMILY + DENSE + DENSE.replace('id = "dense"', 'id = "again"'),
            "'tensorflow.layers.dense' already belongs to",
        ),
        (FAMILY + '[rename]\n"tf.a" = ["tensorflow.b"]\n"tf.c" = ["tensorflow.b"]\n', "'tensorflow.b' already belongs"),
        (FAMILY + DENSE.replace("layers.dense", "layers.*"), "only drop and refuse may name everything below a prefix"),
    ],
)
def test_a_broken_file_is_refused_with_file_and_rule(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(RuleError, match=message):
        read_rules(written(tmp_path, text))


def test_legacy_names_are_unique_across_files(tmp_path: Path) -> None:
    written(tmp_path, FAMILY + DENSE, "one.toml")
    written(tmp_path, FAMILY + DENSE.replace('id = "dense"', 'id = "other"'), "two.toml")
    with pytest.raises(RuleError, match=r"two.toml: rule 'other': legacy name .* already belongs to one.toml: dense"):
        read_rules(tmp_path)


# ------------------------------------------------------------------------------------------------ finding


def test_a_rule_is_found_by_its_canonical_name() -> None:
    assert rule("tensorflow.layers.dense").target == "keras.layers.Dense"
    assert rule("tensorflow.log").target == "tf.math.log"
    assert rule("tensorflow.random_normal").effects == ("random",)
    assert load().find("tensorflow.layers.denser") is None


def test_an_unchanged_name_is_proved_but_not_found() -> None:
    assert any(entry.unchanged and "tensorflow.reduce_mean" in entry.legacy for entry in RULES)
    assert load().find("tensorflow.reduce_mean") is None


def test_a_prefix_rule_answers_for_everything_below_it() -> None:
    assert rule("tensorflow.contrib.crf.crf_log_likelihood").kind == "refuse"
    assert load().find("tensorflow.contrib.crf_other") is None
    assert load().knows_below("tensorflow.layers") and not load().knows_below("tensorflow.lairs")


def test_the_compiled_form_equals_the_files(tmp_path: Path) -> None:
    first, again = (load_from(rules_directory(), tmp_path) for _ in range(2))
    assert set(first.names()) == set(again.names())
    cached = next(tmp_path.glob("rules-*.json"))
    assert json.loads(cached.read_text())["owners"] == compile_rules(rules_directory())["owners"]


def test_a_damaged_or_outdated_cache_is_made_anew(tmp_path: Path) -> None:
    load_from(rules_directory(), tmp_path)
    cached = next(tmp_path.glob("rules-*.json"))
    cached.write_text("{")
    assert load_from(rules_directory(), tmp_path).find("tensorflow.layers.dense") is not None
    assert json.loads(cached.read_text())["key"]


def test_the_compiled_form_is_much_faster_than_the_files(tmp_path: Path) -> None:
    def seconds(cache: Path | None) -> float:
        start = time.perf_counter()
        load_from(rules_directory(), cache)
        return time.perf_counter() - start

    load_from(rules_directory(), tmp_path)
    assert min(seconds(tmp_path) for _ in range(5)) * 5 < min(seconds(None) for _ in range(2))


# ------------------------------------------------------------------------------------------------ binding


def bound(name: str, source: str) -> dict[str, str] | str:
    found = bind(rule(name), call(source))
    return found.reason if isinstance(found, Refusal) else {key: ast.unparse(value) for key, value in found.items()}


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        (
            "layers.dense",
            "f(x, 10, tf.nn.relu, name='a')",
            {"inputs": "x", "units": "10", "activation": "tf.nn.relu", "name": "'a'"},
        ),
        (
            "math.count_nonzero",
            "f(x, reduction_indices=1, keep_dims=True)",
            {"input_tensor": "x", "axis": "1", "keepdims": "True"},
        ),
        ("math.count_nonzero", "f(x, axis=1, reduction_indices=None)", {"input_tensor": "x", "axis": "1"}),
        (
            "layers.dense",
            "f(x, 10, kernel_constraint=None)",
            {"inputs": "x", "units": "10", "kernel_constraint": "None"},
        ),
    ],
)
def test_arguments_are_bound_by_legacy_name(name: str, source: str, expected: dict[str, str]) -> None:
    assert bound(f"tensorflow.{name}", source) == expected


@pytest.mark.parametrize(
    ("name", "source", "reason"),
    [
        ("layers.dense", "f(*args)", "arguments passed with * cannot be told apart"),
        ("layers.dense", "f(x, **kwargs)", "arguments passed with ** cannot be told apart"),
        ("layers.dense", "f(x, 10, colour=1)", "argument `colour` is not one of the legacy symbol's"),
        ("layers.dense", "f(x, 10, units=3)", "argument `units` is given twice"),
        ("math.count_nonzero", "f(x, axis=1, reduction_indices=1)", "argument `reduction_indices` is given twice"),
        ("layers.dense", "f(x)", "required argument `units` is missing"),
        ("layers.dense", "f(x, 10, kernel_constraint=c)", "argument `kernel_constraint`: constraints are not measured"),
        ("layers.flatten", "f(1, 2, 3, 4)", "4 positional arguments, the legacy symbol takes 3"),
    ],
)
def test_a_call_that_cannot_be_bound_is_refused(name: str, source: str, reason: str) -> None:
    assert bound(f"tensorflow.{name}", source) == reason


@pytest.mark.parametrize(
    ("name", "source", "reason", "handled"),
    [
        ("contrib.layers.batch_norm", "f(x, activation_fn=tf.nn.relu)", "argument `activation_fn`: a function", "then"),
        ("layers.batch_normalization", "f(x, fused=False)", "argument `fused`: this value is not covered", "choose"),
        ("nn.dropout", "f(x, rate=0.5)", "argument `rate` is not covered", "or"),
    ],
)
def test_what_the_caller_does_not_handle_is_refused(name: str, source: str, reason: str, handled: str) -> None:
    found = bound(f"tensorflow.{name}", source)
    assert isinstance(found, str) and found.startswith(reason)
    assert not isinstance(bind(rule(f"tensorflow.{name}"), call(source), handles=(handled,)), Refusal)


def test_a_literal_chooses_the_target() -> None:
    xavier = rule("tensorflow.contrib.layers.xavier_initializer")
    assert target_of(xavier, {}) == "keras.initializers.GlorotUniform"
    assert target_of(xavier, {"uniform": ast.Constant(False)}) == "keras.initializers.GlorotNormal"
    assert isinstance(target_of(xavier, {"uniform": ast.Name("flag")}), Refusal)


def test_defaults_are_the_legacy_ones() -> None:
    assert default_source(rule("tensorflow.layers.dropout"), "training") == "False"
    assert default_source(rule("tensorflow.layers.dense"), "units") is None


# ------------------------------------------------------------------------------------------------ templates


@pytest.mark.parametrize(
    ("template", "values", "expected"),
    [
        ("{x} * {y}", {"x": "a + b", "y": "c"}, "(a + b) * c"),
        ("1 - {}", {"": "0.9"}, "0.1"),
        ("1 - {}", {"": "a - b"}, "1 - (a - b)"),
        ("0.5 * {}", {"": "0.01"}, "0.005"),
        ("'u' if {} else 'n'", {"": "False"}, "'n'"),
        ("'u' if {} else 'n'", {"": "flag"}, "'u' if flag else 'n'"),
        ("{} is not None", {"": "None"}, "False"),
        ("{} is not None", {"": "tf.zeros_initializer()"}, "True"),
        ("{} is not None", {"": "start"}, "start is not None"),
        ("{}.lower()", {"": "'SAME'"}, "'same'"),
        ("{}.lower()", {"": "padding"}, "padding.lower()"),
    ],
)
def test_templates_keep_precedence_and_fold_literals(template: str, values: dict[str, str], expected: str) -> None:
    nodes = {name: ast.parse(text, mode="eval").body for name, text in values.items()}
    assert ast.unparse(expand(template, nodes)) == expected


def test_placeholders_are_listed() -> None:
    assert placeholders("f({a}, {b}, {a})") == {"a", "b"}
    assert placeholders("1 - {}") == {""}

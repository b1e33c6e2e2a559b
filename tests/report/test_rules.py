"""The rules for people: `migrate rules`, and the generated pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from migrator.report.rule_pages import pages, write_pages
from migrator.report.rules import explain_rule, list_rules, similar
from migrator.rulebook.model import ArgumentRule, Case, Rule
from migrator.rulebook.reading import read_rules

DOCS = Path(__file__).resolve().parents[2] / "docs" / "rules"


def test_every_rule_is_listed_once() -> None:
    ids = re.findall(r"^  (\S+)", list_rules(), re.M)
    assert len(ids) == len(set(ids)) > 500


def test_a_rule_is_explained_by_its_id_and_by_any_spelling_of_its_legacy_name() -> None:
    told = explain_rule("layers-dense")
    assert told is not None
    assert "keras.layers.Dense" in told
    assert "kernel_constraint: constraints are not measured" in told
    for name in ("tensorflow.layers.dense", "tf.layers.dense", "tf.compat.v1.layers.dense"):
        assert explain_rule(name) == told


def test_the_rules_of_a_run_are_explained_too() -> None:
    assert "git could not give" in str(explain_rule("dirty-file"))


def test_an_unknown_rule_is_met_with_similar_ones() -> None:
    assert explain_rule("layers-dens") is None
    assert "layers-dense" in similar("layers-dens")


@pytest.fixture(scope="module")
def current() -> dict[str, str]:
    return pages(read_rules())


def test_the_published_pages_are_current(current: dict[str, str]) -> None:
    published = {path.name: path.read_text(encoding="utf-8") for path in DOCS.glob("*.md")}
    stale = sorted(name for name in current.keys() | published.keys() if current.get(name) != published.get(name))
    assert not stale, f"run `make docs`: {', '.join(stale)}"


def test_every_link_leads_to_a_page_or_a_heading(current: dict[str, str]) -> None:
    for name, text in current.items():
        headings = set(re.findall(r"^## (.+)$", text, re.M))
        for page, anchor in re.findall(r"\]\(([\w-]+\.md)?(?:#([\w-]+))?\)", text):
            assert (page in current) if page else (anchor in headings), f"{name}: {page}#{anchor}"


def test_tables_are_tables(current: dict[str, str]) -> None:
    for name, text in current.items():
        for block in re.findall(r"(?:^\|.*\n)+", text, re.M):
            assert len({len(re.findall(r"(?<!\\)\|", row)) for row in block.splitlines()}) == 1, f"{name}: {block}"


def test_a_page_says_all_that_a_rule_says() -> None:
    rule = Rule(
        "layers-x", "layer", ("tensorflow.layers.x",), "tf.layers", "the_layers.toml", "support", "It's * <b>.", "https://x",
        target="support.X", idiomatic="keras.layers.X",
        args=(ArgumentRule("rate", "keep", "one_minus", "0.5"), ArgumentRule("axis", None, None, "-1")),
        drop=("gone",), refuse={"bad": "not measured"}, cases=(Case({}, {}, {"rate": "1"}),),
    )  # fmt: skip
    text = pages([rule])["the-layers.md"]
    for part in (
        "| `tf.layers.x` | `support.X` | support | [layers-x](#layers-x) |",
        "It's \\* \\<b>.",
        "| `rate` | `keep`, through `one_minus`, `0.5` when omitted |",
        "| `axis` | always `-1` |",
        "Without effect on numbers, dropped: `gone`.",
        "- `bad`: not measured",
        "With `--semantics idiomatic`: `keras.layers.X`.",
        "Proof: 1 case run on both sides, 1 changed arguments that must differ.",
        "Reference: https://x",
    ):
        assert part in text, part


def test_pages_of_families_that_are_gone_go(tmp_path: Path) -> None:
    (tmp_path / "old.md").write_text("")
    write_pages(tmp_path, {"new.md": "text"})
    assert [path.name for path in tmp_path.iterdir()] == ["new.md"]

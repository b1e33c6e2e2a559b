"""The weight map: creation trees expanded on live objects, with TF1's names."""

from __future__ import annotations

from typing import Any

import pytest

from migrator.weightmap import MapError, ModelMap, Pair, expand


class Tree:
    """A live object made of dicts and lists; "name" entries are the layers' own names."""

    def __init__(self, tree: dict[str, Any]) -> None:
        self.tree = tree

    def get(self, path: str) -> Any:
        found: Any = self.tree
        for step in path.split("."):
            if isinstance(found, list):
                found = found[int(step)]
            else:
                found = found.get(step) if isinstance(found, dict) else None
        return found

    def length(self, path: str) -> int | None:
        found = self.get(path)
        return len(found) if isinstance(found, list) else None

    def exists(self, path: str) -> bool:
        return self.get(path) is not None

    def name(self, path: str) -> str:
        return str(self.get(f"{path}.name"))

    def kind(self, path: str) -> str:
        return str(self.get(f"{path}.kind"))

    def uncalled(self, path: str) -> bool:
        return self.get(f"{path}.built") is False


def layer(attr: str, scope: str | None = "dense", default: bool = True, **more: Any) -> dict[str, Any]:
    return {"attr": attr, "scope": scope, "default": default, "weights": {"kernel": "kernel"}, **more}


def names(creation: list[Any], tree: dict[str, Any]) -> list[str]:
    return [pair.legacy for pair in expand(creation, Tree(tree))]


LAYER: dict[str, Any] = {"kernel": 1}


def test_default_names_are_numbered_in_creation_order() -> None:
    creation = [layer("a"), layer("b"), layer("c", "conv2d")]
    tree = {"a": LAYER, "b": LAYER, "c": LAYER}
    assert names(creation, tree) == ["dense/kernel", "dense_1/kernel", "conv2d/kernel"]


def test_a_scope_in_stars_follows_no_variable_scope_and_takes_no_number() -> None:
    inside = [layer("a", "*dense*"), layer("b"), layer("c", "*top*", default=False)]
    creation = [{"with": "enc", "default": False, "creation": inside}, layer("d", "*dense*")]
    tree = dict.fromkeys("abcd", LAYER)
    assert names(creation, tree) == ["*dense*/kernel", "enc/dense/kernel", "*top*/kernel", "*dense*/kernel"]


def test_a_given_name_occupies_only_itself() -> None:
    creation = [layer("a", "dense", default=False), layer("b"), layer("c", "dense_2", default=False), layer("d")]
    tree = dict.fromkeys("abcd", LAYER)
    assert names(creation, tree) == ["dense/kernel", "dense_1/kernel", "dense_2/kernel", "dense_3/kernel"]


def test_a_scope_counts_anew_each_time_it_is_entered() -> None:
    inside = {"with": "enc", "default": False, "creation": [layer("a")]}
    again = {"with": "enc", "default": False, "creation": [layer("b")]}
    assert names([inside, again], {"a": LAYER, "b": LAYER}) == ["enc/dense/kernel", "enc/dense/kernel"]


def test_default_scopes_are_numbered_too() -> None:
    blocks = [{"with": "blk", "default": True, "creation": [layer(attr)]} for attr in "ab"]
    assert names(blocks, {"a": LAYER, "b": LAYER}) == ["blk/dense/kernel", "blk_1/dense/kernel"]


def test_loops_interleave_and_number_by_trip() -> None:
    creation = [{"loop": [layer("fc", "fc{i}", default=False), layer("skip")]}]
    tree = {"fc": [LAYER, LAYER], "skip": [LAYER, LAYER]}
    pairs = expand(creation, Tree(tree))
    assert [(p.legacy, p.path) for p in pairs] == [
        ("fc0/kernel", "fc.0.kernel"),
        ("dense/kernel", "skip.0.kernel"),
        ("fc1/kernel", "fc.1.kernel"),
        ("dense_1/kernel", "skip.1.kernel"),
    ]


def test_nested_loops_index_lists_of_lists() -> None:
    creation = [{"loop": [{"loop": [layer("fc")]}]}]
    pairs = expand(creation, Tree({"fc": [[LAYER, LAYER], [LAYER]]}))
    assert [p.path for p in pairs] == ["fc.0.0.kernel", "fc.0.1.kernel", "fc.1.0.kernel"]
    assert [p.legacy for p in pairs] == ["dense/kernel", "dense_1/kernel", "dense_2/kernel"]


def test_owning_objects_have_attributes_of_their_own() -> None:
    unit = {"attr": "units", "scope": None, "class": "Unit", "creation": [layer("dense", "fc{i}", default=False)]}
    tree = {"units": [{"dense": LAYER}, {"dense": LAYER}]}
    pairs = expand([{"loop": [unit]}], Tree(tree))
    assert [(p.legacy, p.path) for p in pairs] == [
        ("fc0/kernel", "units.0.dense.kernel"),
        ("fc1/kernel", "units.1.dense.kernel"),
    ]


def test_raw_variables_stand_under_the_scope() -> None:
    creation = [{"with": "embedding", "default": False, "creation": [{"attr": "table", "variable": "table"}]}]
    assert expand(creation, Tree({"table": 1})) == [Pair("embedding/table", "table")]


def test_an_unknown_scope_is_the_name_of_the_layer() -> None:
    assert names([layer("a", None, default=False)], {"a": {"kernel": 1, "name": "stem"}}) == ["stem/kernel"]


def test_unknown_names_become_wildcards() -> None:
    creation = [{"with": None, "creation": [{"attr": "table", "variable": None}]}]
    assert names(creation, {"table": 1}) == ["*/*"]


def test_what_was_not_created_is_skipped() -> None:
    creation = [{"optional": [layer("a")]}, {"optional": [layer("b")]}, layer("c")]
    assert names(creation, {"a": None, "b": LAYER, "c": LAYER}) == ["dense/kernel", "dense_1/kernel"]


def test_an_absent_bias_is_no_pair() -> None:
    node = {"attr": "a", "scope": "dense", "default": True, "weights": {"kernel": "kernel", "bias": "bias"}}
    assert names([node], {"a": {"kernel": 1, "bias": None}}) == ["dense/kernel"]


def test_a_list_of_variables_is_as_long_as_the_layer_made_it() -> None:
    node = {"attr": "net", "scope": "input_layer", "default": True, "weights": {"*/table": "tables.*"}}
    tree = {"net": {"tables": [{"name": "town"}, {"name": "word"}]}, "more": {"tables": []}}
    assert [(p.legacy, p.path) for p in expand([node, {**node, "attr": "more"}], Tree(tree))] == [
        ("input_layer/town/table", "net.tables.0"),
        ("input_layer/word/table", "net.tables.1"),
    ]


def test_shared_objects_create_nothing() -> None:
    assert names([layer("a"), {"shared": "a"}, layer("b")], {"a": LAYER, "b": LAYER}) == [
        "dense/kernel",
        "dense_1/kernel",
    ]


def test_a_recurrent_cell_is_one_pair() -> None:
    node = layer("rnn", "rnn/lstm_cell", default=False, permute="lstm", forget_bias=1.0)
    assert expand([node], Tree({"rnn": {"cell": {}}})) == [Pair("rnn/lstm_cell", "rnn.cell", "lstm", 1.0)]


def test_lists_of_one_loop_that_differ_in_length_are_refused() -> None:
    with pytest.raises(MapError, match="differ in length"):
        names([{"loop": [layer("a"), layer("b")]}], {"a": [LAYER], "b": [LAYER, LAYER]})


def test_a_loop_attribute_that_is_no_list_is_refused() -> None:
    with pytest.raises(MapError, match="not a list"):
        names([{"loop": [layer("a")]}], {"a": LAYER})


def test_a_map_survives_json() -> None:
    data = {"unit": "u", "legacy": {"path": "a.py"}, "target": {"name": "Model"}, "creation": [layer("a")]}
    assert ModelMap.from_data(data).data() == data


def test_an_object_of_one_of_several_classes_creates_what_its_own_class_does() -> None:
    node = {"attr": "network", "scope": None, "class": "Plain", "creation": [layer("dense")]}
    node["otherwise"] = [{"class": "Deep", "creation": [layer("dense"), layer("more")]}]
    tree = {"kernel": "k"}
    assert names([node], {"network": {"kind": "Plain", "dense": tree, "more": tree}}) == ["dense/kernel"]
    deep = {"network": {"kind": "Deep", "dense": tree, "more": tree}}
    assert names([node], deep) == ["dense/kernel", "dense_1/kernel"]

"""Faults of the core that a fact shows and that are not mended yet: each is a strict expected failure."""

from __future__ import annotations

import pytest

OPEN = {
    "test_the_core_says_the_facts[layer_object]": "the second call of a layer object is taken for a new layer",
    "test_the_file_is_migrated_rightly_or_refused_as_said[augmented_list]": "a list that grows by += is not followed",
    "test_the_file_is_migrated_rightly_or_refused_as_said[auto_reuse_forgets]": "AUTO_REUSE counts by activation",
    "test_the_file_is_migrated_rightly_or_refused_as_said[layer_object]": "a layer object called twice is mapped twice",
    "test_the_file_is_migrated_rightly_or_refused_as_said[loop_else]": "the else of a loop is built in the wrong place",
    "test_the_file_is_migrated_rightly_or_refused_as_said[none_test]": "a test for None differs between calls",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.name in OPEN:
            item.add_marker(pytest.mark.xfail(reason=OPEN[item.name], strict=True))

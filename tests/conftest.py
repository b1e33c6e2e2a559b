"""Programs that tests run in a TensorFlow runtime share the processes that imported it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from migrator.verify.hosts import shared_workers


@pytest.fixture(scope="session", autouse=True)
def _shared_workers() -> Iterator[None]:
    """The processes start when a test first needs them."""
    with shared_workers():
        yield

"""For all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """Commands called in this process leave no variable of theirs to the next test."""
    before = dict(os.environ)
    yield
    if os.environ != before:
        for added in os.environ.keys() - before.keys():
            del os.environ[added]
        os.environ.update(before)

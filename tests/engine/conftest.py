"""Prepared runs for engines, small enough that a test is over in a moment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tuilab.runs import Run, create
from tuilab.scenario.load import load

BOWL = """
kind = "descent"
title = "Bowl"
question = "How fast?"
steps = 40
surface = { name = "quadratic", condition_number = 10, rotation = 30 }
[arms.sgd]
start = [2, 1]
optimizer = { name = "sgd", lr = 0.1 }
[arms.adam]
start = [2, 1]
optimizer = { name = "adam", lr = 0.1 }
"""

Prepare = Callable[..., Run]


@pytest.fixture
def prepare(tmp_path: Path) -> Prepare:
    """Makes a run folder ready for an engine: `prepare("steps=9", pace=20)`."""
    file = tmp_path / "bowl.toml"
    file.write_text(BOWL)

    def make(*overrides: str, name: str | None = None, **options: Any) -> Run:
        scenario = load(file, overrides).model_dump(mode="json")
        return create(tmp_path / "runs", "bowl", scenario, {"device": "cpu", "threads": 1} | options, name)

    return make

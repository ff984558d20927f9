"""A race of two arms, recorded with the real writer."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tuilab.recording import Writer
from tuilab.runs import Run

ARMS = ["slow", "fast"]
PANELS = [
    {"type": "curves", "title": "loss", "series": ["*/loss"]},
    {"type": "curves", "title": "distance", "series": ["*/distance"], "scale": "log"},
    {"type": "values", "title": "where each arm stands", "series": ["*/loss", "*/distance"]},
]
EXPECT = [
    {"arm": "fast", "metric": "loss", "below": "slow"},
    {"arm": "slow", "metric": "loss", "between": [5, 6]},
]


def header(steps: int | None, panels: list[dict[str, Any]] = PANELS) -> dict[str, Any]:
    scenario = {"title": "Two arms race", "kind": "descent", "pace": 20.0, "expect": EXPECT}
    return {"scenario": scenario, "panels": panels, "arms": ARMS, "steps": steps}


def asked(run: Run) -> list[dict[str, Any]]:
    """What the engine was asked for."""
    lines = (run.path / "control").read_text().split("\n")
    return [{key: value for key, value in json.loads(line).items() if key != "id"} for line in lines if line]


class Recorder:
    """Records two arms whose loss falls; what the engine would do."""

    def __init__(self, path: Path, steps: int | None = None, panels: list[dict[str, Any]] = PANELS) -> None:
        self.writer = Writer.create(path, header(steps, panels), flush_every=0)
        self.table = self.writer.table([f"{arm}/{metric}" for arm in ARMS for metric in ("loss", "distance")])
        self.step = -1
        self.writer.event(0, "started")

    def record(self, steps: int, value: float | None = None) -> None:
        for _ in range(steps):
            self.step += 1
            falls = [math.exp(-self.step / 50), math.exp(-self.step / 10)]
            self.table.append(self.step, [value or fall for fall in falls for _ in range(2)])
        self.writer.flush()

    def finish(self, how: str = "finished") -> None:
        self.writer.event(self.step, how)
        self.writer.close()


async def until(condition: Callable[[], object], what: str, seconds: float = 15.0) -> None:
    """Wait for a condition, and say what was waited for when it never comes."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, f"waited {seconds:g} s for {what}"
        await asyncio.sleep(0.02)

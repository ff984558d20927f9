"""A run at a glance, kept beside its recording so that a list of a thousand runs opens none."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tuilab.runs.files import read_json, replace
from tuilab.runs.state import State

NAME = "summary.json"
_MOST = 65_536
"""Bytes of a summary."""
_LONGEST = 500
"""Characters of a text in it."""


@dataclass(frozen=True)
class Summary:
    """What the engine last said of its run, or the run's files where no engine has said anything yet."""

    state: State = State.STARTING
    was: State | None = None
    """While an engine starts: how the one before left the run."""
    source: str = ""
    title: str = ""
    question: str = ""
    created: float = 0.0
    """Seconds since 1970; for display only."""
    step: int = 0
    steps: int | None = None
    figures: dict[str, dict[str, float]] = field(default_factory=dict)
    """Arm → metric → the last value."""
    device: str = ""
    host: str = ""
    pid: int = 0
    """The engine's process; 0 until it has begun."""
    problem: str = ""
    """What went wrong, of a run that failed, died or can't be read."""

    def write(self, folder: Path) -> None:
        """Put it in the run's folder, in one piece.

        Raises:
            OSError: it can't be written; the one before is as it was.
        """
        replace(folder / NAME, json.dumps(dataclasses.asdict(self)).encode())

    @classmethod
    def read(cls, folder: Path) -> Summary | None:
        """The summary in a run's folder, None where there is none that is sound."""
        try:
            found = read_json(folder / NAME, _MOST)
            state, was = State(found["state"]), found.get("was")
            return cls(
                state=state,
                was=None if was is None else State(was),
                source=text(found.get("source")),
                title=text(found.get("title")),
                question=text(found.get("question")),
                created=number(found.get("created")),
                step=_count(found.get("step")) or 0,
                steps=_count(found.get("steps")),
                figures=_figures(found.get("figures")),
                device=text(found.get("device")),
                host=text(found.get("host")),
                pid=_count(found.get("pid")) or 0,
                problem=text(found.get("problem")),
            )
        except (OSError, ValueError, KeyError):
            return None


def text(value: Any) -> str:
    """A text of bounded length; "" for what is none."""
    return value[:_LONGEST] if isinstance(value, str) else ""


def number(value: Any) -> float:
    """A finite number; 0 for what is none."""
    good = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e18
    return float(value) if good and math.isfinite(value) else 0.0


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**62 else None


def _figures(found: Any) -> dict[str, dict[str, float]]:
    if not isinstance(found, dict):
        return {}
    return {
        arm: {metric: float(value) for metric, value in of_arm.items() if isinstance(value, float)}
        for arm, of_arm in found.items()
        if isinstance(of_arm, dict)
    }

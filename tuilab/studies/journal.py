"""What a sweep has asked and been told: JSON objects, a line each, only ever added to."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tuilab.runs.files import PRIVATE
from tuilab.studies.space import Point

NAME = "journal.jsonl"
_MOST = 10**9
"""Trials are numbered below this."""


@dataclass(frozen=True)
class Trial:
    """One run of a sweep.

    Attributes:
        number: From 0 on, in the order in which they are asked.
        point: Its parameters.
        seed: Its seed.
        told: Whether it is over.
        value: What it came to; None where it never had the metric, or where that is not finite.
        state: How it ended, as a run's state; "" while it has not.
        step: Its last step.
        early: Whether it was stopped because others were better at the same step.
        place: How many were over before it was; -1 while it is not.
    """

    number: int
    point: Point = field(hash=False)
    seed: int
    told: bool = False
    value: float | None = None
    state: str = ""
    step: int = -1
    early: bool = False
    place: int = -1


class Journal:
    """The journal of a sweep. One process adds to it at a time; anybody may read it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME

    def read(self) -> list[Trial]:
        """The trials in order; half a line, which a killed process leaves behind, is none."""
        found: dict[int, Trial] = {}
        over = 0
        for line in self._lines():
            number = line.get("trial")
            if not isinstance(number, int) or not 0 <= number < _MOST:
                continue
            if line.get("do") == "ask" and isinstance(line.get("point"), dict):
                found.setdefault(number, Trial(number, line["point"], _whole(line.get("seed"), 0)))
            elif line.get("do") == "tell" and number in found:
                asked, value = found[number], line.get("value")
                found[number] = Trial(
                    number,
                    asked.point,
                    asked.seed,
                    True,
                    value if isinstance(value, float | int) and abs(value) < math.inf else None,
                    str(line.get("state", "")),
                    _whole(line.get("step"), -1),
                    bool(line.get("early")),
                    over,
                )
                over += 1
        return [found[number] for number in sorted(found)]

    def ask(self, trial: Trial) -> None:
        """Write down that a trial is to be run."""
        self._add({"do": "ask", "trial": trial.number, "point": trial.point, "seed": trial.seed})

    def tell(self, trial: Trial) -> None:
        """Write down how a trial came out."""
        told = {"value": trial.value, "state": trial.state, "step": trial.step}
        early = {"early": True} if trial.early else {}
        self._add({"do": "tell", "trial": trial.number, **told, **early})

    def _add(self, line: dict[str, Any]) -> None:
        """One write, so that no line of another's comes between; behind half a line, on a line of its own."""
        with os.fdopen(os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, PRIVATE), "r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - 1, 0))
            torn = size > 0 and file.read(1) != b"\n"
            os.write(file.fileno(), b"\n" * torn + json.dumps(line).encode() + b"\n")

    def _lines(self) -> Iterator[dict[str, Any]]:
        try:
            text = self.path.read_text(errors="replace")
        except FileNotFoundError:
            return
        for line in text.split("\n"):
            try:
                found = json.loads(line)
            except ValueError:
                continue
            if isinstance(found, dict):
                yield found


def _whole(value: Any, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default

"""The pace of a live engine, as the keys for faster and slower go through it."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from itertools import takewhile

from tuilab.runs import State
from tuilab.tui.snapshot import Snapshot

PACES = (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Steps a second; beyond the last, as fast as it can."""

_NOTICEABLE = 1.2
"""A pace that differs by less than this factor is no other pace."""

_LOOKS = 12
_GUESS = 10.0
"""Steps a second of an engine that was never seen to take any."""


class EnginePace:
    """How fast an engine goes: as it was last told to, and until then as it is seen to."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._looks: deque[tuple[float, int]] = deque(maxlen=_LOOKS)
        self._told: float | None = None
        self._answers = 0

    def note(self, snapshot: Snapshot) -> None:
        """Learn from a snapshot."""
        if snapshot.state is State.RUNNING:
            self._looks.append((self._clock(), snapshot.last))
        answers = [event for event in snapshot.events if event.kind == "pace"]
        if answers and len(answers) != self._answers:
            pace = answers[-1].data.get("steps_per_second")
            self._answers = len(answers)
            self._told = pace if isinstance(pace, int | float) and 0 < pace < 1e9 else math.inf

    @property
    def rate(self) -> float | None:
        """Steps a second by the last looks; None where it was never seen to take any."""
        if len(self._looks) > 1:
            (began, first), (ended, last) = self._looks[0], self._looks[-1]
            if ended > began and last > first:
                return (last - first) / (ended - began)
        return None

    def change(self, notches: int) -> str:
        """What to tell the engine for the next faster (1) or slower (-1) pace: a number, or `max`."""
        now = self._told
        if now is None or (now == math.inf and notches < 0):
            now = self.rate or _GUESS
        if notches > 0:
            self._told = next((pace for pace in PACES if pace > now * _NOTICEABLE), math.inf)
        else:
            slower = list(takewhile(lambda pace: pace * _NOTICEABLE < now, PACES))
            self._told = slower[-1] if slower else PACES[0]
        return "max" if self._told == math.inf else f"{self._told:g}"

"""The playhead: where it stands in a recording at a moment of the clock. Knows nothing of screens."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuilab.recording import Readable

SPEEDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
"""The speeds that faster and slower go through."""

DEFAULT_PACE = 10.0
"""Steps a second at 1x where a recording says neither a pace nor how long its steps took."""

_SLOWEST, _FASTEST = 1e-6, 1e9
"""Steps a second that are taken for a pace; a recording may claim anything."""
_LONGEST = 1e12
"""Seconds."""
_KNOTS = 1_000
"""Knots of a recorded timeline: finer than anyone sees."""


@dataclass(frozen=True)
class Timeline:
    """When each step happens at speed 1x: knots of (step, seconds), straight between them and beyond."""

    steps: Sequence[float] = (0.0, 1.0)
    seconds: Sequence[float] = (0.0, 1 / DEFAULT_PACE)

    @classmethod
    def of(cls, recording: Readable) -> Timeline:
        """By the scenario's own pace; without one as fast as it was recorded."""
        scenario = recording.header.get("scenario")
        pace = scenario.get("pace") if isinstance(scenario, dict) else None
        if isinstance(pace, int | float) and _SLOWEST <= pace <= _FASTEST:
            return cls.paced(pace)
        if not recording.has("engine/seconds"):
            return cls()
        seconds = recording.overview("engine/seconds", None, None, _KNOTS)
        return cls.recorded(seconds.steps.tolist(), seconds.last.tolist())

    @classmethod
    def paced(cls, pace: float) -> Timeline:
        """`pace` steps a second throughout."""
        return cls((0.0, 1.0), (0.0, 1 / pace))

    @classmethod
    def recorded(cls, steps: Sequence[float], seconds: Sequence[float]) -> Timeline:
        """As fast as it was recorded; knots that do not advance in both are left out."""
        kept_steps: list[float] = []
        kept_seconds: list[float] = []
        for step, second in zip(steps, seconds, strict=True):
            if not 0 <= second <= _LONGEST:
                continue
            if not kept_steps or (step > kept_steps[-1] and second - kept_seconds[-1] > 1 / _FASTEST):
                kept_steps.append(step)
                kept_seconds.append(second)
        return cls(kept_steps, kept_seconds) if len(kept_steps) > 1 else cls()

    @property
    def pace(self) -> float:
        """Steps a second at speed 1x, all in all."""
        return (self.steps[-1] - self.steps[0]) / (self.seconds[-1] - self.seconds[0])

    def at(self, step: float) -> float:
        """The second at which a step happens."""
        return _interpolate(self.steps, self.seconds, step)

    def step(self, seconds: float) -> float:
        """The step that happens at a second."""
        return _interpolate(self.seconds, self.steps, seconds)


def _interpolate(xs: Sequence[float], ys: Sequence[float], x: float) -> float:
    right = min(max(bisect_right(xs, x), 1), len(xs) - 1)
    x0, x1, y0, y1 = xs[right - 1], xs[right], ys[right - 1], ys[right]
    return y0 + (x - x0) * (y1 - y0) / (x1 - x0)


@dataclass
class Player:
    """Plays, pauses, seeks and follows; its step is a function of the clock, so late ticks never lag.

    While `following` the step is always the last one. A playing cursor that reaches the end follows when the
    recording still grows, and pauses when it does not.
    """

    clock: Callable[[], float] = time.monotonic
    following: bool = True
    playing: bool = False
    speed: float = 1.0
    first: int = 0
    last: int = 0
    growing: bool = False
    timeline: Timeline = field(default_factory=Timeline)
    _anchor: float = 0.0
    _since: float = 0.0

    def extend(self, first: int, last: int, growing: bool) -> None:
        """The recording reaches from `first` to `last` now, and may get longer."""
        self.first, self.last, self.growing = max(first, 0), max(last, first, 0), growing

    def retime(self, timeline: Timeline) -> None:
        """Go by another timeline from here on."""
        if timeline != self.timeline:
            self._drop_anchor()
            self.timeline = timeline

    @property
    def step(self) -> int:
        """Where the cursor stands now."""
        if self.following:
            return self.last
        return int(min(max(self._position(), self.first), self.last))

    def settle(self) -> None:
        """Notice that a playing cursor has reached the end."""
        if self.playing and not self.following and self._position() >= self.last:
            self.seek(self.last)
            self.playing = False
            self.following = self.growing

    def toggle(self) -> None:
        """Play or pause; playing from the very end starts over."""
        if self.playing:
            self._drop_anchor()
            self.playing = False
        else:
            self.seek(self.first if self.step >= self.last else self.step)
            self.playing = True

    def seek(self, step: float) -> None:
        """Stand at a step (the nearest there is) and leave the live end."""
        self._anchor = min(max(step, self.first), self.last)
        self._since = self.clock()
        self.following = False

    def move(self, steps: int) -> None:
        """Some steps forward or back, pausing playback."""
        self.seek(self.step + steps)
        self.playing = False

    def follow(self) -> None:
        """Jump to the end, and stay there while it grows."""
        self.seek(self.last)
        self.playing = False
        self.following = True

    def change_speed(self, notches: int) -> None:
        """Faster by so many notches of `SPEEDS`, or slower."""
        self._drop_anchor()
        nearest = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - self.speed))
        self.speed = SPEEDS[min(max(nearest + notches, 0), len(SPEEDS) - 1)]

    def _position(self) -> float:
        if not self.playing:
            return self._anchor
        seconds = self.timeline.at(self._anchor) + (self.clock() - self._since) * self.speed
        return self.timeline.step(seconds)

    def _drop_anchor(self) -> None:
        if not self.following:
            self._anchor, self._since = min(max(self._position(), self.first), self.last), self.clock()

"""What measuring costs, and the schedule that keeps it within a budget."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch

WINDOW = 50
"""Measurements after which a schedule may judge what they cost, unless it is told otherwise."""


class Stopwatch:
    """Seconds spent inside its `with` blocks, which may be many and small; not one inside another.

    On a GPU they are the device's own: of work that was only handed over, the host's clock knows nothing.

    Args:
        device: where the work is done.
        clock: seconds, of the host.
    """

    def __init__(self, device: torch.device, clock: Callable[[], float] = time.perf_counter) -> None:
        self._device, self._clock = device, clock
        self._marks: list[Any] = []

    def __enter__(self) -> None:
        self._marks.append(self._mark())

    def __exit__(self, *error: object) -> None:
        self._marks.append(self._mark())

    def read(self) -> float:
        """The seconds since this was last asked for; waits for the end of the last block."""
        marks, self._marks = self._marks, []
        pairs = list(zip(marks[::2], marks[1::2], strict=True))
        if self._device.type != "cuda":
            return float(sum(end - begin for begin, end in pairs))
        if pairs:
            pairs[-1][1].synchronize()
        return float(sum(begin.elapsed_time(end) for begin, end in pairs)) / 1e3

    def _mark(self) -> Any:
        if self._device.type != "cuda":
            return self._clock()
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record(torch.cuda.current_stream(self._device))
        return event


class ProbeSchedule:
    """When to measure: every so many steps, and half as often each time that measuring exceeds its budget.

    Args:
        every: steps between two measurements; 0 never measures.
        last: the last step, which is measured too.
        budget: share of the time that may go into measuring.
        window: measurements after which it judges what they cost.
    """

    def __init__(self, every: int, last: int, budget: float, window: int = WINDOW) -> None:
        self.every = every
        self._last = last
        self._budget = budget
        self._window = window
        self._measuring = self._total = 0.0
        self._window_measuring = self._window_total = 0.0
        self._measurements = 0

    def due(self, step: int) -> bool:
        """Whether this step is to be measured."""
        return self.every > 0 and (step % self.every == 0 or step == self._last)

    @property
    def share(self) -> float:
        """Share of the time so far that went into measuring, by this schedule or besides; 0 at first."""
        return self._measuring / self._total if self._total else 0.0

    def spent(self, measuring: float | None, total: float, besides: float = 0.0) -> float | None:
        """Take note of one step's seconds.

        Args:
            measuring: seconds that went into measuring; None if the step was not measured.
            total: seconds of the whole step, `measuring` included.
            besides: further seconds that went into measuring by other schedules: part of the `share`, not of
                what is held against the budget.

        Returns:
            The share that broke the budget if the schedule was thinned just now, else None.
        """
        self._total += total + besides
        self._measuring += besides
        self._window_total += total
        if measuring is not None:
            self._measuring += measuring
            self._window_measuring += measuring
            self._measurements += 1
        if self._measurements < self._window:
            return None
        share = self._window_measuring / self._window_total if self._window_total else 0.0
        self._window_measuring = self._window_total = 0.0
        self._measurements = 0
        if share <= self._budget:
            return None
        self.every *= 2
        return share

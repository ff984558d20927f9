"""What measuring costs, and the schedule that keeps it within a budget."""

from __future__ import annotations

WINDOW = 50
"""Measurements after which the schedule may judge what they cost."""


class ProbeSchedule:
    """When to measure: every so many steps, and half as often each time that measuring exceeds its budget.

    Args:
        every: steps between two measurements; 0 never measures.
        last: the last step, which is measured too.
        budget: share of the time that may go into measuring.
    """

    def __init__(self, every: int, last: int, budget: float) -> None:
        self.every = every
        self._last = last
        self._budget = budget
        self._measuring = self._total = 0.0
        self._window_measuring = self._window_total = 0.0
        self._measurements = 0

    def due(self, step: int) -> bool:
        """Whether this step is to be measured."""
        return self.every > 0 and (step % self.every == 0 or step == self._last)

    @property
    def share(self) -> float:
        """Share of the time so far that went into measuring; 0 before any time has passed."""
        return self._measuring / self._total if self._total else 0.0

    def spent(self, measuring: float | None, total: float) -> float | None:
        """Take note of one step's seconds.

        Args:
            measuring: seconds that went into measuring; None if the step was not measured.
            total: seconds of the whole step, `measuring` included.

        Returns:
            The share that broke the budget if the schedule was thinned just now, else None.
        """
        self._total += total
        self._window_total += total
        if measuring is not None:
            self._measuring += measuring
            self._window_measuring += measuring
            self._measurements += 1
        if self._measurements < WINDOW:
            return None
        share = self._window_measuring / self._window_total if self._window_total else 0.0
        self._window_measuring = self._window_total = 0.0
        self._measurements = 0
        if share <= self._budget:
            return None
        self.every *= 2
        return share

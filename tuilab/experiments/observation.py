"""What an experiment is to the engine: an iterator of observations, with some numbers to turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

Frame = tuple[np.ndarray, dict[str, Any]]
"""An array and what it means: its kind, its axes, its names."""


@dataclass(slots=True)
class Observation:
    """What was measured at one step."""

    step: int
    values: dict[str, float]
    """Series name → number; NaN and infinities are numbers like any other."""
    frames: dict[str, Frame] = field(default_factory=dict)
    """By name; what a name means stays the same throughout a run."""
    events: list[tuple[str, str | None, dict[str, Any]]] = field(default_factory=list)
    """Kind, arm and details of what happened."""


class Experiment(Iterator[Observation], Protocol):
    """What a scenario's kind does. Iterating advances it; step 0 comes before any update."""

    steps: int
    """The last step: observations come for steps 0 … steps."""
    sampled: int
    """Values a layer that activation figures are taken from; 0 means all."""

    @property
    def data(self) -> Mapping[str, Any]:
        """What tells the data it was given from others, their `fingerprint`; empty where it makes its own."""

    def tunables(self) -> dict[str, float]:
        """The numbers that may be changed between two steps, such as `sgd/optimizer.lr`, and their values."""

    def tune(self, key: str, value: float) -> None:
        """Change one of them, from the next step on.

        Raises:
            KeyError: there is no such number.
            ValueError: the value is out of bounds.
        """

    def state(self) -> dict[str, Any]:
        """All that it goes on from, beside its tunables: nested dicts and lists of tensors, numbers and text.

        What comes with time only, such as an optimiser's memory before the first step, is an empty dict or
        list until then. All else is there from the start, of the shape that it keeps.
        """

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there: the next observations are those that would have come, bit for bit.

        Called on one that has not begun, of the same scenario and with the same tunables.

        Raises:
            KeyError, IndexError, TypeError, ValueError, RuntimeError: the state is of another experiment.
        """

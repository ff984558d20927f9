"""What an experiment is to the engine: an iterator of observations, with some numbers to turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from tuilab.probes.observation import Frame as Frame
from tuilab.probes.observation import Observation as Observation


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

    def patch(self, at: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change several numbers of one place of the scenario, such as `arms.sgd.optimizer`, all or none.

        Returns:
            What they were.

        Raises:
            KeyError: there is no such place, or no such number in it.
            ValueError: a value is out of bounds.
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

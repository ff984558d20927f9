"""What experiments have in common: steps that are counted, and numbers that may be turned between two."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any

from tuilab.experiments.observation import Observation
from tuilab.experiments.state import counted
from tuilab.experiments.tuning import changed, numbers, patched
from tuilab.scenario.strict import Strict


class SteppedExperiment(Iterator[Observation]):
    """An observation for each of the steps 0 … steps; what is in it is for each kind to say.

    Args:
        steps: the last step.
        settings: those whose numbers may be changed, by the place that they have in the scenario, such as
            `sgd/optimizer`; of kinds in which nothing can be changed, none.
    """

    sampled = 0
    data: Mapping[str, Any] = {}

    def __init__(self, steps: int | None, settings: Mapping[str, Strict] | None = None) -> None:
        self.steps = steps or 0
        self._step = 0
        """The next one."""
        self._settings = dict(settings or {})

    def __next__(self) -> Observation:
        if self._step > self.steps:
            raise StopIteration
        observation = Observation(self._step, {})
        self._step += 1
        self._observe(observation)
        return observation

    @abstractmethod
    def _observe(self, observation: Observation) -> None:
        """Do the observation's step, and add what is to be seen of it."""

    def tunables(self) -> dict[str, float]:
        """Every number of the settings, such as `sgd/optimizer.lr`."""
        return numbers(self._settings)

    def tune(self, key: str, value: float) -> None:
        """Change one of them from the next step on; raises KeyError or ValueError."""
        self._change(*changed(self._settings, key, value))

    def patch(self, at: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change several of one place, all or none; returns what they were; raises KeyError or ValueError."""
        place, settings = patched(self._settings, at, changes)
        was = {name: getattr(self._settings[place], name) for name in changes}
        self._change(place, settings)
        return was

    def _change(self, place: str, settings: Strict) -> None:
        self._settings[place] = settings
        self._follow(place, settings)

    def _follow(self, place: str, settings: Strict) -> None:
        """Take changed settings to wherever else they are kept."""

    def state(self) -> dict[str, Any]:
        """The next step; a kind that carries more from step to step adds it."""
        return {"step": self._step}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there; raises KeyError, ValueError, TypeError or RuntimeError for another's state."""
        self._step = counted(state["step"], self.steps + 1)

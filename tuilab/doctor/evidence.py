"""What the rules ask of a recording: one arm of it, up to one step."""

from __future__ import annotations

import glob
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuilab.recording import Event, Readable

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One arm's series, events and settings, as far as `step`."""

    recording: Readable
    arm: str
    step: int

    @property
    def setup(self) -> dict[str, Any]:
        """The arm's part of the scenario; empty where the header has none."""
        below: Any = self.scenario.get("arms", {})
        below = below.get(self.arm, {}) if isinstance(below, dict) else {}
        return below if isinstance(below, dict) else {}

    @property
    def scenario(self) -> dict[str, Any]:
        """The recorded scenario; empty where the header has none."""
        scenario = self.recording.header.get("scenario", {})
        return scenario if isinstance(scenario, dict) else {}

    @property
    def kind(self) -> str:
        """What kind of scenario it is; empty where the header has none."""
        return str(self.scenario.get("kind", ""))

    @property
    def learns(self) -> bool:
        """Whether anything learns: networks that signals are only sent through stay as they were drawn."""
        return self.kind != "propagation"

    def series(self, metric: str) -> tuple[Ints, Floats]:
        """Steps and values of a metric, both empty where it was not recorded."""
        name = f"{self.arm}/{metric}"
        if name not in self.recording.series(glob.escape(name)):
            return np.empty(0, np.int64), np.empty(0)
        return self.recording.read(name, None, self.step + 1)

    def layers(self, metric: str) -> Floats:
        """The latest value of a metric at layers 1, 2, …; empty where it was not recorded."""
        names = self.recording.series(f"{glob.escape(f'{self.arm}/{metric}')}/*")
        depth = sum(name.rpartition("/")[2].isdecimal() for name in names)
        found = [self._latest(f"{self.arm}/{metric}/{layer}") for layer in range(1, depth + 1)]
        return np.array([np.nan if value is None else value for value in found], float)

    def events(self, kind: str) -> list[Event]:
        """What happened to the arm, of one kind."""
        happened = self.recording.events(None, self.step + 1)
        return [event for event in happened if event.kind == kind and event.arm == self.arm]

    @property
    def network(self) -> str:
        """The network's name; empty where the scenario has none."""
        network = self.setup.get("network", {})
        return str(network.get("name", "")) if isinstance(network, dict) else ""

    def activation(self) -> str:
        """The name of the activation; empty where the scenario has none."""
        network = self.setup.get("network", {})
        named = network.get("activation", "") if isinstance(network, dict) else ""
        return str(named.get("name", "")) if isinstance(named, dict) else str(named)

    def _latest(self, name: str) -> float | None:
        try:
            return self.recording.at(name, self.step)
        except KeyError:
            return None

"""What the rules ask of a recording: one arm of it, up to one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuilab.doctor.course import Course, Floats
from tuilab.doctor.finding import Layer
from tuilab.recording import Event, Readable, layer_number
from tuilab.recording.memo import memo


@dataclass(frozen=True, slots=True)
class ByLayer:
    """A metric at every layer of an arm.

    Attributes:
        layers: (n,) numbers of counted layers in order, names of others as they first appeared.
        series: (n,) what the values are the latest of.
        values: (n,) NaN where there is none yet.
    """

    layers: tuple[Layer, ...]
    series: tuple[str, ...]
    values: Floats

    def above(self, bound: float) -> ByLayer:
        """Those whose value is greater, NaN never."""
        chosen = np.flatnonzero(self.values > bound).tolist()
        return ByLayer(
            tuple(self.layers[place] for place in chosen),
            tuple(self.series[place] for place in chosen),
            self.values[chosen],
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """One arm's series, events and settings, as far as `step`.

    Attributes:
        recording: what is looked at.
        arm: whose evidence it is.
        step: the last one that counts.
        happened: the arm's events until then by their kinds, in order.
    """

    recording: Readable
    arm: str
    step: int
    happened: Mapping[str, Sequence[Event]]

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
    def stranger(self) -> bool:
        """Whether it is of a program that is not ours, watched or imported."""
        return self.kind in ("watched", "imported")

    @property
    def learns(self) -> bool:
        """Whether anything learns: networks that signals are only sent through stay as they were drawn."""
        return self.kind != "propagation"

    def course(self, metric: str) -> Course | None:
        """A metric up to the step; None where it has no value."""
        return Course.of(self.recording, memo(self.recording).name(self.arm, metric), self.step)

    def layers(self, metric: str) -> ByLayer:
        """The latest value of a metric at every layer; no layers where it was not recorded."""
        names = memo(self.recording).layers(metric).get(self.arm, {})
        found = [self.recording.at(name, self.step) for name in names.values()]
        values = np.array([np.nan if value is None else value for value in found], float)
        numbers = {layer: layer_number(layer) for layer in names}
        layers = tuple(layer if number is None else number for layer, number in numbers.items())
        return ByLayer(layers, tuple(names.values()), values)

    def events(self, kind: str) -> Sequence[Event]:
        """What happened to the arm, of one kind."""
        return self.happened.get(kind, [])

    @property
    def network(self) -> str:
        """The network's name; empty where the scenario has none."""
        network = self.setup.get("network", {})
        return str(network.get("name", "")) if isinstance(network, dict) else ""

    @property
    def activation(self) -> str:
        """The name of the activation; empty where the scenario has none."""
        network = self.setup.get("network", {})
        named = network.get("activation", "") if isinstance(network, dict) else ""
        return str(named.get("name", "")) if isinstance(named, dict) else str(named)

"""A metric by layer: the series ARM/METRIC/LAYER."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from tuilab.panels.axes import ValueAxis
from tuilab.panels.palette import arms_of
from tuilab.panels.view import View
from tuilab.recording import Readable

_SAMPLED = 32
"""Layers whose past sets the y range."""

Profile = dict[int, float]
"""The metric's value by layer."""


def layers_of(recording: Readable, metric: str, view: View) -> dict[str, dict[int, str]]:
    """The series of each arm that is not hidden by layer, arms in colour order."""
    names: dict[str, dict[int, str]] = {arm: {} for arm in arms_of(recording.header)}
    for name in recording.series():
        arm, _, rest = name.partition("/")
        found, _, layer = rest.rpartition("/")
        if found == metric and layer.isascii() and layer.isdecimal() and len(layer) < 7:
            names.setdefault(arm, {})[int(layer)] = name
    return {
        arm: dict(sorted(layers.items()))
        for arm, layers in names.items()
        if layers and arm not in view.hidden
    }


def profiles_of(recording: Readable, metric: str, view: View) -> dict[str, Profile]:
    """The values at the moment by arm and layer, of those that have one."""
    profiles: dict[str, Profile] = {}
    for arm, layers in layers_of(recording, metric, view).items():
        found = {layer: recording.at(name, view.step) for layer, name in layers.items()}
        if profile := {layer: value for layer, value in found.items() if value is not None}:
            profiles[arm] = profile
    return profiles


def past_range(recording: Readable, metrics: Iterable[str], view: View, log: bool) -> ValueAxis:
    """The range of everything up to this moment, so that moments compare and the axis keeps still."""
    lows: list[float] = []
    highs: list[float] = []
    for metric in metrics:
        for layers in layers_of(recording, metric, view).values():
            names = list(layers.values())
            some = np.linspace(0, len(names) - 1, min(len(names), _SAMPLED)).round().astype(int)
            for place in np.unique(some):
                past = recording.overview(names[place], 0, view.step + 1, 1)
                if len(past.last) and math.isfinite(past.last[0]):
                    lows.append(float(past.low[0]))
                    highs.append(float(past.high[0]))
    if log:
        highs = [high for high in highs if high > 0]
        lows = [low for low in lows if low > 0] or highs
        return ValueAxis.holding(np.log10(lows), np.log10(highs), True)
    return ValueAxis.holding(lows, highs, False)

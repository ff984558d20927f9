"""A metric by layer: the series ARM/METRIC/LAYER."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from tuilab.panels.axes import ValueAxis
from tuilab.panels.palette import arm_order
from tuilab.panels.shares import evenly
from tuilab.panels.view import View
from tuilab.recording import Readable
from tuilab.recording.memo import FOREVER, memo

_SAMPLED = 32
"""Series whose past the y range holds, the first and the last among them."""

Profile = dict[str, float]
"""The metric's value by layer, counted layers by their numbers, named ones as they first appeared."""


def layers_of(recording: Readable, metric: str, view: View) -> dict[str, dict[str, str]]:
    """The series of each arm that is not hidden by layer, arms in colour order."""
    arms = memo(recording).layers(metric)
    return {arm: arms[arm] for arm in sorted(arms, key=arm_order(recording.header)) if arm not in view.hidden}


def series_of(recording: Readable, metric: str, view: View) -> list[str]:
    """All series of a metric by layer that are not hidden."""
    return [name for layers in layers_of(recording, metric, view).values() for name in layers.values()]


def profiles_of(recording: Readable, metric: str, view: View) -> dict[str, Profile]:
    """The values at the moment by arm and layer, of those that have one."""
    profiles: dict[str, Profile] = {}
    for arm, layers in layers_of(recording, metric, view).items():
        found = {layer: recording.at(name, view.step) for layer, name in layers.items()}
        if profile := {layer: value for layer, value in found.items() if value is not None}:
            profiles[arm] = profile
    return profiles


def past_range(
    recording: Readable, metrics: Iterable[str], shown: Iterable[Profile], view: View, log: bool
) -> ValueAxis:
    """The range of what is shown and of what was up to this moment, so that the axis keeps still."""
    values = [value for profile in shown for value in profile.values() if math.isfinite(value)]
    lows, highs = list(values), list(values)
    kept = memo(recording)
    for metric in metrics:
        names = series_of(recording, metric, view)
        for place in evenly(len(names), _SAMPLED):
            past = kept.history(names[place], FOREVER, view.step + 1)
            if len(past.last) and math.isfinite(past.last[0]):
                lows.append(float(past.low[0]))
                highs.append(float(past.high[0]))
    if log:
        highs = [high for high in highs if high > 0]
        lows = [low for low in lows if low > 0] or highs
        return ValueAxis.holding(np.log10(lows), np.log10(highs), True)
    return ValueAxis.holding(lows, highs, False)

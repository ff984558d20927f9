"""A metric by layer and step, as columns of cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuilab.panels.axes import Floats
from tuilab.panels.columns import Columns, read_columns
from tuilab.panels.profiles import layers_of
from tuilab.panels.steps import StepAxis
from tuilab.panels.view import View
from tuilab.recording import Readable


@dataclass(frozen=True, slots=True)
class Track:
    """One arm's layers over the columns of a step axis.

    Attributes:
        layers: Their numbers or names.
        values: (layers, columns) the last value of each column's steps, held until the next; NaN where there
            is none.
        broken: (layers, columns) whether that value is NaN or infinite.
        left_out: Whether values were left out because they have no logarithm.
    """

    layers: list[str]
    values: Floats
    broken: NDArray[np.bool_]
    left_out: bool = False

    @property
    def known(self) -> bool:
        """Whether there is anything to draw."""
        return bool(np.isfinite(self.values).any() or self.broken.any())


def tracks_of(recording: Readable, metric: str, steps: StepAxis, view: View, log: bool) -> dict[str, Track]:
    """Of every arm that is not hidden the metric by layer, up to the moment; logarithms where `log`."""
    tracks = {}
    for arm, layers in layers_of(recording, metric, view).items():
        columns = read_columns(recording, list(layers.values()), steps, steps.shown(view.step, view.live))
        tracks[arm] = _track(list(layers), columns.logarithms() if log else columns, steps, view)
    return tracks


def _track(layers: list[str], columns: Columns, steps: StepAxis, view: View) -> Track:
    """The columns of an arm's layers; what was recorded holds until the next value is."""
    end = steps.columns
    if view.live:
        end = steps.complete(view.step, 1)
    elif 0 <= view.step < steps.last:
        end = max(int(steps.column(np.array([view.step]))[0]) + 1, 0)
    values, broken = columns.last, columns.broken
    place = np.where(np.isfinite(values) | broken, np.arange(values.shape[1]), -1)
    place = np.maximum.accumulate(place, axis=1)
    place[:, end:] = -1
    rows = np.arange(len(values))[:, None]
    held = np.where(place < 0, np.nan, values[rows, place])
    bad = np.where(place < 0, False, broken[rows, place])
    return Track(layers, np.where(bad, np.nan, held), bad, columns.left_out)

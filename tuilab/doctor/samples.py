"""The figures that an expectation speaks of, out of a recording."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from tuilab.recording import Readable
from tuilab.scenario.expect import Expectation

Row = tuple[float | None, ...]
"""One draw's figure for each layer; None where nothing was measured."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What was measured for one expectation."""

    layers: tuple[int | None, ...]
    """Those spoken of; a single None where the metric has no layers."""
    figures: tuple[Row, ...]
    """A row for each draw."""
    others: tuple[Row, ...] = ()
    """The same of the arm that it is compared with, draw by draw; empty without one."""
    mean: Row = ()
    """The figures as recorded: of several draws their mean."""
    other_mean: Row = ()

    def joined(self, more: Sequence[Sample]) -> Sample:
        """Several runs' samples as one, each run a draw."""
        runs = [self, *more]
        figures = tuple(run.mean for run in runs)
        others = tuple(run.other_mean for run in runs) if self.others else ()
        return Sample(self.layers, figures, others, _mean(figures), _mean(others))


def measure(recording: Readable, expectation: Expectation, over: bool) -> Sample:
    """The figures of the expectation's arm, and of the one it is compared with.

    Args:
        recording: of one run.
        expectation: about it.
        over: whether the run has ended.
    """
    other = expectation.below or expectation.above
    layers: Sequence[int | None] = _layers(recording, expectation)
    figures, mean = _of_arm(recording, expectation, expectation.arm, layers, over)
    others, other_mean = (
        _of_arm(recording, expectation, other, layers, over) if other is not None else ((), ())
    )
    if others and len(others) != len(figures):
        figures, others = (mean,), (other_mean,)
    return Sample(tuple(layers), figures, others, mean, other_mean)


def first(recording: Readable, kind: str | None, arm: str) -> int | None:
    """The step at which an event first happened to an arm."""
    steps = [event.step for event in recording.events() if event.kind == kind and event.arm == arm]
    return min(steps, default=None)


def _layers(recording: Readable, expectation: Expectation) -> Sequence[int | None]:
    if isinstance(expectation.near, list):
        return range(1, len(expectation.near) + 1)
    if isinstance(expectation.layer, str):
        depth = _depth(recording, f"{expectation.arm}/{expectation.metric}")
        return range(1, depth + 1) if expectation.layer == "all" else [depth]
    return [expectation.layer]


def _of_arm(
    recording: Readable, expectation: Expectation, arm: str, layers: Sequence[int | None], over: bool
) -> tuple[tuple[Row, ...], Row]:
    """A row for each draw, and what is recorded as their mean."""
    if expectation.event is not None:
        step = first(recording, expectation.event, arm)
        if step is None and arm == expectation.arm and expectation.above is not None and over:
            step = recording.last_step + 1  # what has not happened by the end happens later, if ever
        row: Row = (None if step is None else float(step),)
        return (row,), row
    path, step_asked = f"{arm}/{expectation.metric}", expectation.step
    names = [path if layer is None else f"{path}/{layer}" for layer in layers]
    mean = tuple(_figure(recording, name, step_asked) for name in names)
    drawn = _draws(recording, f"{path}.draws", step_asked)
    columns = [0 if layer is None else layer - 1 for layer in layers]
    if drawn is None or not columns or max(columns) >= drawn.shape[1]:
        return (mean,), mean
    return tuple(tuple(map(float, row)) for row in drawn[:, columns]), mean


def _draws(recording: Readable, name: str, step: int | str) -> np.ndarray | None:
    """Each draw's figures at a step, (draws, layers); None where there is one draw, or of extremes."""
    if not (isinstance(step, int) or step == "last") or not recording.frames(glob.escape(name)):
        return None
    found = recording.frame(name, recording.last_step if isinstance(step, str) else step)
    return None if found is None or found.array.ndim != 2 else np.asarray(found.array, dtype=np.float64)


def _figure(recording: Readable, name: str, step: int | str) -> float | None:
    """The value at a step, or the largest or smallest of the run; None where there is none."""
    try:
        if isinstance(step, int) or step == "last":
            return recording.at(name, recording.last_step if isinstance(step, str) else step)
        _, values = recording.read(name)
    except KeyError:
        return None
    if not len(values):
        return None
    return float(values.max() if step == "max" else values.min())


def _depth(recording: Readable, path: str) -> int:
    """How many counted layers a metric was recorded for; a name may claim any number."""
    names = recording.series(glob.escape(path) + "/*")
    return sum(recording.identity(name).number is not None for name in names)


def _mean(rows: Sequence[Row]) -> Row:
    """Layer by layer; None where a row has nothing."""
    columns = [[figure for figure in column if figure is not None] for column in zip(*rows, strict=True)]
    return tuple(fmean(column) if len(column) == len(rows) else None for column in columns)

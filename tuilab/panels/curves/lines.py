"""Series as lines of a chart, with what they spread over behind them and the marks on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from tuilab.panels import theory
from tuilab.panels.axes import Ticks, ValueAxis
from tuilab.panels.chart import Frame, Ink, chart
from tuilab.panels.columns import Columns, Strokes, bands, noisy, read_columns, strokes
from tuilab.panels.fading import faint
from tuilab.panels.palette import (
    ARM_COLORS,
    ARM_MARKS,
    ASCII_MARKS,
    BROKEN,
    POINT,
    arm_color,
    arm_mark,
    arm_place,
    arms_of,
)
from tuilab.panels.picture import Picture
from tuilab.panels.steps import StepAxis
from tuilab.panels.view import PIXELS, Glyphs, View
from tuilab.recording import Readable, SeriesName

_DASHES = (1, 2, 4)
_SPARSE = 3
"""Series with fewer points than one in so many cells show them, joined by lines."""

_MARK_EVERY = 14
"""Cells between the marks along a line where colour cannot tell lines apart."""

_STRIDE = 5
"""Cells between the marks of one arm and the next one's: they stand apart where lines lie together."""

_MANY = 6
"""Arms in a chart from which on colour alone does not tell them apart."""

_GENTLE = 0.8
"""Weight of the columns before in the line of a noisy series, unless another is asked for."""

_NOISY = 0.5
"""A line is noisy if this share of what is seen of it is."""


class Look(NamedTuple):
    """How a line is told from others.

    Attributes:
        color: Colour code.
        mark: Where it ends.
        char: What draws it in ASCII.
        dash: As `strokes` takes it.
        theory: Whether it is a prediction, which does not spread.
        offset: The cell that the marks along it begin at.
    """

    color: int
    mark: str
    char: str
    dash: int
    theory: bool
    offset: int


@dataclass(frozen=True, slots=True)
class Lines:
    """The series of a chart.

    Attributes:
        looks: (n,) theirs.
        columns: (n, columns) their values.
        steps: The axis that the columns are of.
        values: The axis that holds the values.
        seeds: How many the values are means over; 0 for a run of one.
        weights: (n,) of what came before in smoothed lines; 0 for one that is drawn as it is.
        marked: Whether marks stand along the lines.
    """

    looks: tuple[Look, ...]
    columns: Columns
    steps: StepAxis
    values: ValueAxis
    seeds: int
    weights: tuple[float, ...] = ()
    marked: bool = False

    @property
    def banded(self) -> bool:
        """Whether lowest and highest values are shown beside the line."""
        return self.steps.crowded or self.seeds > 1

    @property
    def raw(self) -> Columns:
        """What the lines pass through as they are: means over seeds, else the middles of shared columns."""
        if self.seeds > 1:
            return replace(self.columns, low=self.columns.last, high=self.columns.last)
        return self.columns.middles() if self.steps.crowded else self.columns

    @property
    def central(self) -> Columns:
        """What the lines pass through."""
        return self.raw.smoothed(np.array(self.weights)) if any(self.weights) else self.raw


def read_lines(
    recording: Readable, names: Mapping[str, SeriesName], frame: Frame, view: View, log: bool
) -> tuple[Lines, Ticks]:
    """Series up to the moment, live only their columns that are complete; and the labels of their values.

    A prediction made once holds for all steps after it.
    """
    header = recording.header
    steps = StepAxis.seen(view, header, frame.pixels[0])
    together = _group(view.glyphs) if steps.crowded else PIXELS[view.glyphs][0]
    stop = steps.shown(view.step, together if view.live else 0)
    columns = _held(read_columns(recording, list(names), steps, stop), recording, names, steps, stop)
    columns = columns.logarithms() if log else columns
    values = columns.value_axis(log)
    place = {quantity: place for place, quantity in enumerate(quantities(names.values()))}
    alone = single_arm(header, names.values())
    looks = tuple(
        _look(name, place[theory.measured(name).quantity], header, view.glyphs, alone)
        for name in names.values()
    )
    lines = Lines(looks, columns, steps, values, over_seeds(header))
    marked = not view.color or len({name.arm for name in names.values()}) > _MANY
    lines = replace(lines, weights=_weights(lines, frame, view.smooth), marked=marked)
    return lines, values.ticks(frame.cells[1])


def _held(
    columns: Columns, recording: Readable, names: Mapping[str, SeriesName], steps: StepAxis, stop: int
) -> Columns:
    """Predictions that were made once, held from then on, also if they were made before what is seen."""
    predicted = [k for k, name in enumerate(names.values()) if theory.is_theory(name)]
    series, filled = list(names), columns.filled.sum(axis=1)
    once = [k for k in predicted if filled[k] == 1]
    for k in predicted if steps.first else ():
        value = None if filled[k] else recording.at(series[k], stop - 1)
        if value is not None and stop > steps.first:
            for part in (columns.low, columns.high, columns.last):
                part[k, 0] = value
            once.append(k)
    if not once:
        return columns
    return columns.held(once, int(steps.column(np.array([max(stop - 1, steps.first)]))[0]))


def _weights(lines: Lines, frame: Frame, asked: float | None) -> tuple[float, ...]:
    """How much each line is smoothed: as asked for, or noisy ones of a single seed a little."""
    if asked is not None:
        return tuple(0.0 if look.theory else asked for look in lines.looks)
    if not lines.steps.crowded or lines.seeds > 1:
        return (0.0,) * len(lines.looks)
    noise = noisy(lines.columns, lines.values, frame.pixels[1], _group(frame.glyphs))
    shares = noise.sum(axis=1) / np.maximum(lines.columns.filled.sum(axis=1) / _group(frame.glyphs), 1)
    return tuple(
        _GENTLE if share > _NOISY and not look.theory else 0.0
        for share, look in zip(shares.tolist(), lines.looks, strict=True)
    )


def over_seeds(header: Mapping[str, object]) -> int:
    """How many seeds the series are means over; 0 for a run of one."""
    seeds = header.get("seeds")
    return len(seeds) if isinstance(seeds, list) else 0


def quantities(names: Iterable[SeriesName]) -> list[str]:
    """What a chart's series measure, or predict: those that are measured first."""
    return list(dict.fromkeys(theory.measured(name).quantity for name in sorted(names, key=theory.is_theory)))


def single_arm(header: Mapping[str, object], names: Iterable[SeriesName]) -> bool:
    """Whether there is but one arm in all the run: then colours tell its metrics apart."""
    arms = list({name.arm for name in names})
    return len(arms) == 1 and arms_of(header) in ([], arms)


def _group(glyphs: Glyphs) -> int:
    """Pixel columns that share one stroke where series are crowded: two cells."""
    return 2 * PIXELS[glyphs][0]


def _look(name: SeriesName, place: int, header: dict[str, Any], glyphs: Glyphs, alone: bool) -> Look:
    """Of a series of the `place`th quantity: in dashes of its own, or in a colour where there is one arm."""
    color = ARM_COLORS[place % len(ARM_COLORS)] if alone else arm_color(header, name.arm)
    offset = (len(str(name)) + sum(map(ord, name.arm))) % _MARK_EVERY
    if theory.is_theory(name):
        mark = theory.theory_mark(header, name.arm, glyphs)
        return Look(color, mark, theory.CHAR, theory.DASH, True, offset)
    if alone:
        marks = (ASCII_MARKS if glyphs == "ascii" else ARM_MARKS, ASCII_MARKS)
        mark, char = (each[place % len(each)] for each in marks)
        return Look(color, mark, char, 1, False, place * _STRIDE % _MARK_EVERY)
    known = arm_place(header, name.arm)
    offset = offset if known is None else known * _STRIDE % _MARK_EVERY
    mark, char = (arm_mark(header, name.arm, each) for each in (glyphs, "ascii"))
    return Look(color, mark, char, _DASHES[min(place, len(_DASHES) - 1)], False, offset)


@lru_cache(maxsize=32)
def drawn(lines: Lines, frame: Frame) -> Picture:
    """The chart of some lines: kept, since a live one stays as it is until a column is complete."""
    x, y = lines.steps.ticks(frame.cells[0]), lines.values.ticks(frame.cells[1])
    central = lines.central
    picture = chart(frame, _strokes(lines, central, frame), x, y, "step")
    _put_marks(picture, lines, central, frame)
    return picture.frozen()


def _strokes(lines: Lines, central: Columns, frame: Frame) -> list[tuple[Strokes, Ink]]:
    """The lines as strokes over what they spread over: their columns' values, or what they smooth."""
    looks, rows = lines.looks, frame.pixels[1]
    inks = Ink([look.color for look in looks], [look.char for look in looks])
    below: list[tuple[Strokes, Ink]] = []
    measured = [line for line, look in enumerate(looks) if not look.theory]
    pale = Ink([faint(looks[k].color) for k in measured], ["."] * len(measured))
    if lines.banded:
        band = bands(lines.columns.lines(measured), lines.values, rows, _group(frame.glyphs))
        below.append((band, pale))
    elif any(lines.weights):
        below.append((strokes(lines.raw.lines(measured), lines.values, rows, [1] * len(measured)), pale))
    return [*below, (strokes(central, lines.values, rows, [look.dash for look in looks]), inks)]


def _put_marks(picture: Picture, lines: Lines, columns: Columns, frame: Frame) -> None:
    """The arm's mark where its line ends (hollow for theory), and a cross where it broke first."""
    all_filled = columns.filled
    rows = np.rint(lines.values.place(np.where(all_filled, columns.last, -np.inf)) * (frame.pixels[1] - 1))
    across = PIXELS[frame.glyphs][0]
    for line, look in enumerate(lines.looks):
        filled = np.flatnonzero(all_filled[line])
        along = filled[:0]
        if lines.marked:
            along = filled[(filled // across % _MARK_EVERY == look.offset) & (filled % across == 0)]
        few = len(filled) > 0 and len(filled) * _SPARSE <= (filled[-1] - filled[0]) // across
        if few and not look.theory:
            for column in filled.tolist():
                picture.put(*frame.cell(column, int(rows[line, column])), POINT, look.color)
        for column in [*along.tolist(), *filled[-1:].tolist()]:
            picture.put(*frame.cell(column, int(rows[line, column])), look.mark, look.color)
        if columns.broken[line].any():
            broken = int(np.argmax(columns.broken[line]))
            before = filled[filled <= broken]
            column = int(before[-1]) if len(before) else broken
            picture.put(*frame.cell(column, int(rows[line, column])), BROKEN, look.color)

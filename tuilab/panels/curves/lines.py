"""Series as lines of a chart, with the marks on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from tuilab.panels import theory
from tuilab.panels.axes import StepAxis, Ticks, ValueAxis, total_steps
from tuilab.panels.chart import Frame, Ink
from tuilab.panels.columns import Columns, Strokes, read_columns, spreads, strokes
from tuilab.panels.palette import BROKEN, POINT, arm_color, arm_mark, arm_place
from tuilab.panels.picture import Picture
from tuilab.panels.view import PIXELS, Glyphs, View
from tuilab.recording import Readable, SeriesName

_DASHES = (1, 2, 4)
_SPARSE = 3
"""Series with fewer points than one in so many cells show them, joined by lines."""

_MARK_EVERY = 14
"""Cells between the marks along a line where colour cannot tell lines apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """The series of a chart.

    Attributes:
        names: (n,) what they are of.
        places: (n,) that of each one's quantity among the quantities.
        columns: (n, columns) their values.
        steps: The axis that the columns are of.
        values: The axis that holds the values.
        seeds: How many the values are means over; 0 for a run of one.
    """

    names: list[SeriesName]
    places: list[int]
    columns: Columns
    steps: StepAxis
    values: ValueAxis
    seeds: int

    @property
    def banded(self) -> bool:
        """Whether lowest and highest values are shown beside the line."""
        return self.steps.crowded or self.seeds > 1

    @property
    def central(self) -> Columns:
        """What the lines pass through: means over seeds, else the middles of columns that steps share."""
        if self.seeds > 1:
            return replace(self.columns, low=self.columns.last, high=self.columns.last)
        return self.columns.middles() if self.steps.crowded else self.columns


def read_lines(
    recording: Readable, names: Mapping[str, SeriesName], frame: Frame, view: View, log: bool
) -> tuple[Lines, Ticks]:
    """Series up to the moment, live only their columns that are complete; and the labels of their values.

    A prediction made once holds for all steps after it.
    """
    steps = StepAxis.until(view.step, total_steps(recording.header), frame.pixels[0])
    together = _group(view.glyphs) if steps.crowded else PIXELS[view.glyphs][0]
    stop = steps.shown(view.step, together if view.live else 0)
    columns = read_columns(recording, list(names), steps, stop)
    filled = columns.filled.sum(axis=1)
    once = [k for k, name in enumerate(names.values()) if theory.is_theory(name) and filled[k] == 1]
    if once:
        columns = columns.held(once, int(steps.column(np.array([stop - 1]))[0]))
    columns = columns.logarithms() if log else columns
    values = columns.value_axis(log)
    order = quantities(names.values())
    places = [order.index(theory.measured(name).quantity) for name in names.values()]
    seeds = over_seeds(recording.header)
    return Lines(list(names.values()), places, columns, steps, values, seeds), values.ticks(frame.cells[1])


def over_seeds(header: Mapping[str, object]) -> int:
    """How many seeds the series are means over; 0 for a run of one."""
    seeds = header.get("seeds")
    return len(seeds) if isinstance(seeds, list) else 0


def quantities(names: Iterable[SeriesName]) -> list[str]:
    """What a chart's series measure, or predict: those that are measured first."""
    return list(dict.fromkeys(theory.measured(name).quantity for name in sorted(names, key=theory.is_theory)))


def drawn_of(lines: Lines, frame: Frame, recording: Readable) -> list[tuple[Strokes, Ink]]:
    """The lines as strokes; where steps are crowded their middles, over how far their values spread."""
    header, columns, rows = recording.header, lines.columns, frame.pixels[1]
    colors = [arm_color(header, name.arm) for name in lines.names]
    predicted = [theory.is_theory(name) for name in lines.names]
    marks = [arm_mark(header, name.arm, "ascii") for name in lines.names]
    below: list[tuple[Strokes, Ink]] = []
    if lines.banded:
        measured = [line for line, theoretical in enumerate(predicted) if not theoretical]
        group = _group(frame.glyphs)
        at = np.array([_lane(lines, line, header, frame.glyphs) for line in measured], np.int64)
        spread = spreads(columns.lines(measured), lines.values, rows, group, at)
        below = [(spread, Ink([colors[line] for line in measured], [marks[line] for line in measured]))]
    dashes = [
        theory.DASH if theoretical else _DASHES[min(place, len(_DASHES) - 1)]
        for theoretical, place in zip(predicted, lines.places, strict=True)
    ]
    chars = [theory.CHAR if theoretical else mark for theoretical, mark in zip(predicted, marks, strict=True)]
    return [*below, (strokes(lines.central, lines.values, rows, dashes), Ink(colors, chars))]


def _group(glyphs: Glyphs) -> int:
    """Pixel columns that share one stroke where series are crowded: two cells."""
    return 2 * PIXELS[glyphs][0]


def _lane(lines: Lines, line: int, header: dict[str, object], glyphs: Glyphs) -> int:
    """The column of a group that shows how far a line spreads: another for every arm."""
    known, across = arm_place(header, lines.names[line].arm), PIXELS[glyphs][0]
    place = lines.places[line] if known is None else known
    return place * across % _group(glyphs) + place // 2 % across


def put_marks(body: Picture, lines: Lines, frame: Frame, recording: Readable, view: View) -> None:
    """The arm's mark where its line ends (hollow for theory), and a cross where it broke first."""
    header, columns = recording.header, lines.central
    all_filled = columns.filled
    rows = np.rint(lines.values.place(np.where(all_filled, columns.last, -np.inf)) * (frame.pixels[1] - 1))
    across = PIXELS[view.glyphs][0]
    for line, name in enumerate(lines.names):
        color, predicted = arm_color(header, name.arm), theory.is_theory(name)
        filled = np.flatnonzero(all_filled[line])
        along = filled[:0]
        if not view.color:
            offset = (len(str(name)) + sum(map(ord, name.arm))) % _MARK_EVERY
            along = filled[(filled // across % _MARK_EVERY == offset) & (filled % across == 0)]
        few = len(filled) > 0 and len(filled) * _SPARSE <= (filled[-1] - filled[0]) // across
        if few and not predicted:
            for column in filled.tolist():
                body.put(*frame.cell(column, int(rows[line, column])), POINT, color)
        mark = (theory.theory_mark if predicted else arm_mark)(header, name.arm, view.glyphs)
        for column in [*along.tolist(), *filled[-1:].tolist()]:
            body.put(*frame.cell(column, int(rows[line, column])), mark, color)
        if columns.broken[line].any():
            broken = int(np.argmax(columns.broken[line]))
            before = filled[filled <= broken]
            column = int(before[-1]) if len(before) else broken
            body.put(*frame.cell(column, int(rows[line, column])), BROKEN, color)

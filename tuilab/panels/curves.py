"""Series over steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tuilab.panels.axes import StepAxis, ValueAxis, total_steps
from tuilab.panels.chart import GUTTER, PIXELS, Frame, Strokes, chart
from tuilab.panels.columns import Columns, read_columns, spreads, strokes
from tuilab.panels.finish import Entry, absent, finished, head, write
from tuilab.panels.numbers import short
from tuilab.panels.palette import BROKEN, POINT, arm_color, arm_mark, arm_of, arms_of, by_arm
from tuilab.panels.picture import Picture
from tuilab.panels.view import Glyphs, View
from tuilab.panels.words import sentence, spoken, trend
from tuilab.recording import Recording

_DASHES = (1, 2, 4)
_SAMPLES = ("──", "╌╌", "··")
_SAMPLES_ASCII = ("--", "- ", ". ")
_WIDEST_LABEL = 11
_SPARSE = 3
"""Series with fewer points than one in so many cells show them, joined by lines."""

_MARK_EVERY = 14
"""Cells between the marks along a line where colour cannot tell lines apart."""


@dataclass(frozen=True, slots=True)
class Line:
    """One series of a chart."""

    name: str
    arm: str
    metric: str
    dash: int
    columns: Columns


@dataclass(frozen=True, slots=True)
class Curves:
    """Series that match the globs, coloured by arm; several metrics of an arm differ in their dashes."""

    title: str
    series: tuple[str, ...]
    log: bool = False

    def draw(self, recording: Recording, view: View, width: int, height: int) -> Picture:
        """See `Panel.draw`."""
        return finished(lambda picture: self._render(picture, recording, view), view, width, height)

    def describe(self, recording: Recording, view: View) -> str:
        """The last value of every series, whether it rises or falls, and where it broke."""
        names = shown(recording, self.series, view)
        facts = [f"{called} {trend(recording, name, view.step)}" for name, called in spoken(names).items()]
        return sentence(self.title, f"at step {view.step}", facts)

    def _render(self, picture: Picture, recording: Recording, view: View) -> None:
        log = self.log if view.log is None else view.log
        names = shown(recording, self.series, view)
        metrics = list(dict.fromkeys(name.partition("/")[2] for name in names))
        body = Picture.blank(picture.width, picture.height - 1)
        left_out = False
        if picture.height > 1:
            left_out = self._chart(body, recording, view, names, metrics, log)
        picture.paste(1, 0, body)
        notes = ["log"] * log + ["values ≤ 0 left out"] * left_out
        head(picture, self.title, notes, _entries(recording, names, view), _key(metrics, view))

    def _chart(
        self, body: Picture, recording: Recording, view: View, names: list[str], metrics: list[str], log: bool
    ) -> bool:
        """Draws the lines and says whether values were left out."""
        gutter = GUTTER
        while True:
            frame = Frame.fit(body.width, body.height, view.glyphs, gutter)
            steps = StepAxis.until(view.step, total_steps(recording.header), frame.pixels[0])
            lines = [_line(recording, name, metrics, steps, view, log) for name in names]
            values = _range(lines, log)
            y = values.ticks(frame.cells[1])
            widest = max(map(len, y.labels))
            if widest <= gutter or gutter >= _WIDEST_LABEL:
                break
            gutter = min(widest, _WIDEST_LABEL)
        if not any(len(line.columns.filled) or line.columns.broken.any() for line in lines):
            write(
                body,
                0,
                "nothing to draw yet"
                if names
                else absent(recording, f"no series matches {' or '.join(self.series)}"),
            )
            return any(line.columns.left_out for line in lines)
        if steps.crowded:
            drawn = [_spread(line, values, frame, recording, metrics) for line in lines]
            lines = [replace(line, columns=line.columns.middles()) for line in lines]
        else:
            drawn = []
        drawn += [_strokes(line, values, frame, recording) for line in lines]
        body.paste(0, 0, chart(frame, drawn, steps.ticks(frame.cells[0]), y, "step"))
        for line in lines:
            _marks(body, line, values, frame, recording, view)
        return any(line.columns.left_out for line in lines)


def shown(recording: Recording, globs: Sequence[str], view: View) -> list[str]:
    """The series that match and whose arm is not hidden, arm by arm."""
    names = recording.series(*globs) if globs else []
    return by_arm(recording.header, [name for name in names if arm_of(name) not in view.hidden])


def _line(recording: Recording, name: str, metrics: list[str], axis: StepAxis, view: View, log: bool) -> Line:
    arm, _, metric = name.partition("/")
    columns = read_columns(recording, name, axis, view.step)
    if view.live:
        group = _group(view.glyphs) if axis.crowded else PIXELS[view.glyphs][0]
        columns = columns.first(axis.complete(view.step, group))
    dash = _DASHES[min(metrics.index(metric), len(_DASHES) - 1)]
    return Line(name, arm, metric, dash, columns.logarithms() if log else columns)


def _range(lines: list[Line], log: bool) -> ValueAxis:
    filled = [line.columns for line in lines if len(line.columns.filled)]
    return ValueAxis.holding((np.nanmin(c.low) for c in filled), (np.nanmax(c.high) for c in filled), log)


def _group(glyphs: Glyphs) -> int:
    """Pixel columns that share one stroke where series are crowded: two cells."""
    return 2 * PIXELS[glyphs][0]


def _spread(line: Line, values: ValueAxis, frame: Frame, recording: Recording, metrics: list[str]) -> Strokes:
    header, group = recording.header, _group(frame.glyphs)
    known = arms_of(header)
    place = known.index(line.arm) if line.arm in known else metrics.index(line.metric)
    at = place * PIXELS[frame.glyphs][0] % group + place // 2 % PIXELS[frame.glyphs][0]
    mark = arm_mark(header, line.arm, "ascii")
    return spreads(line.columns, values, frame.pixels[1], arm_color(header, line.arm), mark, group, at)


def _strokes(line: Line, values: ValueAxis, frame: Frame, recording: Recording) -> Strokes:
    header = recording.header
    mark = arm_mark(header, line.arm, "ascii")
    return strokes(line.columns, values, frame.pixels[1], arm_color(header, line.arm), mark, line.dash)


def _marks(
    body: Picture, line: Line, values: ValueAxis, frame: Frame, recording: Recording, view: View
) -> None:
    """The arm's mark where its line ends, and a cross where it broke for the first time."""
    header, columns = recording.header, line.columns
    color = arm_color(header, line.arm)
    filled = columns.filled
    if not view.color:
        across = PIXELS[view.glyphs][0]
        offset = (len(line.arm) + sum(map(ord, line.arm))) % _MARK_EVERY
        along = filled[(filled // across % _MARK_EVERY == offset) & (filled % across == 0)]
    else:
        along = filled[:0]
    if len(filled) and len(filled) * _SPARSE <= (filled[-1] - filled[0]) // PIXELS[view.glyphs][0]:
        for column in filled.tolist():
            body.put(*_cell(frame, values, column, columns.last[column]), POINT, color)
    for column in [*along.tolist(), *filled[-1:].tolist()]:
        body.put(
            *_cell(frame, values, column, columns.last[column]),
            arm_mark(header, line.arm, view.glyphs),
            color,
        )
    if columns.broken.any():
        broken = int(np.argmax(columns.broken))
        before = filled[filled <= broken]
        spot = (int(before[-1]), columns.last[before[-1]]) if len(before) else (broken, -np.inf)
        body.put(*_cell(frame, values, *spot), BROKEN, color)


def _cell(frame: Frame, values: ValueAxis, column: int, value: float) -> tuple[int, int]:
    row = int(np.rint(values.place(np.array([value]))[0] * (frame.pixels[1] - 1)))
    return frame.cell(column, row)


def _entries(recording: Recording, names: list[str], view: View) -> list[Entry]:
    """The arms of the panel with the latest value of the first metric of each."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(arm_of(name), name)
    header = recording.header
    return [
        Entry(
            arm_mark(header, arm, view.glyphs),
            arm,
            arm_color(header, arm),
            short(recording.at(name, view.step)),
        )
        for arm, name in first.items()
    ]


def _key(metrics: list[str], view: View) -> str:
    """How the metrics are told apart, where there are several; without the ending they share."""
    if len(metrics) < 2:
        return ""
    samples = _SAMPLES_ASCII if view.glyphs == "ascii" else _SAMPLES
    ending = metrics[0].rpartition(".")[2]
    shared = all(metric.endswith("." + ending) for metric in metrics)
    names = [metric.removesuffix("." + ending) if shared else metric for metric in metrics]
    return " ".join(f"{samples[min(place, 2)]} {name}" for place, name in enumerate(names[: len(samples)]))

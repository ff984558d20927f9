"""The one place that speaks to plotext 6.

plotext is given pixel coordinates, never data: one NaN in a line aborts the whole process there (it cannot be
caught), infinities raise, two equal limits print a warning, and every point costs it 15 µs. So the panels
decimate their series to one vertical stroke a pixel column, in whole numbers, and plotext draws those, shares
cells between colours and frames them with axes. It keeps one global figure: hence the lock, and the clearing.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np

from tuilab.panels.axes import Ints, Ticks
from tuilab.panels.colors import DEFAULT
from tuilab.panels.palette import DIM
from tuilab.panels.picture import Picture
from tuilab.panels.view import Glyphs

PIXELS: dict[Glyphs, tuple[int, int]] = {"braille": (2, 4), "block": (2, 2), "ascii": (1, 1)}
"""Pixels in a cell, across and up."""

GUTTER = 6
"""Cells left of the y axis for its labels: always the same, so that charts line up and do not shift."""

_SMALLEST = (GUTTER + 14, 5)
_ASCII = str.maketrans("│┤├┼└┴┬─", "|++++++-")
_LOCK = Lock()


@dataclass(frozen=True, slots=True, eq=False)
class Strokes:
    """One series as vertical strokes, at most one a pixel column.

    Attributes:
        columns: (n,) pixel columns, strictly increasing.
        low: (n,) lowest pixel row, counted from the bottom.
        high: (n,) highest pixel row.
        color: Colour code.
        char: What draws it in ASCII.
    """

    columns: Ints
    low: Ints
    high: Ints
    color: int
    char: str = "*"


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a chart of some size has its canvas.

    Attributes:
        width: Of everything, in cells.
        height: Of everything, in cells.
        gutter: Cells for the y labels; None leaves both axes out.
        glyphs: What is drawn with.
    """

    width: int
    height: int
    gutter: int | None
    glyphs: Glyphs

    @classmethod
    def fit(cls, width: int, height: int, glyphs: Glyphs, gutter: int = GUTTER) -> Frame:
        """With axes where there is room for them."""
        roomy = width >= _SMALLEST[0] and height >= _SMALLEST[1]
        return cls(width, height, gutter if roomy else None, glyphs)

    @property
    def left(self) -> int:
        """Cells left of the canvas."""
        return 0 if self.gutter is None else self.gutter + 1

    @property
    def cells(self) -> tuple[int, int]:
        """Width and height of the canvas in cells."""
        return self.width - self.left, self.height - (0 if self.gutter is None else 2)

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height of the canvas in pixels."""
        (width, height), (across, up) = self.cells, PIXELS[self.glyphs]
        return width * across, height * up

    def cell(self, column: int, row: int) -> tuple[int, int]:
        """The (y, x) of the cell that a pixel lies in."""
        across, up = PIXELS[self.glyphs]
        return self.cells[1] - 1 - row // up, self.left + column // across


def chart(frame: Frame, strokes: list[Strokes], x: Ticks, y: Ticks, name: str) -> Picture:
    """Strokes in a frame, with axes where the frame has them; `name` is what the x axis counts."""
    with _LOCK:
        matrix = _build(frame, strokes, x, y)
        text = matrix.string(True)
        picture = Picture.blank(frame.width, frame.height)
        for row, line in enumerate(text.splitlines()[: frame.height]):
            picture.put(row, 0, line.translate(_ASCII) if frame.glyphs == "ascii" else line, DIM)
        # plotext gives colours back cell by cell: worth it only where something was drawn.
        height = frame.cells[1]
        canvas = picture.chars[:height, frame.left :]
        picture.fg[:height, frame.left :] = DEFAULT
        for row, column in np.argwhere(canvas != " ").tolist():
            color = matrix.get(row, frame.left + column).foreground()
            if color is not None:
                picture.fg[row, frame.left + column] = strokes[color[1] << 8 | color[2]].color
        if frame.gutter is not None:
            picture.put(frame.height - 1, 0, name.rjust(frame.gutter), DIM)
    return picture


def _build(frame: Frame, strokes: list[Strokes], x: Ticks, y: Ticks) -> Any:
    import plotext

    plotext.terminal.limit(False, False)
    figure = plotext.figure
    figure.clear()
    figure.plot_size(frame.width, frame.height)
    figure.canvas("default")
    figure.axes(False)
    axes = frame.gutter is not None
    for name, side, ticks, size in (("x", "lower", x, frame.pixels[0]), ("y", "left", y, frame.pixels[1])):
        ruler = figure.ruler(name, side)
        ruler.lim(0, size)
        ruler.alignment(lim="edge")
        ruler.ticks(
            [0.5 + round(place * (size - 1)) for place in ticks.places], _labels(frame, name, ticks)
        ) if axes else (ruler.frequency(0))
        if axes:
            figure.axes(True, axis=name, side=side)
    marker = {"braille": "braille", "block": "hd"}.get(frame.glyphs)
    for index, stroke in enumerate(strokes):
        _draw(
            figure, stroke, plotext.marker(marker or stroke.char, plotext.pixel((1, index >> 8, index & 255)))
        )
    return figure.build()


def _labels(frame: Frame, name: str, ticks: Ticks) -> list[str]:
    return [label.rjust(frame.gutter or 0) for label in ticks.labels] if name == "y" else ticks.labels


def _draw(figure: Any, stroke: Strokes, marker: Any) -> None:
    """Runs of one row become one line, other columns a line each: fewer points are less time."""
    flat = stroke.low == stroke.high
    joins = flat[1:] & flat[:-1] & (np.diff(stroke.columns) == 1) & (np.diff(stroke.low) == 0)
    starts = np.flatnonzero(np.append(True, ~joins)) if len(flat) else np.empty(0, int)
    ends = np.append(starts[1:], len(flat)) - 1 if len(flat) else starts
    xs: list[float] = []
    ys: list[float] = []
    ties: list[int] = []
    for left, right, low, high in zip(
        stroke.columns[starts].tolist(),
        stroke.columns[ends].tolist(),
        stroke.low[starts].tolist(),
        stroke.high[ends].tolist(),
        strict=True,
    ):
        xs.append(left + 0.5)
        ys.append(low + 0.5)
        if left != right or low != high:
            ties.append(len(xs))
            xs.append(right + 0.5)
            ys.append(high + 0.5)
    if xs:
        signal = figure.signal(xs, ys, marker=marker)
        for index in ties:
            signal.line(index, True)
        figure.draw(signal)

"""Lines in a frame with axes, and the one place that speaks to plotext 6.

plotext draws the axes: ticks and labels, no data. It takes 15 µs a point, and one NaN in a line aborts the
whole process there (it cannot be caught); so lines are dots, put into the cells by numpy. It keeps one global
figure: hence the lock, and the clearing. Axes change seldom by design, so they are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any, TypeVar

import numpy as np

from tuilab.panels.axes import Ticks
from tuilab.panels.columns import Strokes
from tuilab.panels.dots import light_lines
from tuilab.panels.palette import DIM
from tuilab.panels.picture import Picture
from tuilab.panels.view import PIXELS, Glyphs

GUTTER = 6
"""Cells left of the y axis for its labels: always the same, so that charts line up and do not shift."""

_WIDEST_LABEL = 11
_SMALLEST = (GUTTER + 14, 5)
_ASCII = str.maketrans("│┤├┼└┴┬─", "|++++++-")
_LOCK = Lock()

Prepared = TypeVar("Prepared")


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

    def canvas(self, picture: Picture) -> Picture:
        """The part of a picture that lies within the axes; what is drawn on it is drawn on the picture."""
        return picture.part(0, self.left, self.cells[1], self.cells[0])


def fitted(
    body: Picture, glyphs: Glyphs, prepare: Callable[[Frame], tuple[Prepared, Ticks]]
) -> tuple[Frame, Prepared, Ticks]:
    """The frame of a chart that fills `body`, with a gutter as wide as its y labels need.

    Args:
        body: What is to be filled.
        glyphs: What is drawn with.
        prepare: Makes of a frame what is drawn in it, and its y labels.
    """
    gutter = GUTTER
    while True:
        frame = Frame.fit(body.width, body.height, glyphs, gutter)
        prepared, ticks = prepare(frame)
        widest = max(map(len, ticks.labels), default=0)
        if widest <= gutter or gutter >= _WIDEST_LABEL:
            return frame, prepared, ticks
        gutter = min(widest, _WIDEST_LABEL)


@dataclass(frozen=True, slots=True)
class Ink:
    """What lines (n,) are drawn with: their colour codes, and the characters that stand for them in ASCII."""

    colors: Sequence[int]
    chars: Sequence[str]


def chart(frame: Frame, drawn: Sequence[tuple[Strokes, Ink]], x: Ticks, y: Ticks, name: str) -> Picture:
    """Strokes in a frame, with axes where it has them. A cell shows the latest strokes that touch it alone.

    Args:
        frame: Its sizes.
        drawn: What is drawn and with what.
        x: Labels below.
        y: Labels at the left.
        name: What the x axis counts.
    """
    picture = Picture.blank(frame.width, frame.height)
    if frame.gutter is not None:
        ticks = [tuple(part) for part in (x.places, x.labels, y.places, y.labels)]
        for row, line in enumerate(_axes(frame, *ticks)):
            picture.put(row, 0, line, DIM)
        picture.put(frame.height - 1, 0, name.rjust(frame.gutter), DIM)
    canvas = frame.canvas(picture)
    for strokes, ink in drawn:
        layer = Picture.blank(canvas.width, canvas.height)
        lengths = strokes.high - strokes.low + 1
        first = np.repeat(np.cumsum(lengths) - lengths, lengths)
        rows = np.repeat(strokes.low, lengths) + np.arange(len(first)) - first
        columns, lines = np.repeat(strokes.columns, lengths), np.repeat(strokes.lines, lengths)
        light_lines(layer, columns, rows, lines, ink.colors, ink.chars, frame.glyphs)
        canvas.cover(layer)
    return picture


@lru_cache(maxsize=64)
def _axes(
    frame: Frame,
    x_places: tuple[float, ...],
    x_labels: tuple[str, ...],
    y_places: tuple[float, ...],
    y_labels: tuple[str, ...],
) -> list[str]:
    """A frame's rows with nothing but its axes."""
    import plotext

    gutter = frame.gutter or 0
    with _LOCK:
        plotext.terminal.limit(False, False)
        figure: Any = plotext.figure
        figure.clear()
        figure.plot_size(frame.width, frame.height)
        figure.canvas("default")
        figure.axes(False)
        for name, side, places, labels, size in (
            ("x", "lower", x_places, x_labels, frame.pixels[0]),
            ("y", "left", y_places, [label.rjust(gutter) for label in y_labels], frame.pixels[1]),
        ):
            ruler = figure.ruler(name, side)
            ruler.lim(0, size)
            ruler.alignment(lim="edge")
            ruler.ticks([0.5 + round(place * (size - 1)) for place in places], list(labels))
            figure.axes(True, axis=name, side=side)
        text = str(figure.build().string(True))
    return [
        line.translate(_ASCII) if frame.glyphs == "ascii" else line
        for line in text.splitlines()[: frame.height]
    ]

"""What pictures frames hold, what was seen in the pictures, and where they lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tuilab.panels.blocks import Block
from tuilab.panels.finish import cut
from tuilab.panels.frames import texts
from tuilab.panels.palette import BROKEN
from tuilab.recording import Frame

_MANY = 1 << 24

_LEAST = 8
"""Pixels across and up below which a picture shows nothing: fewer pictures are shown instead."""


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """What a pictures frame holds.

    Attributes:
        pixels: (n, h, w, 3 or 1) 8-bit.
        titles: One a picture, or none.
    """

    pixels: NDArray[np.uint8]
    titles: list[str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a network saw in a picture."""

    true: str
    predicted: str
    right: bool
    probability: float

    def lines(self, width: int, rows: int) -> list[str]:
        """As much of it as fits: a mistake of two rows says below what it is."""
        if rows == 1 or self.right or len(self.text(width)) > len(f"{BROKEN}{self.predicted} 100%"):
            return [self.text(width)]
        return [self.text(width), cut(f"is {self.true}", width)]

    def text(self, width: int) -> str:
        """As much of it as fits in a row."""
        mark, share = "" if self.right else BROKEN, f"{self.probability:.0%}"
        full = f"{mark}{self.predicted} {share}"
        whole = full if self.right else f"{full}, is {self.true}"
        return next(
            (each for each in (whole, full) if len(each) <= width), cut(f"{mark}{self.predicted}", width)
        )


@dataclass(frozen=True, slots=True)
class Grid:
    """Where pictures lie in a block of cells.

    Attributes:
        shown: How many.
        columns: Of pictures.
        width: Of a picture, in pixels, as many as cells.
        height: Of a picture, in pixels, two a cell.
        pitch: Cells from one row of pictures to the next.
    """

    shown: int
    columns: int
    width: int
    height: int
    pitch: int


def gallery_of(frame: Frame) -> Gallery | None:
    """The pictures in a frame; None for one that holds none."""
    array = frame.array
    if array.ndim != 4 or 0 in array.shape or array.shape[3] not in (1, 3) or array.size > _MANY:
        return None
    if array.dtype != np.uint8:
        return None
    return Gallery(array, texts(frame.meta.get("titles"), len(array)))


def verdicts_of(frame: Frame) -> list[Verdict]:
    """What a captions frame says of each picture; nothing for one that is none."""
    array = frame.array
    if array.ndim != 2 or array.shape[1] != 3 or array.size > _MANY or array.dtype.kind not in "fiub":
        return []
    classes = texts(frame.meta.get("classes"))

    def name(number: float) -> str:
        known = np.isfinite(number) and 0 <= number < len(classes)
        return classes[int(number)] if known else f"{number:.0f}" if np.isfinite(number) else "–"

    return [
        Verdict(name(true), name(predicted), true == predicted, share if 0 <= share <= 1 else 0.0)
        for true, predicted, share in array.astype(np.float64).tolist()
    ]


def told_of(verdicts: list[Verdict]) -> str:
    """How many are right, and the surest that is not."""
    if not verdicts:
        return ""
    told = f", {sum(verdict.right for verdict in verdicts)} of {len(verdicts)} right"
    wrong = [verdict for verdict in verdicts if not verdict.right]
    if wrong:
        worst = max(wrong, key=lambda verdict: verdict.probability)
        told += f", surest mistake {worst.predicted} for {worst.true} with {worst.probability:.0%}"
    return told


def grid_of(gallery: Gallery, block: Block, captions: int) -> Grid:
    """The grid in which the pictures, with rows for captions, are largest; fewer where they'd be small."""
    count, high, wide = gallery.pixels.shape[:3]
    least = min(wide, _LEAST), min(high, _LEAST)
    below = min(captions, max(block.height - (least[1] + 1) // 2, 0))
    grid = _largest(count, high, wide, block, below)
    if grid.width < least[0] or grid.height < least[1]:
        across = max((block.width + 1) // (least[0] + 1), 1)
        down = max(block.height // ((least[1] + 1) // 2 + below), 1)
        grid = _largest(min(count, across * down), high, wide, block, below)
    return grid


def _largest(count: int, high: int, wide: int, block: Block, below: int) -> Grid:
    best, found = -1.0, Grid(1, 1, 1, 1, 1)
    for columns in range(1, min(count, block.width) + 1):
        rows = -(-count // columns)
        across = (block.width + 1) // columns - 1
        # A row of captions parts the pictures; without it half a cell stays free below each.
        up = 2 * (block.height // rows - below) - (0 if below or rows == 1 else 1)
        scale = min(across / wide, up / high)
        scale = float(int(scale)) if scale >= 2 else scale
        if across >= 1 and up >= 1 and scale > best:
            width, height = max(int(wide * scale + 1e-9), 1), max(int(high * scale + 1e-9), 1)
            pitch = (height + 1) // 2 + below if below or rows == 1 else height // 2 + 1
            best, found = scale, Grid(count, columns, width, height, pitch)
    if best < 0:  # not even one row each: the first of them, a cell each
        return Grid(min(count, max(block.width // 2, 1)), max(block.width // 2, 1), 1, 2, 1)
    return found

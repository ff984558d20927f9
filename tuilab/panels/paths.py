"""The way an arm went over a surface, as dots in cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tuilab.panels.axes import Floats
from tuilab.panels.dots import light
from tuilab.panels.fading import faded
from tuilab.panels.picture import Picture
from tuilab.panels.view import PIXELS, Glyphs, View
from tuilab.recording import Readable

_BEGINNING = 1000
"""Steps drawn one by one; of what comes after, as many points again."""

_SWINGS = 24
"""Steps whose lines are drawn however long they are."""

_LEAP = 12
"""The longest line in pixels drawn after those; of a longer one only its end."""


_PARTS = (3, 12)
"""The last third of a path is newer, its last twelfth newest."""

_RECENT = 8
"""Steps that are newest at least."""


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """Positions in the order they were taken, the finite ones.

    Attributes:
        x: (n,).
        y: (n,).
        whole: Whether the last recorded position is finite.
    """

    x: Floats
    y: Floats
    whole: bool


def read_path(recording: Readable, names: Sequence[str], step: int) -> Path:
    """The positions that two series, x and y, tell up to and including a step; of a long path some 2,000."""
    beginning = min(step + 1, _BEGINNING)
    read = [recording.read(name, 0, beginning) for name in names]
    if step >= beginning:
        rest = [recording.overview(name, beginning, step + 1, _BEGINNING) for name in names]
        read = [
            (np.append(steps, part.steps), np.append(values, np.where(part.nonfinite > 0, np.nan, part.last)))
            for (steps, values), part in zip(read, rest, strict=True)
        ]
    _, here, there = np.intersect1d(read[0][0], read[1][0], assume_unique=True, return_indices=True)
    x, y = read[0][1][here], read[1][1][there]
    finite = np.isfinite(x) & np.isfinite(y)
    return Path(x[finite], y[finite], bool(len(finite) == 0 or finite[-1]))


def inside(path: Path, x: tuple[float, float], y: tuple[float, float]) -> bool:
    """Whether a path's last position lies in a range."""
    return bool(x[0] <= path.x[-1] <= x[1] and y[0] <= path.y[-1] <= y[1])


def draw_path(
    picture: Picture,
    path: Path,
    x: tuple[float, float],
    y: tuple[float, float],
    color: int,
    mark: str,
    view: View,
) -> None:
    """Lines from position to position, over what the picture shows; what lies outside is left out.

    Older parts are greyer. Without colour the arm's own mark draws them, since dots on shades would be lost.
    """
    glyphs: Glyphs = view.glyphs if view.color else "ascii"
    across, up = PIXELS[glyphs]
    spots, line = _spots(path.x, path.y, x, y, picture.width * across, picture.height * up, _SWINGS)
    count = len(path.x)
    ends = [0, *(max(count - max(count // part, _RECENT), 0) for part in _PARTS), count]
    for place, (start, end) in enumerate(pairwise(ends)):
        pixels = np.unique(spots[(line >= start) & (line < end)], axis=0)
        age = (len(_PARTS) - place) / (len(_PARTS) + 2)
        light(picture, pixels[:, 0], pixels[:, 1], faded(color, age), glyphs, mark)


def line_pixels(
    xs: Floats, ys: Floats, x: tuple[float, float], y: tuple[float, float], width: int, height: int
) -> NDArray[np.int64]:
    """The pixels (n, 2), column and row from the bottom, of the lines between points, those inside."""
    pixels: NDArray[np.int64] = np.unique(_spots(xs, ys, x, y, width, height, len(xs))[0], axis=0)
    return pixels


def _spots(
    xs: Floats,
    ys: Floats,
    x: tuple[float, float],
    y: tuple[float, float],
    width: int,
    height: int,
    swings: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pixels (n, 2), column and row from the bottom, of lines between positions; of each its line (n,).

    Long lines are drawn at the beginning alone, the first `swings`: an arm that swings across a valley would
    fill it.
    """
    points = np.stack([_scaled(xs, x, width), _scaled(ys, y, height)], axis=-1)
    starts, ends = (points[:-1], points[1:]) if len(points) > 1 else (points, points)
    leaps = (np.abs(ends - starts).max(axis=1, initial=0.0) > _LEAP) & (np.arange(len(starts)) >= swings)
    starts = np.where(leaps[:, None], ends, starts)
    starts, ends, numbers = _clipped(starts, ends, np.array([width, height], np.float64))
    counts = np.ceil(np.abs(ends - starts).max(axis=1, initial=0.0)).astype(np.int64) + 1
    line = np.repeat(np.arange(len(counts)), counts)
    place = np.arange(len(line)) - np.repeat(np.cumsum(counts) - counts, counts)
    share = place / np.maximum(counts - 1, 1)[line]
    spots = np.floor(starts[line] + (ends - starts)[line] * share[:, None]).astype(np.int64)
    kept = (spots >= 0).all(axis=1) & (spots < (width, height)).all(axis=1)
    return spots[kept], numbers[line][kept]


def _scaled(values: Floats, ends: tuple[float, float], pixels: int) -> Floats:
    """Values as pixel coordinates, far away ones no further than floats can be subtracted."""
    return np.clip(
        (np.clip(values, -1e300, 1e300) / 2 - ends[0] / 2) / (ends[1] / 2 - ends[0] / 2) * pixels, -1e12, 1e12
    )


def _clipped(starts: Floats, ends: Floats, size: Floats) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """The parts of lines (n, 2) in the box from 0 to `size` (Liang and Barsky), and which lines these are."""
    delta = ends - starts
    enter, leave = np.zeros(len(starts)), np.ones(len(starts))
    with np.errstate(divide="ignore", invalid="ignore"):
        for axis in (0, 1):
            near, far = -starts[:, axis] / delta[:, axis], (size[axis] - starts[:, axis]) / delta[:, axis]
            still = delta[:, axis] == 0
            outside = still & ((starts[:, axis] < 0) | (starts[:, axis] > size[axis]))
            enter = np.where(still, np.where(outside, 2.0, enter), np.maximum(enter, np.minimum(near, far)))
            leave = np.where(still, leave, np.minimum(leave, np.maximum(near, far)))
    kept = enter <= leave
    starts, delta = starts[kept], delta[kept]
    return starts + delta * enter[kept, None], starts + delta * leave[kept, None], np.flatnonzero(kept)

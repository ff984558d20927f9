"""Points of several classes, drawn in cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tuilab.panels.axes import LIMIT, Floats, Ints, ValueAxis
from tuilab.panels.dots import light
from tuilab.panels.finish import Entry
from tuilab.panels.frames import texts
from tuilab.panels.hues import class_color, class_mark
from tuilab.panels.paths import line_pixels
from tuilab.panels.picture import Picture
from tuilab.panels.view import PIXELS, Glyphs, View
from tuilab.recording import Frame

_MANY = 1 << 22
_MOST_CLASSES = 26


@dataclass(frozen=True, slots=True, eq=False)
class Cloud:
    """What a scatter frame holds; the finite points.

    Attributes:
        points: (n, 2).
        kinds: (n,) the class of each, 0 where there are none.
        left_out: How many points are not finite.
        axes: The names of x and y.
        classes: Their names; empty where points have no class.
    """

    points: Floats
    kinds: Ints
    left_out: int
    axes: tuple[str, str]
    classes: list[str]


def cloud_of(frame: Frame | None) -> Cloud | None:
    """The points in a frame; None for one that holds none."""
    if frame is None or frame.array.ndim != 2 or frame.array.shape[1] not in (2, 3):
        return None
    if frame.array.size > _MANY or frame.array.dtype.kind not in "fiub":
        return None
    array = frame.array.astype(np.float64)
    finite = (np.abs(array[:, :2]) < LIMIT).all(axis=1)
    kinds = np.zeros(len(array), np.int64)
    classes: list[str] = []
    if array.shape[1] == 3:
        given = np.where(np.isfinite(array[:, 2]), array[:, 2], 0)
        kinds = np.clip(given, 0, _MOST_CLASSES - 1).astype(np.int64)
        classes = texts(frame.meta.get("classes"))[:_MOST_CLASSES]
        classes += [str(kind) for kind in range(len(classes), int(kinds.max(initial=0)) + 1)]
    x, y = texts(frame.meta.get("names"), 2) or ("x", "y")
    return Cloud(array[finite, :2], kinds[finite], int((~finite).sum()), (x, y), classes)


def class_entries(classes: Sequence[str], view: View) -> list[Entry]:
    """The legend of the classes."""
    return [Entry(class_mark(k, view.glyphs), name, class_color(k)) for k, name in enumerate(classes)]


def draw_points(
    picture: Picture, cloud: Cloud, x: ValueAxis, y: ValueAxis, view: View, color: int, mark: str, few: int
) -> None:
    """Points over what the picture shows; what lies outside the axes is left out.

    A cell has the colour of the class with most points in it. Up to `few` points, and where only its mark
    tells a class, points are marks; else dots.

    Args:
        picture: Drawn on.
        cloud: The points.
        x: The picture's width.
        y: The picture's height.
        view: Glyphs and colours.
        color: Of points without classes.
        mark: Of points without classes.
        few: Points that are few.
    """
    share = np.stack([_share(cloud.points[:, 0], x), _share(cloud.points[:, 1], y)])
    inside = ((share >= 0) & (share <= 1)).all(axis=0)
    kinds = cloud.kinds[inside]
    if not len(kinds):
        return
    marks = len(cloud.points) <= few or view.glyphs == "ascii" or (not view.color and len(cloud.classes) > 1)
    across, up = (1, 1) if marks else PIXELS[view.glyphs]
    size = np.array([[picture.width * across], [picture.height * up]])
    column, row = np.minimum(share[:, inside] * size, size - 1).astype(np.int64)
    cell = (picture.height - 1 - row // up) * picture.width + column // across
    count = picture.height * picture.width
    classes = int(kinds.max()) + 1
    most = np.bincount(kinds * count + cell, minlength=classes * count).reshape(classes, count).argmax(axis=0)
    found = np.unique(cell)
    places = np.unravel_index(found, picture.chars.shape)
    kind = most[found].tolist()
    if marks:
        signs = [class_mark(each, view.glyphs) for each in kind] if cloud.classes else mark
        picture.chars[places] = signs
    else:
        light(picture, column, row, color, view.glyphs)
    picture.fg[places] = [class_color(each) for each in kind] if cloud.classes else color


def draw_line(
    picture: Picture, line: Floats, x: ValueAxis, y: ValueAxis, color: int, glyphs: Glyphs, mark: str
) -> None:
    """A line through points (n, 2), logarithms where an axis is logarithmic; in ASCII a row of marks."""
    across, up = PIXELS[glyphs]
    size = picture.width * across, picture.height * up
    pixels = line_pixels(line[:, 0], line[:, 1], (x.low, x.high), (y.low, y.high), *size)
    light(picture, pixels[:, 0], pixels[:, 1], color, glyphs, mark)


def _share(values: Floats, axis: ValueAxis) -> Floats:
    """Values from 0 to 1 along an axis, further out where they lie outside."""
    if axis.log:
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.log10(values)
    share: Floats = np.nan_to_num((values / 2 - axis.low / 2) / (axis.high / 2 - axis.low / 2), nan=-1.0)
    return share

"""What a map frame holds, and its colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tuilab.panels.axes import LIMIT, Floats, Ints, ValueAxis
from tuilab.panels.frames import pair, power, range_of, text, texts
from tuilab.panels.hues import DIVERGING_LEVELS
from tuilab.panels.numbers import brief
from tuilab.panels.palette import HEAT_LEVELS
from tuilab.recording import Frame

HOLE = -1
"""The level of what has no value."""

BROKE = -2
"""The level of what is infinite."""

_MANY = 1 << 22
_CLOSE = 1e-9
"""Nearer to zero than this share of its axis a value is called zero."""

_MOST_POINTS = 4096
_MOST_CATEGORIES = 1000

Colors = Literal["heat", "diverging", "categories"]


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """One side of a map.

    Attributes:
        range: From the outer edge of the first column or row to that of the last.
        name: What it measures; may be empty.
        labels: One a column or row; empty on an axis of numbers.
        count: Columns or rows.
    """

    range: ValueAxis
    name: str
    labels: list[str]
    count: int

    def at(self, place: int) -> str:
        """Where a column or row is, in words."""
        if self.labels:
            return f"{self.name} {self.labels[place]}".strip()
        low, high = self.range.low, self.range.high
        value = low + (high - low) * (place + 0.5) / self.count
        if abs(value) < (high - low) * _CLOSE:
            value = 0.0
        return f"{self.name} {brief(power(value) if self.range.log else value)}".strip()


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A map.

    Attributes:
        values: (rows, columns), row 0 at the lowest y; NaN where there is no value, infinite where it broke.
        x: The axis across.
        y: The axis up.
        colors: What the values mean.
        categories: Names of the categories 0, 1, …
        lines: Lines drawn over it, by name: points (n, 2), logarithms where an axis is logarithmic.
    """

    values: Floats
    x: Axis
    y: Axis
    colors: Colors
    categories: list[str]
    lines: list[tuple[str, Floats]]

    @property
    def table(self) -> bool:
        """Whether its rows or columns have names, as those of a confusion matrix."""
        return bool(self.x.labels or self.y.labels)


def field_of(frame: Frame) -> Field | None:
    """The map in a frame; None for one that is none."""
    array, meta = frame.array, frame.meta
    if array.ndim != 2 or 0 in array.shape or array.size > _MANY or array.dtype.kind not in "fiub":
        return None
    values = array.astype(np.float64)
    given = text(meta, "colors", "heat")
    colors: Colors = (
        "diverging" if given == "diverging" else "categories" if given == "categories" else "heat"
    )
    categories: list[str] = []
    if colors == "categories":
        with np.errstate(invalid="ignore"):
            values = np.where((values >= 0) & (values < _MOST_CATEGORIES), np.floor(values), np.nan)
        categories = texts(meta.get("categories"))
    x, y = _axis(meta, "x", array.shape[1]), _axis(meta, "y", array.shape[0])
    return Field(values, x, y, colors, categories, _lines(meta.get("lines"), x, y))


def _axis(meta: Mapping[str, Any], key: str, count: int) -> Axis:
    """The ends of a range are the values in the middle of the first and of the last column or row."""
    labels = texts(meta.get(f"{key}_labels"), count)
    ends = None if labels else range_of(meta, key)
    if ends is None:
        ends = ValueAxis(-0.5, count - 0.5)
    elif count > 1:
        half = (ends.high - ends.low) / (count - 1) / 2
        ends = ValueAxis(ends.low - half, ends.high + half, ends.log)
    return Axis(ends, text(meta, f"{key}_name"), labels, count)


def _lines(given: Any, x: Axis, y: Axis) -> list[tuple[str, Floats]]:
    lines = []
    for each in given if isinstance(given, list) else []:
        points = each.get("points") if isinstance(each, dict) else None
        listed = points[:_MOST_POINTS] if isinstance(points, list) else []
        pairs = [point for point in map(pair, listed) if point is not None]
        if len(pairs) < 2:
            continue
        place = np.array(pairs)
        for column, axis in enumerate((x, y)):
            if axis.range.log:
                with np.errstate(divide="ignore", invalid="ignore"):
                    place[:, column] = np.log10(place[:, column])
        place = place[np.isfinite(place).all(axis=1)]
        if len(place) >= 2:
            lines.append((text(each, "name"), place))
    return lines


def scale_of(fields: list[Field], log: bool) -> ValueAxis:
    """The range of values that the colours stand for, one for all maps of a panel."""
    known = [field.values[np.abs(field.values) < LIMIT] for field in fields]
    if fields[0].colors == "diverging":
        far = max((float(np.abs(part).max()) for part in known if len(part)), default=1.0) or 1.0
        return ValueAxis.holding([-far], [far], False)
    if log:
        known = [np.log10(part[part > 0]) for part in known]
    known = [part for part in known if len(part)]
    return ValueAxis.holding(
        (float(part.min()) for part in known), (float(part.max()) for part in known), log
    )


def logarithms(values: Floats) -> Floats:
    """Decimal logarithms; what is not positive lies at the bottom of every scale."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.log10(np.where(values <= 0, 0, values))
    return np.where(found == -np.inf, -LIMIT, found)


def levels_of(values: Floats, colors: Colors, scale: ValueAxis) -> Ints:
    """The level of every value, HOLE where there is none and BROKE where it is infinite."""
    known = np.isfinite(values)
    if colors == "categories":
        found = np.where(known, values, 0).astype(np.int64)
    else:
        place = scale.place(np.where(known, values, scale.low))
        if colors == "diverging":
            found = np.rint(place * (DIVERGING_LEVELS - 1)).astype(np.int64)
        else:
            found = np.minimum(place * HEAT_LEVELS, HEAT_LEVELS - 1).astype(np.int64)
    return np.where(known, found, np.where(np.isnan(values), HOLE, BROKE))

"""What a sweep goes over: `optimizer.lr=log(1e-4,1,9)`, as text that is read and never run.

log(a,b,n)   n values from a to b, each the same factor above the one before
lin(a,b,n)   n values from a to b, the same distance apart
logint, int  the same in whole numbers
log(a,b) …   the whole range, for a search that draws
a,b,c        these values, in braces or without: numbers, true, false, words or "quoted text"
"""

from __future__ import annotations

import itertools
import math
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

Value = float | int | bool | str
"""Of a parameter."""
Point = dict[str, Value]
"""A value of each parameter, by its key."""

MOST = 1_000_000
"""Points of a grid."""
_DIGITS = 6
"""Significant ones of a value that was computed, so that it can be typed again."""
_NEAR = 0.05
"""Share of a range, at each of its ends, that counts as its edge."""
_KEY = re.compile(r"""((?:"[^"]*"|'[^']*'|[^"'=])+)=(.*)""", re.DOTALL)
_RANGE = re.compile(r"(log|lin|logint|int)\s*\((.*)\)")
_ITEM = re.compile(r"""\s*("[^"]*"|'[^']*'|[^,"']*?)\s*(,|$)""")
_WANTED = "wanted KEY=log(1e-4,1,9), KEY=lin(0,1,5), KEY=int(1,8,4), KEY=logint(16,256,5) or KEY=a,b,c"


class SpaceError(Exception):
    """A space that can't be read or searched: one clear sentence."""


@dataclass(frozen=True)
class Axis:
    """One parameter and the values that it may have."""

    key: str
    text: str
    """As it was written after the key."""
    ends: tuple[float, float] | None = None
    """Of a range; None of a list."""
    log: bool = False
    whole: bool = False
    """Whether it has whole numbers alone."""
    values: tuple[Value, ...] = ()
    """Those of a grid, in order; none of a range that is only drawn from."""

    @classmethod
    def parse(cls, text: str) -> Axis:
        """The axis that `KEY=SPEC` describes.

        Raises:
            SpaceError: it can't be read.
        """
        found = _KEY.fullmatch(text)
        if found is None or not (key := found[1].strip()) or not (spec := found[2].strip()):
            raise SpaceError(f"--over {_short(text)}: {_WANTED}")
        try:
            return (
                cls._ranged(key, spec, ranged) if (ranged := _RANGE.fullmatch(spec)) else _listed(key, spec)
            )
        except ValueError as error:
            raise SpaceError(f"--over {_short(text)}: {error}") from None

    @classmethod
    def _ranged(cls, key: str, spec: str, found: re.Match[str]) -> Axis:
        name, inside = found.groups()
        log, whole = name.startswith("log"), name.endswith("int")
        given = [piece.strip() for piece in inside.split(",")]
        if len(given) not in (2, 3):
            raise ValueError(f"{name} takes two ends and how many values, such as {name}(1,100,3)")
        low, high = (_end(piece, whole) for piece in given[:2])
        if not low < high:
            raise ValueError(f"{name} goes from the smaller to the greater; found {given[0]} and {given[1]}")
        if log and low <= 0:
            raise ValueError(f"log has ends above 0; found {given[0]}")
        count = _count(given[2]) if len(given) == 3 else 0
        axis = cls(key, spec, (low, high), log, whole)
        grid = (axis.value(number / (count - 1)) for number in range(count))
        return cls(key, spec, (low, high), log, whole, tuple(dict.fromkeys(grid)))

    def value(self, share: float) -> Value:
        """The value at a share, 0 to 1, of the way from one end to the other."""
        if self.ends is None:
            return self.values[min(int(share * len(self.values)), len(self.values) - 1)]
        low, high = self.ends
        if share in (0, 1):
            at = self.ends[int(share)]
        else:
            at = low * (high / low) ** share if self.log else low + share * (high - low)
            at = min(max(at, low), high)
        return round(at) if self.whole else _plain(at)

    def holds(self, value: object) -> bool:
        """Whether it can be a value of this parameter."""
        if self.ends is None:
            return isinstance(value, float | int | str) and shown(value) in map(shown, self.values)
        return (
            isinstance(value, float | int)
            and not isinstance(value, bool)
            and self.ends[0] <= value <= self.ends[1]
        )

    def share(self, value: Value) -> float:
        """How far from one end to the other a value lies, 0 to 1; of a list by its place in it."""
        if self.ends is None:
            return self.values.index(value) / max(len(self.values) - 1, 1)
        low, high = self.ends
        at = float(value)
        return math.log(at / low) / math.log(high / low) if self.log else (at - low) / (high - low)

    def edge(self, value: Value) -> str:
        """`lowest` or `highest` where the value lies at an end of what was searched; "" elsewhere.

        Words have no order, and two values nothing in between.
        """
        if self.ends is None and (len(self.values) < 3 or not all(map(_is_number, self.values))):
            return ""
        grid = sorted(float(each) for each in self.values)
        if len(grid) == 2:
            return ""
        if grid and (float(value) <= grid[0] or float(value) >= grid[-1]):
            return "lowest" if float(value) <= grid[0] else "highest"
        share = 0.5 if self.ends is None else self.share(value)
        return "lowest" if share < _NEAR else "highest" if share > 1 - _NEAR else ""


@dataclass(frozen=True)
class Space:
    """The axes of a sweep, and the points on them."""

    axes: tuple[Axis, ...]

    @classmethod
    def parse(cls, over: Sequence[str]) -> Space:
        """The space of several `KEY=SPEC`.

        Raises:
            SpaceError: one can't be read, or a key stands twice.
        """
        axes = tuple(Axis.parse(text) for text in over)
        keys = [axis.key for axis in axes]
        if twice := next((key for key in keys if keys.count(key) > 1), None):
            raise SpaceError(
                f"--over {twice}: stands twice; give all its values at once, such as {twice}=a,b,c"
            )
        return cls(axes)

    @property
    def keys(self) -> tuple[str, ...]:
        """The parameters."""
        return tuple(axis.key for axis in self.axes)

    def grid(self) -> list[Point]:
        """Every combination of the axes' values, the last axis fastest.

        Raises:
            SpaceError: an axis is a range without a number of values, or there are too many points.
        """
        for axis in self.axes:
            if not axis.values:
                more = f"{axis.text.removesuffix(')')},9)"
                raise SpaceError(
                    f"--over {axis.key}={axis.text}: a grid wants how many values, such as {more}; "
                    "or draw from it with --random N"
                )
        if (count := math.prod(len(axis.values) for axis in self.axes)) > MOST:
            raise SpaceError(
                f"the grid has {count:,} points, at most {MOST:,} are run; --random N draws some"
            )
        return [dict(zip(self.keys, values, strict=True)) for values in self._product()]

    def draw(self, number: int, seed: int = 0) -> Point:
        """The point of a random search with this number: the same whatever else is drawn.

        Each axis is drawn from by itself, a range as a whole however many values its grid has: then as many
        values of each parameter are tried as there are points (Bergstra and Bengio, JMLR 13, 2012).
        """
        return {
            axis.key: axis.value(random.Random(f"sweep {seed} {number} {axis.key}").random())
            for axis in self.axes
        }

    def random(self, count: int, seed: int = 0) -> list[Point]:
        """The first so many points of a random search."""
        return [self.draw(number, seed) for number in range(count)]

    def holds(self, point: Mapping[str, object]) -> bool:
        """Whether this can be a point of the space."""
        return set(point) == set(self.keys) and all(axis.holds(point[axis.key]) for axis in self.axes)

    def at_edge(self, point: Mapping[str, Value]) -> dict[str, str]:
        """The parameters of a point that lie at an edge of the space, with which one: see `Axis.edge`."""
        return {axis.key: edge for axis in self.axes if (edge := axis.edge(point[axis.key]))}

    def _product(self) -> Iterator[tuple[Value, ...]]:
        return itertools.product(*(axis.values for axis in self.axes))


def settings(point: Mapping[str, Value]) -> list[str]:
    """A point as overrides of a scenario: `optimizer.lr=0.01`."""
    return [f"{key}={shown(value)}" for key, value in point.items()]


def shown(value: Value) -> str:
    """A value as it would be typed."""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, float) else str(value)


def _listed(key: str, spec: str) -> Axis:
    inside = spec[1:-1] if spec[0] + spec[-1] == "{}" else spec
    if any(mark in inside for mark in "{}[]()"):
        raise ValueError(_WANTED)
    values: list[Value] = []
    at = 0
    while found := _ITEM.match(inside, at):
        if not found[1]:
            raise ValueError("a value is missing between two commas")
        values.append(_item(found[1]))
        at = found.end()
        if not found[2]:
            break
    else:
        raise ValueError(_WANTED)
    if len(values) < 2:
        raise ValueError(f"has one value alone; {_WANTED}, in quotes so that the shell leaves it alone")
    # By their text: True and 1 are two values here.
    return Axis(key, spec, values=tuple({shown(value): value for value in values}.values()))


def _item(text: str) -> Value:
    if text[0] in "\"'":
        return text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return _finite(float(text), text)
    except ValueError:
        if text.lower() in ("nan", "inf", "-inf", "+inf", "infinity", "-infinity"):
            raise
        return text


def _end(text: str, whole: bool) -> float:
    try:
        found = int(text) if whole else float(text)
    except ValueError:
        wanted = "a whole number" if whole else "a number"
        raise ValueError(f"an end of a range is {wanted}; found {_short(text)!r}") from None
    return _finite(found, text)


def _finite(value: float, text: str) -> float:
    if not abs(value) < 1e300:
        raise ValueError(f"{_short(text)} is no number that a parameter can have")
    return value


def _count(text: str) -> int:
    if not text.isdecimal() or not 2 <= int(text[:9]) <= MOST:
        raise ValueError(f"how many values is a whole number from 2 to {MOST:,}; found {_short(text)!r}")
    return int(text)


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _plain(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"

"""Several recordings of one scenario that differ in their seed alone, read as one: mean and spread."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce as folded
from typing import Any, NamedTuple

import numpy as np

from tuilab.recording.format import MAX_STEP, Floats, Ints
from tuilab.recording.names import Series, SeriesName
from tuilab.recording.overview import bounds
from tuilab.recording.readable import Extent, Readable
from tuilab.recording.results import Event, Frame, Gap, Overview


class Band(NamedTuple):
    """A series over n seeds.

    Attributes:
        steps: (k,) those that every seed has.
        mean: (k,) over the seeds whose value is finite; NaN where none is.
        deviation: (k,) the sample standard deviation of those (n − 1 in the denominator), 0 for a single one.
        nonfinite: (k,) how many seeds have NaN or an infinity there.
        least: (k,) the smallest finite value.
        greatest: (k,) the greatest.
    """

    steps: Ints
    mean: Floats
    deviation: Floats
    nonfinite: Ints
    least: Floats
    greatest: Floats


class Spread:
    """A `Readable` whose series are means over seeds.

    Its overviews reach one deviation to each side, but no farther than the values do.

    Frames can't be averaged and are the first seed's. Events are everybody's, each with its seed.
    """

    def __init__(self, members: Mapping[int, Readable]) -> None:
        """Read `members`, at least one, by their seeds."""
        if not members:
            raise ValueError("a spread over no recordings: at least one is needed")
        self._members = dict(members)
        self._first = next(iter(self._members.values()))
        self._bands: dict[str, tuple[int, Band]] = {}

    @property
    def header(self) -> dict[str, Any]:
        """The first seed's, and `seeds`: all of them."""
        return {**self._first.header, "seeds": list(self._members)}

    @property
    def revision(self) -> int:
        """Greater whenever any seed has something new."""
        return sum(member.revision for member in self._members.values())

    @property
    def finished(self) -> bool:
        """Whether all are."""
        return all(member.finished for member in self._members.values())

    @property
    def gaps(self) -> list[Gap]:
        """Everybody's."""
        return [gap for member in self._members.values() for gap in member.gaps]

    @property
    def first_step(self) -> int:
        """The first that all have, -1 while one has nothing."""
        steps = [member.first_step for member in self._members.values()]
        return -1 if min(steps) < 0 else max(steps)

    @property
    def last_step(self) -> int:
        """The last that all have, -1 while one has nothing."""
        return min(member.last_step for member in self._members.values())

    def refresh(self) -> bool:
        """Look for what was added to any."""
        new = [member.refresh() for member in self._members.values()]
        return any(new)

    def series(self, *globs: str) -> list[str]:
        """Names that every seed has."""
        return [name for name in self._first.series(*globs) if self.has(name)]

    def has(self, name: str) -> bool:
        """Whether every seed has it."""
        return all(member.has(name) for member in self._members.values())

    def identity(self, name: str) -> SeriesName:
        """As the first seed has it."""
        return self._first.identity(name)

    def describe(self, name: str) -> Series:
        """As the first seed has it."""
        return self._first.describe(name)

    def extent(self, name: str) -> Extent:
        """Everybody's parts, each as far as all have it."""
        found = [member.extent(name) for member in self._members.values()]
        shared = min(max((last for _, last in parts), default=-1) for parts in found)
        return tuple((part, min(last, shared)) for parts in found for part, last in parts)

    def band(self, name: str) -> Band:
        """A series with its spread; raises KeyError where a seed does not have it."""
        known = self._bands.get(name)
        if known is None or known[0] != self.revision:
            known = self._bands[name] = self.revision, self._statistics(name)
        return known[1]

    def read(self, name: str, start: int | None = None, stop: int | None = None) -> tuple[Ints, Floats]:
        """Steps and means in [start, stop)."""
        steps, mean, *_ = self.band(name)
        inside = slice(*np.searchsorted(steps, (start or 0, MAX_STEP if stop is None else stop)).tolist())
        return steps[inside], mean[inside]

    def times(self, name: str, start: int | None = None, stop: int | None = None) -> tuple[Ints, Floats]:
        """The first seed's."""
        return self._first.times(name, start, stop)

    def at(self, name: str, step: int) -> float | None:
        """The mean at the last step at or before `step` that all have."""
        steps, mean, *_ = self.band(name)
        place = int(np.searchsorted(steps, step, "right")) - 1
        return float(mean[place]) if place >= 0 else None

    def overview(self, name: str, start: int | None, stop: int | None, columns: int) -> Overview:
        """The band in at most `columns` equal spans: from mean − deviation to mean + deviation."""
        if columns < 1:
            raise ValueError(f"an overview of {columns} columns: at least 1")
        steps, mean, deviation, nonfinite, least, greatest = self.band(name)
        low = max(self.first_step, 0) if start is None else max(start, 0)
        high = max(self.last_step + 1, low) if stop is None else max(stop, low)
        cuts = np.searchsorted(steps, bounds(low, high, columns))
        filled = np.flatnonzero(cuts[1:] > cuts[:-1])
        if not len(filled):
            none = np.empty(0)
            return Overview(np.empty(0, np.int64), none, none, none, np.empty(0, np.int64))
        first, last = cuts[:-1][filled], cuts[1:][filled] - 1
        span = slice(first[0], last[-1] + 1)
        at = first - first[0]
        return Overview(
            steps[last],
            np.fmin.reduceat(np.maximum(mean - deviation, least)[span], at),
            np.fmax.reduceat(np.minimum(mean + deviation, greatest)[span], at),
            mean[last],
            np.add.reduceat(nonfinite[span], at),
        )

    def frames(self, *globs: str) -> list[str]:
        """The first seed's."""
        return self._first.frames(*globs)

    def frame(self, name: str, step: int) -> Frame | None:
        """The first seed's."""
        return self._first.frame(name, step)

    def frame_steps(self, name: str) -> Ints:
        """The first seed's."""
        return self._first.frame_steps(name)

    def events(self, start: int | None = None, stop: int | None = None) -> list[Event]:
        """Everybody's, by step."""
        found = [
            Event(event.step, event.kind, event.arm, {**event.data, "seed": seed}, event.time)
            for seed, member in self._members.items()
            for event in member.events(start, stop)
        ]
        return sorted(found, key=lambda event: event.step)

    def __enter__(self) -> Spread:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all."""
        for member in self._members.values():
            member.close()

    def _statistics(self, name: str) -> Band:
        parts = [member.read(name) for member in self._members.values()]
        steps = folded(np.intersect1d, [part[0] for part in parts])
        values = np.stack([found[np.searchsorted(at, steps)] for at, found in parts])
        finite = np.isfinite(values)
        count = finite.sum(0)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            mean = np.where(finite, values, 0.0).sum(0) / count
            squares = np.where(finite, (values - mean) ** 2, 0.0).sum(0)
            deviation = np.sqrt(squares / np.maximum(count - 1, 1))
        least = np.where(finite, values, np.inf).min(0)
        greatest = np.where(finite, values, -np.inf).max(0)
        return Band(steps, mean, deviation, len(parts) - count, least, greatest)

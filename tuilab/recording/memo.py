"""What was found out about a recording, kept for as long as it holds: panels and the doctor look often.

What rests on the names is made anew when there is another name. What was read of a series is added to when
rows came behind it, and read again from where its history became another one. So every answer is what a first
look would give.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Set
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary, proxy

import numpy as np

from tuilab.recording.format import MAX_STEP
from tuilab.recording.names import SeriesName, layer_order
from tuilab.recording.overview import Digest, reduce
from tuilab.recording.readable import Extent, Readable
from tuilab.recording.results import Overview

FOREVER = MAX_STEP
"""A bin as wide as this holds everything."""

_MOST_ROWS = 2**20
"""Bins kept of one recording, some 40 MB; those asked for longest ago are let go first."""

_EMPTY = Overview(np.empty(0, np.int64), np.empty(0), np.empty(0), np.empty(0), np.empty(0, np.int64))


@dataclass(frozen=True, slots=True)
class _Read:
    """What is known of a series in bins of one width: all before `stop`, when this was its extent."""

    extent: Extent
    stop: int
    bins: Overview


class Memo:
    """Use `memo`. Not thread-safe, as the recording is not."""

    def __init__(self, readable: Readable) -> None:
        self._readable: Readable = proxy(readable)
        self._revision = -1
        self._names: list[str] = []
        self._matching: dict[tuple[str, ...], list[str]] = {}
        self._layers: dict[str, dict[str, dict[str, str]]] = {}
        self._found: dict[SeriesName, str] = {}
        self._arms: set[str] = set()
        self._read: OrderedDict[tuple[str, int], _Read] = OrderedDict()
        self._rows = 0

    def series(self, *globs: str) -> list[str]:
        """As `Readable.series`; not to be changed."""
        self._settle()
        found = self._matching.get(globs)
        if found is None:
            found = self._matching[globs] = self._readable.series(*globs)
        return found

    def name(self, arm: str, metric: str) -> str | None:
        """What the series of an arm's metric is called; None where there is none."""
        self._settle()
        return self._found.get(SeriesName(arm, metric))

    def arms(self) -> Set[str]:
        """All arms that have a series."""
        self._settle()
        return self._arms

    def layers(self, metric: str) -> dict[str, dict[str, str]]:
        """The series of a metric by arm and layer; not to be changed.

        Counted layers stand in the order of their numbers, named ones behind them as they first appeared.
        """
        self._settle()
        return self._layers.get(metric, {})

    def history(self, name: str, width: int, stop: int) -> Overview:
        """A series before the step `stop`, in bins of `width` steps from step 0; empty bins are left out.

        Raises:
            KeyError: no such series.
        """
        known = self._known(name, width, self._readable.extent(name))
        if known.stop < stop:
            known = self._grown(name, width, known, stop)
        self._keep((name, width), known)
        if known.stop <= stop:
            return known.bins
        whole = stop // width * width
        bins = _before(known.bins, whole)
        return _merged([bins, self._readable.overview(name, whole, stop, 1)], width) if whole < stop else bins

    def _settle(self) -> None:
        """Forgets what rested on other names."""
        if self._readable.revision == self._revision:
            return
        self._revision, names = self._readable.revision, self._readable.series()
        if names == self._names:
            return
        self._names, self._matching, self._layers = names, {}, {}
        self._found = {self._readable.identity(name): name for name in names}
        self._arms = {identity.arm for identity in self._found}
        for (arm, metric, layer), name in self._found.items():
            if layer is not None:
                self._layers.setdefault(metric, {}).setdefault(arm, {})[layer] = name
        for arms in self._layers.values():
            for arm, layers in arms.items():
                arms[arm] = {layer: layers[layer] for layer in sorted(layers, key=layer_order)}

    def _known(self, name: str, width: int, extent: Extent) -> _Read:
        """What is known and still holds; of narrower bins put together where there are none of this width."""
        known = self._read.get((name, width))
        if known is None:
            narrower = [
                part for each, part in self._read if each == name and part < width and width % part == 0
            ]
            if not narrower:
                return _Read(extent, 0, _EMPTY)
            known = self._read[name, max(narrower)]
            known = replace(known, bins=_merged([known.bins], width))
        changed = _changed_from(known.extent, extent)
        if changed < known.stop:
            whole = changed // width * width
            return _Read(extent, whole, _before(known.bins, whole))
        return replace(known, extent=extent)

    def _grown(self, name: str, width: int, known: _Read, stop: int) -> _Read:
        """The same with what was recorded since."""
        start, stop = known.stop, min(stop, max((last for _, last in known.extent), default=-1) + 1)
        if stop <= start:
            return known
        parts = [known.bins]
        for first, last, bins in _spans(start, stop, width):
            parts.append(self._readable.overview(name, first, last, bins))
        return replace(known, stop=stop, bins=_merged(parts, width))

    def _keep(self, key: tuple[str, int], known: _Read) -> None:
        before = self._read.pop(key, None)
        self._rows += len(known.bins.steps) - (len(before.bins.steps) if before else 0)
        self._read[key] = known
        while self._rows > _MOST_ROWS and len(self._read) > 1:
            _, oldest = self._read.popitem(last=False)
            self._rows -= len(oldest.bins.steps)


_MEMOS: WeakKeyDictionary[Readable, Memo] = WeakKeyDictionary()


def memo(readable: Readable) -> Memo:
    """What is kept of a recording, for as long as the recording itself is."""
    found = _MEMOS.get(readable)
    if found is None:
        found = _MEMOS[readable] = Memo(readable)
    return found


def _changed_from(before: Extent, now: Extent) -> int:
    """The first step at which a series may not be what it was."""
    same = len(before) == len(now) and all(
        old is new and last <= longer for (old, last), (new, longer) in zip(before, now, strict=True)
    )
    if not same:
        return 0
    grown = [last + 1 for (_, last), (_, longer) in zip(before, now, strict=True) if longer > last]
    return min(grown, default=FOREVER)


def _spans(start: int, stop: int, width: int) -> list[tuple[int, int, int]]:
    """[start, stop) as the rest of a bin, whole bins, and a bin's beginning: first, end, number of bins."""
    aligned = min(-(-start // width) * width, stop)
    whole = max((stop - aligned) // width, 0)
    end = aligned + whole * width
    spans = (start, aligned, 1), (aligned, end, whole), (end, stop, 1)
    return [(first, last, bins) for first, last, bins in spans if first < last]


def _before(bins: Overview, step: int) -> Overview:
    count = int(np.searchsorted(bins.steps, step))
    return Overview(*(getattr(bins, field)[:count] for field in Digest._fields))


def _merged(parts: list[Overview], width: int) -> Overview:
    """Overviews of one series put together in bins of `width` steps."""
    digests = [Digest(part.steps, part.low, part.high, part.last, part.nonfinite) for part in parts]
    bins = np.unique(np.concatenate([part.steps for part in parts]) // width)
    return reduce(digests, np.append(bins, bins[-1:] + 1) * width) if len(bins) else _EMPTY

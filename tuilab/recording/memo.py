"""What was found out about a recording, kept for as long as it holds: panels and the doctor look often.

What rests on the names is made anew when there is another name. What was read of a series is added to when
rows came behind it, and read again from where its history became another one. So every answer is what a first
look would give.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Set
from dataclasses import dataclass
from weakref import WeakKeyDictionary, proxy

import numpy as np

from tuilab.recording.format import MAX_STEP, Floats, Ints
from tuilab.recording.names import SeriesName, layer_order
from tuilab.recording.readable import Extent, Readable
from tuilab.recording.results import Overview

FOREVER = MAX_STEP
"""A bin as wide as this holds everything."""

_MOST_ROWS = 2**20
"""Bins kept of one recording, some 40 MB; those of the series asked for longest ago are let go first."""

_MOST_BINS = 4096
"""Bins of a stretch in the midst of a series that are read anew each time."""

_FEW = 4096
"""Steps that are read one by one rather than in an overview."""

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
        self._read: OrderedDict[str, dict[int, _Read]] = OrderedDict()
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

    def history(self, name: str, width: int, stop: int, start: int = 0) -> Overview:
        """A series in [start, stop), in bins of `width` steps from step 0; empty bins are left out.

        Args:
            name: of the series.
            width: steps of a bin.
            stop: the step behind the last.
            start: the first step, where a bin begins. From a later one than 0 only a few bins are to be read:
                they are not kept.

        Raises:
            KeyError: no such series.
        """
        if start and stop - start <= _MOST_BINS * width:
            return self._stretch(name, width, start, stop)
        if start:
            return _split(self.history(name, width, stop), start)[1]
        known = self._known(name, width, self._readable.extent(name))
        if known.stop < stop:
            known = self._grown(name, width, known, stop)
        self._keep(name, width, known)
        if known.stop <= stop:
            return known.bins
        whole = stop // width * width
        bins, _ = _split(known.bins, whole)
        return _merged([bins, self._readable.overview(name, whole, stop, 1)], width) if whole < stop else bins

    def latest(self, name: str, step: int) -> int | None:
        """The last step up to `step` at which a series has a value; None where there is none.

        Raises:
            KeyError: no such series.
        """
        ends = [last for _, last in self._readable.extent(name)]
        if max(ends, default=-1) <= step:
            return max(ends) if max(ends, default=-1) >= 0 else None
        start, span = step, 1
        while start >= 0:
            steps, _ = self._readable.read(name, max(start - span + 1, 0), start + 1)
            if len(steps):
                return int(steps[-1])
            start, span = start - span, span * 4
        return None

    def _stretch(self, name: str, width: int, start: int, stop: int) -> Overview:
        if stop <= start:
            return _EMPTY
        if stop - start <= _FEW:
            return _merged([_each(*self._readable.read(name, start, stop))], width)
        return _merged([self._readable.overview(name, *span) for span in _spans(start, stop, width)], width)

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
        widths = self._read.get(name, {})
        known = widths.get(width)
        if known is None:
            narrower = max((each for each in widths if each < width and width % each == 0), default=0)
            if not narrower:
                return _Read(extent, 0, _EMPTY)
            finer = widths[narrower]
            known = _Read(finer.extent, finer.stop, _merged([finer.bins], width))
        changed = _changed_from(known.extent, extent)
        if changed < known.stop:
            whole = changed // width * width
            return _Read(extent, whole, _split(known.bins, whole)[0])
        return _Read(extent, known.stop, known.bins)

    def _grown(self, name: str, width: int, known: _Read, stop: int) -> _Read:
        """The same with what was recorded since."""
        start, stop = known.stop, min(stop, max((last for _, last in known.extent), default=-1) + 1)
        if stop <= start:
            return known
        if stop - start <= _FEW:
            new = [_each(*self._readable.read(name, start, stop))]
        else:
            new = [self._readable.overview(name, *span) for span in _spans(start, stop, width)]
        # All but the last bin stay as they are.
        before, last = _split(known.bins, start // width * width)
        bins = _merged([last, *new], width)
        return _Read(known.extent, stop, _joined(before, bins) if len(before.steps) else bins)

    def _keep(self, name: str, width: int, known: _Read) -> None:
        widths = self._read.setdefault(name, {})
        self._rows += len(known.bins.steps) - (len(widths[width].bins.steps) if width in widths else 0)
        widths[width] = known
        self._read.move_to_end(name)
        while self._rows > _MOST_ROWS and len(self._read) > 1:
            _, forgotten = self._read.popitem(last=False)
            self._rows -= sum(len(each.bins.steps) for each in forgotten.values())


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


def _split(bins: Overview, step: int) -> tuple[Overview, Overview]:
    """The bins before a step and the others."""
    count = int(np.searchsorted(bins.steps, step))
    return _cut(bins, slice(count)), _cut(bins, slice(count, None))


def _cut(bins: Overview, kept: slice) -> Overview:
    return Overview(bins.steps[kept], bins.low[kept], bins.high[kept], bins.last[kept], bins.nonfinite[kept])


def _joined(before: Overview, after: Overview) -> Overview:
    return Overview(
        np.concatenate([before.steps, after.steps]),
        np.concatenate([before.low, after.low]),
        np.concatenate([before.high, after.high]),
        np.concatenate([before.last, after.last]),
        np.concatenate([before.nonfinite, after.nonfinite]),
    )


def _each(steps: Ints, values: Floats) -> Overview:
    """Rows as they would come out of an overview with a bin for each."""
    finite = np.isfinite(values)
    shown = np.where(finite, values, np.nan)
    return Overview(steps, shown, shown, shown, (~finite).astype(np.int64))


def _merged(parts: list[Overview], width: int) -> Overview:
    """Overviews of one series put together in bins of `width` steps."""
    steps = np.concatenate([part.steps for part in parts])
    if not len(steps):
        return _EMPTY
    low, high = (np.concatenate([getattr(part, end) for part in parts]) for end in ("low", "high"))
    last = np.concatenate([part.last for part in parts])
    bins = steps // width
    ends = np.flatnonzero(np.concatenate([bins[1:] != bins[:-1], [True]]))
    starts = np.concatenate([[0], ends[:-1] + 1])
    some = ~np.isnan(low)
    if some.all():
        shown = last[ends]
    else:
        where = np.maximum.reduceat(np.where(some, np.arange(len(low)), -1), starts)
        shown = np.where(where < 0, np.nan, last[where])
    return Overview(
        steps[ends],
        np.fmin.reduceat(low, starts),
        np.fmax.reduceat(high, starts),
        shown,
        np.add.reduceat(np.concatenate([part.nonfinite for part in parts]), starts),
    )

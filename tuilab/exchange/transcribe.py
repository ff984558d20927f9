"""From a log's items to a recording."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuilab.exchange.items import Damage, Histogram, Images, Item, Note, Scalars
from tuilab.exchange.names import ENGINE, recorded_name, text, texts
from tuilab.exchange.panels import group_of
from tuilab.exchange.survey import MAX_STEP, Key, Survey
from tuilab.recording import Table, Writer

BINS = 64
_MOST_SAID = 100
"""Damaged places that become events; further ones are only counted."""

Floats = NDArray[np.float64]


@dataclass(slots=True)
class Report:
    """What became of a log.

    Attributes:
        values: figures recorded.
        replaced: figures that a later start of the program, or a later figure of the same step, replaced.
        dropped: figures and frames that could not be recorded: negative steps, frames out of order.
        damage: what could not be read or was left out.
    """

    values: int = 0
    replaced: int = 0
    dropped: int = 0
    damage: list[Damage] = field(default_factory=list)


class Transcript:
    """Writes the items of a log, in the light of a survey of it."""

    def __init__(self, writer: Writer, survey: Survey) -> None:
        self.report = Report()
        self._writer = writer
        self._survey = survey
        self._tables: dict[Key, tuple[Table, int]] = {}
        self._frames: dict[str, int] = {}
        self._rows: dict[Key, tuple[int, Floats]] = {}
        """Histograms of a group that are at one step, by arm and group."""
        self._clock: tuple[Table, int] | None = None
        self._said: set[Damage] = set()
        writer.event(0, "started")
        self._groups: dict[Key, list[str]] = {}
        for arm, tag in survey.ranges:
            self._groups.setdefault((arm, group_of(tag)), []).append(tag)

    def write(self, item: Item) -> None:
        """Record one item.

        Raises:
            OSError: the disk is full or fails.
        """
        if isinstance(item, Scalars):
            self._scalars(item)
        elif isinstance(item, Histogram):
            self._histogram(item)
        elif isinstance(item, Images):
            if self._counts(item.arm, item.tag, item.step, item.part):
                self._frame(recorded_name(item.arm, item.tag), item.step, item.pixels, {"kind": "pictures"})
        elif isinstance(item, Note):
            step = item.step if 0 <= item.step < MAX_STEP else max(self._survey.last_step, 0)
            facts = {
                key: value for key, value in texts(item.data).items() if key not in ("step", "kind", "arm")
            }
            self._writer.event(step, text(item.kind), item.arm, **facts)
        elif isinstance(item, Damage) and item not in self._said:
            # What is left out is said once; damaged places are said each.
            self._said |= set() if item.length else {item}
            self.report.damage.append(item)

    def finish(self) -> None:
        """Record what was gathered, restarts and damage."""
        for key in list(self._rows):
            self._row_done(key)
        for arm in self._survey.arms:
            for step in self._survey.parts(arm).values():
                self._writer.event(min(max(step, 0), MAX_STEP - 1), "restarted", arm)
        last = max(self._survey.last_step, 0)
        for damage in self.report.damage[:_MOST_SAID]:
            facts = {"file": damage.path.name, "reason": damage.reason}
            where = {"offset": damage.offset, "bytes": damage.length} if damage.length else {}
            self._writer.event(last, "damaged" if damage.length else "left-out", None, **facts, **where)

    def _scalars(self, item: Scalars) -> None:
        steps, values = item.steps, item.values
        good = (steps >= 0) & (steps < MAX_STEP)
        possible = int(good.sum())
        self.report.dropped += len(steps) - possible
        good &= steps < self._survey.limit(item.arm, item.tag, item.part)
        steps, values = steps[good], values[good]
        if not bool((steps[1:] > steps[:-1]).all()):
            order = np.argsort(steps, kind="stable")
            steps, values = steps[order], values[order]
            last = np.append(steps[1:] != steps[:-1], True)
            steps, values = steps[last], values[last]
        self.report.values += len(steps)
        self.report.replaced += possible - len(steps)
        if not len(steps):
            return
        key = (item.arm, item.tag)
        table, reached = self._tables.get(key, (None, -1))
        if table is None or steps[0] <= reached:  # what comes out of order gets a table of its own
            table = self._writer.table([recorded_name(*key)])
        table.extend(steps, values[:, None])
        self._tables[key] = (table, int(steps[-1]))
        self._tick(int(steps[-1]), item.time)

    def _tick(self, step: int, time: float) -> None:
        """The clock goes on: seconds since the first figures."""
        began = self._survey.began
        if began and time >= began:
            table, reached = self._clock or (self._writer.table([f"{ENGINE}/seconds"]), -1)
            if step > reached:
                table.append(step, [time - began])
                self._clock = (table, step)

    def _counts(self, arm: str, tag: str, step: int, part: int) -> bool:
        """Whether something at a step is recorded; counted if not."""
        if not 0 <= step < MAX_STEP:
            self.report.dropped += 1
        elif step >= self._survey.limit(arm, tag, part):
            self.report.replaced += 1
        else:
            return True
        return False

    def _histogram(self, item: Histogram) -> None:
        if not self._counts(item.arm, item.tag, item.step, item.part):
            return
        key = (item.arm, group_of(item.tag))
        tags = self._groups[key]
        if key in self._rows and self._rows[key][0] != item.step:
            self._row_done(key)
        if key not in self._rows:
            self._rows[key] = (item.step, np.full((len(tags), BINS), np.nan))
        low, high = self._survey.ranges[(item.arm, item.tag)]
        self._rows[key][1][tags.index(item.tag)] = rebinned(item.edges, item.counts, low, high)

    def _row_done(self, key: Key) -> None:
        step, shares = self._rows.pop(key)
        arm, group = key
        tags = self._groups[key]
        ranges = [self._survey.ranges[(arm, tag)] for tag in tags]
        meta = {
            "kind": "histogram",
            "low": [low if np.isfinite(low) else 0.0 for low, _ in ranges],
            "high": [high if np.isfinite(high) else 0.0 for _, high in ranges],
            "layers": [tag.rpartition("/")[2] or tag for tag in tags],
        }
        self._frame(recorded_name(arm, group), step, shares.astype(np.float32), meta)

    def _frame(self, name: str, step: int, array: NDArray[Any], meta: dict[str, Any]) -> None:
        if step <= self._frames.get(name, -1):
            self.report.dropped += 1
            return
        self._frames[name] = step
        self._writer.frame(name, step, array, meta)


def rebinned(edges: Floats, counts: Floats, low: float, high: float) -> Floats:
    """Shares (BINS,) of a histogram in equal bins from low to high; within a bucket values lie evenly."""
    counts = np.where(np.isfinite(counts) & (counts > 0), counts, 0.0)
    total = counts.sum()
    shares = np.zeros(BINS)
    if not total > 0 or not np.isfinite(edges).all() or not np.isfinite([low, high]).all():
        return shares
    if not high > low:
        shares[BINS // 2] = 1.0
        return shares
    wide = np.diff(edges) > 0
    # np.interp wants increasing edges: buckets without width are a step, put into their bin by themselves.
    cumulative = np.append(0.0, np.cumsum(np.where(wide, counts, 0.0)))
    grid = np.linspace(low, high, BINS + 1)
    kept = np.append(True, wide)
    shares = np.diff(np.interp(grid, edges[kept], cumulative[kept]))
    for edge, count in zip(edges[:-1][~wide], counts[~wide], strict=True):
        if count:
            shares[min(max(int((edge - low) / (high - low) * BINS), 0), BINS - 1)] += count
    found: Floats = shares / total
    return found

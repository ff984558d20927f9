"""What a log holds in all, from one reading: what a recording's header and panels have to know beforehand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tuilab.exchange.items import Config, Damage, Histogram, Images, Item, Note, Restart, Scalars
from tuilab.exchange.names import texts

MAX_STEP = 2**62
Key = tuple[str, str]
"""Arm and tag."""


@dataclass(slots=True)
class Survey:
    """Facts about a log.

    Attributes:
        arms: in order of appearance.
        firsts: of each arm and tag the first step of each part it is in.
        restarts: of each arm and part the step from which on its program went on, where it said so.
        series: arms and tags of figures.
        ranges: of histograms the lowest and highest edge.
        images: arms and tags of pictures.
        configs: of each arm its settings.
        began: seconds since 1970 of the first figures, 0 where the log does not say.
        last_step: -1 while there is nothing.
    """

    arms: list[str] = field(default_factory=list)
    firsts: dict[Key, dict[int, int]] = field(default_factory=dict)
    restarts: dict[str, dict[int, int]] = field(default_factory=dict)
    series: dict[Key, None] = field(default_factory=dict)
    ranges: dict[Key, tuple[float, float]] = field(default_factory=dict)
    images: dict[Key, None] = field(default_factory=dict)
    configs: dict[str, dict[str, Any]] = field(default_factory=dict)
    began: float = 0.0
    last_step: int = -1

    @classmethod
    def of(cls, items: Iterable[Item]) -> Survey:
        """Of all items of a log."""
        survey = cls()
        for item in items:
            survey.add(item)
        return survey

    def add(self, item: Item) -> bool:
        """Takes an item in; True if that tells something new about what was there before.

        New are a series, an arm, a restart, settings, a wider range; more of the same is not.
        """
        if isinstance(item, Damage | Note):
            return False
        news = item.arm not in self.arms
        if news:
            self.arms.append(item.arm)
        if isinstance(item, Config):
            known = self.configs.setdefault(item.arm, {})
            news |= any(known.get(key, known) != value for key, value in texts(item.values).items())
            known |= texts(item.values)
        elif isinstance(item, Restart):
            news |= item.part not in self.restarts.setdefault(item.arm, {})
            self.restarts[item.arm][item.part] = item.step
        elif isinstance(item, Scalars):
            steps = item.steps[(item.steps >= 0) & (item.steps < MAX_STEP)]
            if not len(steps):
                return news
            key = (item.arm, item.tag)
            news |= key not in self.series
            self.series[key] = None
            news |= self._reach(key, item.part, int(steps.min()), int(steps.max()))
            if item.time > 0:
                self.began = min(self.began or item.time, item.time)
        elif isinstance(item, Histogram | Images):
            if not 0 <= item.step < MAX_STEP:
                return news
            key = (item.arm, item.tag)
            news |= self._reach(key, item.part, item.step, item.step)
            if isinstance(item, Histogram):
                before, self.ranges[key] = self.ranges.get(key), self._range(item)
                news |= before != self.ranges[key]
            else:
                news |= key not in self.images
                self.images[key] = None
        return news

    def limit(self, arm: str, tag: str, part: int) -> int:
        """The step from which on a part's values don't count: a later start of the program went on there."""
        later = [first for each, first in self.firsts.get((arm, tag), {}).items() if each > part]
        later += [step for each, step in self.restarts.get(arm, {}).items() if each > part]
        return min(later, default=MAX_STEP)

    def parts(self, arm: str) -> dict[int, int]:
        """Of each start of an arm's program but the first, the step it went on from."""
        found: dict[int, int] = {}
        for (of, _), firsts in self.firsts.items():
            if of == arm:
                for part, first in sorted(firsts.items())[1:]:
                    found[part] = min(found.get(part, first), first)
        found |= self.restarts.get(arm, {})
        return dict(sorted(found.items()))

    def _reach(self, key: Key, part: int, first: int, last: int) -> bool:
        self.last_step = max(self.last_step, last)
        firsts = self.firsts.setdefault(key, {})
        news = first < firsts.get(part, MAX_STEP) and part > 0
        firsts[part] = min(firsts.get(part, first), first)
        return news

    def _range(self, item: Histogram) -> tuple[float, float]:
        """The range of a series of histograms with this one: of buckets that hold something."""
        low, high = self.ranges.get((item.arm, item.tag), (np.inf, -np.inf))
        filled = np.flatnonzero(item.counts > 0)
        edges = item.edges[np.isfinite(item.edges)]
        if len(filled) and len(edges) == len(item.edges):
            low = min(low, float(edges[filled[0]]))
            high = max(high, float(edges[filled[-1] + 1]))
        return low, high

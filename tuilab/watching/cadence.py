"""Which series share a table: those that always come together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuilab.recording import Series, SeriesName, Table, Writer

WHOLE, BY_ARM, BY_METRIC = 3, 6, 7
"""How often a group may fall apart in two, and how often by arm as well, and by metric; then it does so into
its series. So a series is in few tables however its neighbours come and go: definitions stay below what
they define."""

PLANS = 16
"""Sets of names that are remembered; a run meets few at a time."""

Row = np.ndarray[Any, np.dtype[np.float64]]
Places = slice | np.ndarray[Any, np.dtype[np.intp]]


@dataclass(eq=False)
class Group:
    """Series that came together so far, and their table once they came by themselves."""

    names: tuple[str, ...]
    depth: int = 0
    table: Table | None = None


class Tables:
    """The tables of a recording, by cadence.

    At first all series that come together are a group, and a group is a table. When some of it comes without
    the rest, it falls apart for good, and both parts get tables of their own. So one row holds what is
    measured at the first step; from then on what comes with every step is apart from what comes with the
    probes, from what comes with a validation, and so on; an arm that ends leaves the tables of the others.

    Args:
        writer: of the recording. Units and meanings are taken from its header's `metrics`.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._metrics: Mapping[str, Mapping[str, Any]] = writer.header.get("metrics", {})
        self._groups: dict[str, Group] = {}
        self._plans: dict[tuple[str, ...], list[tuple[Table, Places]]] = {}

    def rows(self, values: Mapping[str, float]) -> Iterator[tuple[Table, Row]]:
        """What is measured at one step, by table."""
        names = tuple(values)
        plan = self._plans.get(names)
        if plan is None:
            plan = self._planned(names)
        numbers = np.fromiter(values.values(), np.float64, len(names))
        for table, places in plan:
            yield table, numbers[places]

    def _planned(self, names: tuple[str, ...]) -> list[tuple[Table, Places]]:
        """For each table that these names need: it, and where its columns are among them."""
        present = set(names)
        new: list[str] = []
        for name in names:
            group = self._groups.get(name)
            if group is None:
                new.append(name)
            elif not present.issuperset(group.names):
                self._take(self._parts(group, present), group.depth + 1)
        if new:
            self._take([new], 0)
        if len(self._plans) >= PLANS:
            self._plans.clear()
        place = {name: index for index, name in enumerate(names)}
        groups = dict.fromkeys(self._groups[name] for name in names)
        plan = [(self._table(group), _places([place[name] for name in group.names])) for group in groups]
        self._plans[names] = plan
        return plan

    def _parts(self, group: Group, present: set[str]) -> list[list[str]]:
        """What came and what did not, each taken apart further when that happened too often."""
        parts: dict[tuple[object, ...], list[str]] = {}
        for name in group.names:
            parts.setdefault((name in present, *_grain(name, group.depth)), []).append(name)
        return list(parts.values())

    def _take(self, parts: Iterable[list[str]], depth: int) -> None:
        """Makes groups of these names; plans that were made without them hold no longer."""
        for names in parts:
            self._plans.clear()
            self._groups |= dict.fromkeys(names, Group(tuple(names), depth))

    def _table(self, group: Group) -> Table:
        if group.table is None:
            group.table = self._writer.table([self._series(name) for name in group.names])
        return group.table

    def _series(self, name: str) -> Series:
        identity = SeriesName.parse(name)
        key = f"engine/{identity.metric}" if identity.arm == "engine" else identity.metric
        told = self._metrics.get(key, {})
        return Series(identity, told.get("unit", ""), told.get("meaning", ""))


def _grain(name: str, depth: int) -> tuple[str | None, ...]:
    """What of a series keeps it from others when its group falls apart; nothing at first."""
    identity = SeriesName.parse(name)
    return () if depth < WHOLE else identity[: 1 + (depth >= BY_ARM) + (depth >= BY_METRIC)]


def _places(indices: list[int]) -> Places:
    """As a slice where they lie side by side, which is a view and no copy."""
    if indices == list(range(indices[0], indices[0] + len(indices))):
        return slice(indices[0], indices[0] + len(indices))
    return np.array(indices)

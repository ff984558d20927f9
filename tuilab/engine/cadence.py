"""Which series share a table: those of an arm that always come together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuilab.recording import Series, SeriesName, Table, Writer

DEEPEST = 6
"""How often a group may fall apart in two; then it does so by metric, and then into its series. So a series
is in few tables however its neighbours come and go, and definitions never outweigh what they define."""

PLANS = 64
"""Sets of names that are remembered; a run meets few at a time."""

Row = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(eq=False)
class Group:
    """Series of one arm that came together so far, and their table once they came by themselves."""

    names: tuple[str, ...]
    depth: int = 0
    table: Table | None = None


class Tables:
    """The tables of a recording, by cadence.

    At first all series of an arm that come together are a group, and a group is a table. When some of it
    comes without the rest, it falls apart for good: both parts get tables of their own. So one row of each
    arm holds what is measured at the first step, and from then on what comes with every step is apart from
    what comes with the probes, from what comes with a validation, and so on; and when an arm ends, that is
    nothing to the others.

    Args:
        writer: of the recording. Units and meanings are taken from its header's `metrics`.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._metrics: Mapping[str, Mapping[str, Any]] = writer.header.get("metrics", {})
        self._groups: dict[str, Group] = {}
        self._plans: dict[tuple[str, ...], list[tuple[Table, slice | list[int]]]] = {}

    def rows(self, values: Mapping[str, float]) -> Iterator[tuple[Table, Row]]:
        """What is measured at one step, by table."""
        names = tuple(values)
        plan = self._plans.get(names)
        if plan is None:
            plan = self._planned(names)
        numbers = np.fromiter(values.values(), np.float64, len(names))
        for table, places in plan:
            yield table, numbers[places]

    def _planned(self, names: tuple[str, ...]) -> list[tuple[Table, slice | list[int]]]:
        """For each table that these names need: it, and where its columns are among them."""
        present = set(names)
        new: dict[str, list[str]] = {}
        for name in names:
            group = self._groups.get(name)
            if group is None:
                new.setdefault(SeriesName.parse(name).arm, []).append(name)
            elif not present.issuperset(group.names):
                self._take(self._parts(group, present), group.depth + 1)
        self._take(new.values(), 0)
        if len(self._plans) >= PLANS:
            self._plans.clear()
        place = {name: index for index, name in enumerate(names)}
        groups = dict.fromkeys(self._groups[name] for name in names)
        plan = [(self._table(group), _places([place[name] for name in group.names])) for group in groups]
        self._plans[names] = plan
        return plan

    def _parts(self, group: Group, present: set[str]) -> list[list[str]]:
        """What came and what did not, each taken apart further when that happened too often."""
        parts: dict[tuple[bool, str], list[str]] = {}
        for name in group.names:
            finer = "" if group.depth < DEEPEST else SeriesName.parse(name).metric
            parts.setdefault((name in present, finer if group.depth <= DEEPEST else name), []).append(name)
        return list(parts.values())

    def _take(self, parts: Any, depth: int) -> None:
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


def _places(indices: list[int]) -> slice | list[int]:
    """As a slice where they lie side by side, which is a view and no copy."""
    if indices[-1] - indices[0] == len(indices) - 1 and indices == sorted(indices):
        return slice(indices[0], indices[-1] + 1)
    return indices

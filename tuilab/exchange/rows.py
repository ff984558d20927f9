"""Logs that come row by row, many figures at a step: gathered into series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tuilab.exchange.items import Histogram, Item, Scalars
from tuilab.exchange.names import text

_MANY = 1 << 17
"""Figures gathered before they are handed on."""

_WORDS = {
    "nan": float("nan"),
    "inf": float("inf"),
    "+inf": float("inf"),
    "-inf": float("-inf"),
    "infinity": float("inf"),
    "-infinity": float("-inf"),
}
_DEEP = 8

Key = tuple[str, str, int]


class Rows:
    """Gathers figures; hand on what `full` or, at the end, `flush` gives."""

    def __init__(self) -> None:
        self._steps: dict[Key, list[int]] = {}
        self._values: dict[Key, list[float]] = {}
        self._times: dict[Key, float] = {}
        self._count = 0

    def add(self, arm: str, step: int, tag: str, value: float, part: int = 0, time: float = 0.0) -> None:
        """One figure."""
        key = (arm, tag, part)
        self._steps.setdefault(key, []).append(step)
        self._values.setdefault(key, []).append(value)
        self._times[key] = time
        self._count += 1

    def row(
        self, arm: str, step: int, values: Mapping[str, Any], part: int = 0, time: float = 0.0
    ) -> Iterator[Item]:
        """A row of decoded JSON: numbers are figures, objects are gone into, the rest is left out."""
        for tag, value in flat(values):
            if isinstance(value, dict):
                if (histogram := _histogram(value)) is not None:
                    yield Histogram(arm, tag, step, *histogram, part)
            elif (found := number(value)) is not None:
                self.add(arm, step, tag, found, part, time)

    def full(self) -> Iterator[Scalars]:
        """What was gathered, once it is much."""
        if self._count >= _MANY:
            yield from self.flush()

    def flush(self) -> Iterator[Scalars]:
        """What was gathered."""
        for (arm, tag, part), steps in self._steps.items():
            key = (arm, tag, part)
            yield Scalars(
                arm, tag, np.array(steps, np.int64), np.array(self._values[key]), part, self._times[key]
            )
        self._steps, self._values, self._times, self._count = {}, {}, {}, 0


def number(value: Any) -> float | None:
    """A figure: a number, or the words that stand for those JSON has not; else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            return float("inf") if value > 0 else float("-inf")
    return _WORDS.get(value.strip().lower()) if isinstance(value, str) else None


def whole(value: Any) -> int | None:
    """A step: a whole number in any of its spellings, else None."""
    if isinstance(value, str):
        try:
            value = int(value)
        except ValueError:
            try:
                value = float(value)
            except ValueError:
                return None
    found = number(value)
    if found is None or not abs(found) < 2**62 or found != int(found):
        return None
    return int(value)


def flat(values: Mapping[str, Any], above: str = "", deep: int = 0) -> Iterator[tuple[str, Any]]:
    """Nested objects as names with dots; objects that say their `_type` stay whole."""
    for key, value in values.items():
        name = text(f"{above}.{key}" if above else str(key))
        if isinstance(value, dict) and "_type" not in value:
            if deep < _DEEP:
                yield from flat(value, name, deep + 1)
        else:
            yield name, value


def _histogram(value: dict[str, Any]) -> tuple[Any, Any] | None:
    """W&B's and trackio's: edges (k + 1,) and counts (k,)."""
    if not str(value.get("_type", "")).endswith("histogram"):
        return None
    try:
        edges, counts = np.array(value["bins"], np.float64), np.array(value["values"], np.float64)
    except (KeyError, TypeError, ValueError):
        return None
    return (edges, counts) if edges.ndim == counts.ndim == 1 and len(edges) == len(counts) + 1 else None

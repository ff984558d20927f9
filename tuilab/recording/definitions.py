"""What tables are made of: the JSON of their definition chunks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tuilab.recording.format import TABLE_DTYPES, pack_json, unpack_json
from tuilab.recording.names import Series, SeriesName

TIME = "wall time"
"""What the column of times is called, for readers that take it for a series."""


@dataclass(frozen=True)
class TableDefinition:
    """Series that share their steps: their names, what they are of, and what their values are stored as.

    Attributes:
        names: a column each.
        dtype: of the values.
        described: what the series are of; None where their names say it all.
        timed: whether the last column is no series, but when each row was recorded.
    """

    names: tuple[str, ...]
    dtype: np.dtype[Any]
    described: tuple[Series, ...] | None = None
    timed: bool = False

    @classmethod
    def of(cls, series: Sequence[str | Series], dtype: str, timed: bool) -> TableDefinition:
        """The definition of a table of these series.

        Raises:
            ValueError: none, a name twice, another dtype, or times in a table of single precision.
        """
        described = tuple(Series.parse(item) if isinstance(item, str) else item for item in series)
        if not all(isinstance(item, Series) for item in described):
            raise ValueError(f"a table needs names, each once: {list(series)}")
        names = [item if isinstance(item, str) else item.name for item in series] + [TIME] * timed
        if not described or len(set(names)) != len(names):
            raise ValueError(f"a table needs names, each once: {names}")
        if dtype not in TABLE_DTYPES:
            raise ValueError(f"a table of {dtype!r}: only float64 and float32 can be recorded")
        if timed and dtype != "float64":
            raise ValueError(f"a table of {dtype} with times: they need float64")
        plain = all(item == Series.parse(name) for item, name in zip(described, names, strict=False))
        return cls(tuple(names), TABLE_DTYPES[dtype], None if plain else described, timed)

    @property
    def series(self) -> tuple[str, ...]:
        """The names of the columns that are series."""
        return self.names[:-1] if self.timed else self.names

    @cached_property
    def columns(self) -> dict[str, int]:
        """Which column each series is in."""
        return {name: column for column, name in enumerate(self.series)}

    def describe(self, column: int) -> Series:
        """What a column is of."""
        return self.described[column] if self.described else Series.parse(self.names[column])

    def pack(self) -> bytes:
        """The payload of a table chunk."""
        item: dict[str, Any] = {"dtype": self.dtype.name, "names": self.names}
        if self.described:
            item |= _packed(self.described)
        if self.timed:
            item["timed"] = True
        return pack_json(item)

    @classmethod
    def unpack(cls, payload: bytes) -> TableDefinition:
        """What `pack` made; raises ValueError for anything else."""
        item = unpack_json(payload)
        names = item.get("names") if isinstance(item, dict) else None
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            raise ValueError("not the definition of a table")
        dtype, timed = item.get("dtype"), item.get("timed", False)
        if not isinstance(dtype, str) or dtype not in TABLE_DTYPES or not isinstance(timed, bool):
            raise ValueError("a table of an unknown dtype")
        described = _unpacked(item, len(names) - timed) if "series" in item else None
        return cls(tuple(names), TABLE_DTYPES[dtype], described, timed)


def _packed(series: Sequence[Series]) -> dict[str, Any]:
    """Arms, metrics and layers once each, and the series as indices of these."""
    arms = _indices(item.identity.arm for item in series)
    metrics = _indices((item.identity.metric, item.unit, item.meaning) for item in series)
    layers = _indices(item.identity.layer for item in series if item.identity.layer is not None)
    return {
        "arms": list(arms),
        "metrics": [{"name": name, "unit": unit, "meaning": meaning} for name, unit, meaning in metrics],
        "layers": list(layers),
        "series": [
            [
                arms[item.identity.arm],
                metrics[item.identity.metric, item.unit, item.meaning],
                -1 if item.identity.layer is None else layers[item.identity.layer],
            ]
            for item in series
        ],
    }


def _indices(items: Any) -> dict[Any, int]:
    return {item: index for index, item in enumerate(dict.fromkeys(items))}


def _unpacked(item: dict[str, Any], count: int) -> tuple[Series, ...]:
    """What `_packed` made, of so many series; raises ValueError for anything else."""
    arms, layers = _texts(item.get("arms")), _texts(item.get("layers"))
    metrics = [
        _texts([metric.get(key) for key in ("name", "unit", "meaning")])
        for metric in _listed(item.get("metrics"), dict)
    ]
    places = np.array(_listed(item.get("series"), list) or np.empty((0, 3), np.int64))
    if places.shape != (count, 3) or places.dtype.kind != "i":
        raise ValueError("a table whose series are not described")
    if not ((places >= [0, 0, -1]) & (places < [len(arms), len(metrics), len(layers)])).all():
        raise ValueError("a table whose series are not described")
    named = [*layers, None]  # the last is at -1
    return tuple(
        Series(SeriesName(arms[arm], metrics[metric][0], named[layer]), *metrics[metric][1:])
        for arm, metric, layer in places.tolist()
    )


def _listed(items: Any, kind: type[Any]) -> list[Any]:
    if not isinstance(items, list) or not all(isinstance(item, kind) for item in items):
        raise ValueError("a table whose series are not described")
    return items


def _texts(items: Any) -> list[str]:
    return _listed(items, str)

"""Figures as tables: a row an arm and step, a column a metric. CSV, JSON lines, Parquet."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tuilab.exchange.errors import ExchangeError
from tuilab.recording import Readable

Told = Callable[[int, int], None]


class ArmTable(NamedTuple):
    """One arm's figures: steps (n,), and of each metric values (n,) and whether there is one (n,)."""

    arm: str
    steps: NDArray[np.int64]
    columns: dict[str, tuple[NDArray[np.float64], NDArray[np.bool_]]]


def columns_of(recording: Readable) -> dict[str, dict[str, str]]:
    """Of each arm its metrics (METRIC or METRIC/LAYER) and the series they are."""
    found: dict[str, dict[str, str]] = {}
    for name in recording.series():
        arm, metric, layer = recording.identity(name)
        found.setdefault(arm, {})[metric if layer is None else f"{metric}/{layer}"] = name
    return found


def arm_tables(recording: Readable, told: Told) -> Iterator[ArmTable]:
    """The arms' tables, one after the other."""
    arms = columns_of(recording)
    for done, (arm, columns) in enumerate(arms.items()):
        told(done, len(arms))
        read = {column: recording.read(name) for column, name in columns.items()}
        steps = np.unique(np.concatenate([steps for steps, _ in read.values()]))
        table = {}
        for column, (at, values) in read.items():
            places = np.searchsorted(steps, at)
            full, there = np.full(len(steps), np.nan), np.zeros(len(steps), bool)
            full[places], there[places] = values, True
            table[column] = (full, there)
        yield ArmTable(arm, steps, table)
    told(len(arms), len(arms))


def _metrics(recording: Readable) -> list[str]:
    return list(dict.fromkeys(column for columns in columns_of(recording).values() for column in columns))


def write_csv(recording: Readable, path: Path, told: Told) -> None:
    """`arm,step,METRIC,…`; empty where nothing was recorded, `nan` and `inf` where that was."""
    metrics = _metrics(recording)
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["arm", "step", *metrics])
        for arm, steps, columns in arm_tables(recording, told):
            cells = [
                _cells(*columns[metric]) if metric in columns else [""] * len(steps) for metric in metrics
            ]
            for step, *row in zip(steps.tolist(), *cells, strict=True):
                writer.writerow([arm, step, *row])


def _cells(values: NDArray[np.float64], there: NDArray[np.bool_]) -> list[str]:
    return [repr(value) if is_ else "" for value, is_ in zip(values.tolist(), there.tolist(), strict=True)]


def write_jsonl(recording: Readable, path: Path, told: Told) -> None:
    """An object an arm and step, then one an event; figures that are not finite are the words JSON lacks."""
    with path.open("w") as file:
        for arm, steps, columns in arm_tables(recording, told):
            listed = {name: (values.tolist(), there.tolist()) for name, (values, there) in columns.items()}
            for place, step in enumerate(steps.tolist()):
                row = {name: plain(values[place]) for name, (values, there) in listed.items() if there[place]}
                file.write(json.dumps({"arm": arm, "step": step, **row}, ensure_ascii=False) + "\n")
        for event in recording.events():
            facts = {"step": event.step, "event": event.kind, "arm": event.arm, "data": plain(event.data)}
            file.write(json.dumps(facts, ensure_ascii=False) + "\n")


def plain(value: Any) -> Any:
    """A value with every figure that is not finite as a word."""
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def write_parquet(recording: Readable, path: Path, told: Told) -> None:
    """The same table; null where nothing was recorded, NaN where that was.

    Raises:
        ExchangeError: pyarrow is not installed.
    """
    try:
        import pyarrow as arrow
        import pyarrow.parquet as parquet
    except ImportError:
        raise ExchangeError("--to parquet needs pyarrow: pip install 'tuilab[parquet]'") from None
    metrics = _metrics(recording)
    schema = arrow.schema(
        [("arm", arrow.string()), ("step", arrow.int64()), *((metric, arrow.float64()) for metric in metrics)]
    )
    with parquet.ParquetWriter(path, schema) as writer:
        for arm, steps, columns in arm_tables(recording, told):
            none = (np.full(len(steps), np.nan), np.zeros(len(steps), bool))
            figures = [columns.get(metric, none) for metric in metrics]
            arrays = [arrow.array([arm] * len(steps), arrow.string()), arrow.array(steps)]
            arrays += [arrow.array(values, mask=~there) for values, there in figures]
            writer.write_table(arrow.Table.from_arrays(arrays, schema=schema))

"""What the tests of exchange ask of a log: its figures, step by step."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from tuilab.exchange import open_log
from tuilab.exchange.items import Damage, Item, Scalars
from tuilab.recording import Readable

FILES = Path(__file__).parent / "files"

Figures = dict[tuple[str, int, int], float]
"""Values by tag, part and step."""


def items_of(path: Path) -> list[Item]:
    log = open_log(path)
    return [*log.read(), *log.rest()]


def figures(items: Iterable[Item]) -> Figures:
    found: Figures = {}
    for item in items:
        if isinstance(item, Scalars):
            for step, value in zip(item.steps.tolist(), item.values.tolist(), strict=True):
                found[(item.tag, item.part, step)] = value
    return found


def damages(items: Iterable[Item]) -> list[Damage]:
    return [item for item in items if isinstance(item, Damage) and item.length]


def same(one: float, other: float) -> bool:
    return bool(np.float32(one) == np.float32(other) or (np.isnan(one) and np.isnan(other)))


def series(recording: Readable, name: str) -> dict[int, float]:
    steps, values = recording.read(name)
    return dict(zip(steps.tolist(), values.tolist(), strict=True))


def database(folder: Path) -> Path:
    """trackio's database from its SQL."""
    path = folder / "project.db"
    opened = sqlite3.connect(path)
    opened.executescript((FILES / "trackio" / "project.sql").read_text())
    opened.close()
    return path


@contextmanager
def changed(path: Path, data: bytes) -> Iterator[None]:
    """A file with other bytes, for a while."""
    before = path.read_bytes()
    path.write_bytes(data)
    try:
        yield
    finally:
        path.write_bytes(before)

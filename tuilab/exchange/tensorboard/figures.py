"""Figures out of records by the thousand: records of one layout are a matrix, their fields its columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tuilab.exchange.tensorboard.events import Event, Spans, parse, spans_of
from tuilab.exchange.tensorboard.records import Ints, Same

_LAYOUTS = 32
"""Layouts tried for the records of one length before the rest are taken one by one."""

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]


class Figures(NamedTuple):
    """Figures of one series, in the order of the file: steps (n,), values (n,), the last wall time."""

    tag: str
    steps: Ints
    values: Floats
    time: float


@dataclass(slots=True)
class Other:
    """A record that is no plain figure: its place, its bytes and what was read in them (None: nothing)."""

    order: int
    data: bytes
    event: Event | None


@dataclass(slots=True)
class Batch:
    """What a stretch of a file holds; `tags` numbers the names met so far and is kept from batch to batch."""

    tags: dict[bytes, int]
    others: list[Other] = field(default_factory=list)
    _orders: list[Ints] = field(default_factory=list)
    _tags: list[Ints] = field(default_factory=list)
    _steps: list[Ints] = field(default_factory=list)
    _walls: list[Floats] = field(default_factory=list)
    _values: list[Floats] = field(default_factory=list)

    def take(self, group: Same) -> None:
        """The records of one length."""
        order, data = group
        for _ in range(_LAYOUTS):
            if not len(order):
                return
            first = data[0].tobytes()
            event = _parsed(first)
            spans = spans_of(event) if event is not None else None
            if spans is None:
                self.others.append(Other(int(order[0]), first, event))
                order, data = order[1:], data[1:]
                continue
            like = _alike(data, spans)
            if like.all():
                self._figures(order, data, spans)
                return
            self._figures(order[like], data[like], spans)
            order, data = order[~like], data[~like]
        for place, record in zip(order.tolist(), data, strict=True):
            raw = record.tobytes()
            self.others.append(Other(place, raw, _parsed(raw)))

    def single(self, order: int, tag: str, step: int, wall: float, value: float) -> None:
        """A figure that came by another way."""
        self._orders.append(np.array([order]))
        self._tags.append(np.array([self._number(tag.encode())]))
        self._steps.append(np.array([step]))
        self._walls.append(np.array([wall]))
        self._values.append(np.array([value]))

    def figures(self) -> Iterator[Figures]:
        """The figures, series by series."""
        if not self._orders:
            return
        orders, tags, steps = (np.concatenate(parts) for parts in (self._orders, self._tags, self._steps))
        walls, values = np.concatenate(self._walls), np.concatenate(self._values)
        sorting = np.argsort(tags * (int(orders.max()) + 1) + orders, kind="stable")
        tags, steps, walls, values = tags[sorting], steps[sorting], walls[sorting], values[sorting]
        names = {number: name for name, number in self.tags.items()}
        edges = [0, *(np.flatnonzero(np.diff(tags)) + 1).tolist(), len(tags)]
        for start, stop in pairwise(edges):
            name = names[int(tags[start])].decode(errors="replace")
            yield Figures(name, steps[start:stop], values[start:stop], float(walls[stop - 1]))

    def _number(self, tag: bytes) -> int:
        return self.tags.setdefault(tag, len(self.tags))

    def _figures(self, order: Ints, data: Bytes, spans: Spans) -> None:
        numbers = self.tags
        keys = _columns(data, spans.tag).view(f"V{spans.tag[1] - spans.tag[0]}")[:, 0].tolist()
        for key in set(keys):
            self._number(key)
        self._tags.append(np.fromiter(map(numbers.__getitem__, keys), np.int64, len(keys)))
        self._orders.append(order)
        self._steps.append(_varints(data, spans.step))
        wall = _columns(data, spans.wall).view("<f8")[:, 0] if spans.wall else np.zeros(len(data))
        self._walls.append(wall)
        size = spans.value[1] - spans.value[0]
        with np.errstate(invalid="ignore"):  # a signalling NaN is a NaN
            self._values.append(_columns(data, spans.value).view(f"<f{size}")[:, 0].astype(np.float64))


def _parsed(data: bytes) -> Event | None:
    try:
        return parse(data)
    except (ValueError, OverflowError):
        return None


def _columns(data: Bytes, span: tuple[int, int]) -> Bytes:
    return np.ascontiguousarray(data[:, span[0] : span[1]])


def _alike(data: Bytes, spans: Spans) -> NDArray[np.bool_]:
    """Which records differ from the first in nothing but the figure, its step, its time and its tag."""
    fixed = np.ones(data.shape[1], bool)
    for span in spans:
        if span is not None:
            fixed[span[0] : span[1]] = False
    like: NDArray[np.bool_] = ((data == data[0]) | ~fixed).all(axis=1)
    if spans.step is not None:
        step = data[:, spans.step[0] : spans.step[1]]
        like &= (step[:, :-1] >= 0x80).all(axis=1) & (step[:, -1] < 0x80)
    return like


def _varints(data: Bytes, span: tuple[int, int] | None) -> Ints:
    steps = np.zeros(len(data), np.uint64)
    if span is not None:
        for place in range(span[0], min(span[1], span[0] + 10)):
            part = (data[:, place] & 0x7F).astype(np.uint64)
            steps |= part << np.uint64(7 * (place - span[0]))
    return steps.view(np.int64)

"""The Event message, field by field: for what is no plain figure, and to learn where a figure's bytes lie."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from tuilab.exchange.protobuf import (
    BYTES,
    FIXED32,
    FIXED64,
    VARINT,
    Field,
    content,
    double,
    fields,
    packed,
    signed,
    text,
)

FLOAT, DOUBLE, STRING = 1, 2, 7
_NUMBERS = {4: "", 5: "f", 6: "d", 7: "", 10: "", 16: "", 17: ""}
"""Fields of a TensorProto that hold values; those without a letter are varints or raw bytes."""
_RAW = {
    FLOAT: "f",
    DOUBLE: "d",
    3: "i",
    4: "B",
    5: "h",
    6: "b",
    9: "q",
    10: "?",
    17: "H",
    19: "e",
    22: "I",
    23: "Q",
}
"""How `tensor_content` holds each dtype."""


class Spans(NamedTuple):
    """Where the bytes of a record with a single figure lie."""

    wall: tuple[int, int] | None
    step: tuple[int, int] | None
    tag: tuple[int, int]
    value: tuple[int, int]


@dataclass(slots=True)
class Tensor:
    """A TensorProto's values, flat."""

    dtype: int = 0
    shape: tuple[int, ...] = ()
    numbers: tuple[float, ...] = ()
    texts: tuple[bytes, ...] = ()
    span: tuple[int, int] | None = None
    """Where a single float or double lies."""


@dataclass(slots=True)
class Value:
    """One value of a summary; of the alternatives the one that is there is not None."""

    tag: str = ""
    tag_span: tuple[int, int] = (0, 0)
    simple: tuple[int, int] | None = None
    histogram: Field | None = None
    image: Field | None = None
    tensor: Tensor | None = None
    plugin: str = ""
    plugin_content: bytes = b""


@dataclass(slots=True)
class Event:
    """One record."""

    wall: float = 0.0
    wall_span: tuple[int, int] | None = None
    step: int = 0
    step_span: tuple[int, int] | None = None
    version: str = ""
    restarts: bool = False
    values: list[Value] = field(default_factory=list)


def parse(data: bytes) -> Event:
    """A record's event.

    Raises:
        ValueError: it holds none.
    """
    event = Event()
    for each in fields(data):
        if each.number == 1 and each.type == FIXED64:
            event.wall, event.wall_span = double(data, each), (each.start, each.stop)
        elif each.number == 2 and each.type == VARINT:
            event.step, event.step_span = signed(data, each), (each.start, each.stop)
        elif each.number == 3 and each.type == BYTES:
            event.version = text(data, each)
        elif each.number == 5 and each.type == BYTES:
            event.values += [
                _value(data, value)
                for value in fields(data, each.start, each.stop)
                if value.number == 1 and value.type == BYTES
            ]
        elif each.number == 7 and each.type == BYTES:
            inner = fields(data, each.start, each.stop)
            event.restarts = any(f.number == 1 and f.type == VARINT and signed(data, f) == 1 for f in inner)
    return event


def _value(data: bytes, message: Field) -> Value:
    value = Value()
    for each in fields(data, message.start, message.stop):
        if each.number == 1 and each.type == BYTES:
            value.tag, value.tag_span = text(data, each), (each.start, each.stop)
        elif each.number == 2 and each.type == FIXED32:
            value.simple = (each.start, each.stop)
        elif each.number == 4 and each.type == BYTES:
            value.image = each
        elif each.number == 5 and each.type == BYTES:
            value.histogram = each
        elif each.number == 8 and each.type == BYTES:
            value.tensor = _tensor(data, each)
        elif each.number == 9 and each.type == BYTES:
            for part in fields(data, each.start, each.stop):
                if part.number == 1 and part.type == BYTES:
                    for name in fields(data, part.start, part.stop):
                        if name.number == 1 and name.type == BYTES:
                            value.plugin = text(data, name)
                        elif name.number == 2 and name.type == BYTES:
                            value.plugin_content = content(data, name)
    return value


def _tensor(data: bytes, message: Field) -> Tensor:
    tensor = Tensor()
    raw: Field | None = None
    for each in fields(data, message.start, message.stop):
        if each.number == 1 and each.type == VARINT:
            tensor.dtype = signed(data, each)
        elif each.number == 2 and each.type == BYTES:
            tensor.shape = tuple(
                sum(signed(data, size) for size in fields(data, dim.start, dim.stop) if size.number == 1)
                for dim in fields(data, each.start, each.stop)
                if dim.number == 2 and dim.type == BYTES
            )
        elif each.number == 4 and each.type == BYTES:
            raw = each
        elif each.number == 8 and each.type == BYTES:
            tensor.texts += (content(data, each),)
        elif each.number in _NUMBERS:
            tensor.numbers += _numbers(data, each)
            tensor.span = (each.start, each.stop)
    if raw is not None and tensor.dtype in _RAW:
        tensor.numbers = packed(data, raw, _RAW[tensor.dtype])
        tensor.span = (raw.start, raw.stop)
    size = {FLOAT: 4, DOUBLE: 8}.get(tensor.dtype)
    if len(tensor.numbers) != 1 or tensor.span is None or tensor.span[1] - tensor.span[0] != size:
        tensor.span = None
    return tensor


def _numbers(data: bytes, each: Field) -> tuple[float, ...]:
    if letter := _NUMBERS[each.number]:
        return packed(data, each, letter)
    if each.type == VARINT:
        return (float(signed(data, each)),)
    numbers, at = [], each.start
    while at < each.stop:  # packed varints
        end = at
        while end < each.stop and data[end] & 0x80:
            end += 1
        numbers.append(float(signed(data, Field(0, VARINT, at, min(end + 1, each.stop)))))
        at = end + 1
    return tuple(numbers)


def spans_of(event: Event) -> Spans | None:
    """Where an event's single figure lies; None for an event that holds anything else."""
    if len(event.values) != 1 or event.version or event.restarts:
        return None
    value = event.values[0]
    span = value.simple
    if span is None and value.tensor is not None and not value.plugin_content:
        span = value.tensor.span
    if span is None or not value.tag or value.image is not None or value.histogram is not None:
        return None
    return Spans(event.wall_span, event.step_span, value.tag_span, span)


def figure(data: bytes, value: Value) -> float | None:
    """The single number of a value; None for one that holds anything else."""
    if value.simple is not None:
        return packed(data, Field(0, FIXED32, *value.simple), "f")[0]
    tensor = value.tensor
    if tensor is not None and len(tensor.numbers) == 1 and math.prod(tensor.shape) == 1:
        return float(tensor.numbers[0])
    return None

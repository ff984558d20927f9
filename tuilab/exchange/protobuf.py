"""Just enough of the protocol buffers' wire format to read and write other people's messages."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class Field(NamedTuple):
    """A field of a message: its number, its wire type, and where its content lies."""

    number: int
    type: int
    start: int
    stop: int


def varint(data: bytes | memoryview, at: int, stop: int) -> tuple[int, int]:
    """The number at `at`, unsigned, and where it ends.

    Raises:
        ValueError: it does not end before `stop` or takes more than 64 bits.
    """
    value = shift = 0
    while at < stop and shift < 64:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
    raise ValueError("a number that does not end")


def fields(data: bytes | memoryview, start: int = 0, stop: int | None = None) -> Iterator[Field]:
    """The fields of a message, in order.

    Raises:
        ValueError: it is no message.
    """
    end = len(data) if stop is None else stop
    at = start
    while at < end:
        key, at = varint(data, at, end)
        kind = key & 7
        if kind == VARINT:
            begin = at
            _, at = varint(data, at, end)
        elif kind == BYTES:
            length, begin = varint(data, at, end)
            at = begin + length
        elif kind in (FIXED64, FIXED32):
            begin, at = at, at + (8 if kind == FIXED64 else 4)
        else:
            raise ValueError(f"a field of wire type {kind}")
        if at > end:
            raise ValueError("a field that goes past the end of its message")
        yield Field(key >> 3, kind, begin, at)


def signed(data: bytes | memoryview, field: Field) -> int:
    """A field's int64."""
    value, _ = varint(data, field.start, field.stop)
    return value - (1 << 64) if value >> 63 else value


def double(data: bytes | memoryview, field: Field) -> float:
    """A field's double.

    Raises:
        ValueError: it is none.
    """
    if field.type != FIXED64:
        raise ValueError("a double of another wire type")
    return float(struct.unpack_from("<d", data, field.start)[0])


def content(data: bytes | memoryview, field: Field) -> bytes:
    """A field's bytes."""
    return bytes(data[field.start : field.stop])


def text(data: bytes | memoryview, field: Field) -> str:
    """A field's text; what is not UTF-8 is replaced."""
    return content(data, field).decode(errors="replace")


def packed(data: bytes | memoryview, field: Field, item: str) -> tuple[float, ...]:
    """The numbers of a repeated fixed-size field, packed or alone.

    Raises:
        ValueError: its length does not fit.
    """
    size = struct.calcsize(item)
    count, left = divmod(field.stop - field.start, size)
    if left:
        raise ValueError("packed numbers that do not fit their field")
    return struct.unpack_from(f"<{count}{item}", data, field.start)


def put_varint(value: int) -> bytes:
    """A number, unsigned or as the 64 bits of a negative one."""
    value &= 0xFFFFFFFFFFFFFFFF
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def put_bytes(number: int, data: bytes) -> bytes:
    """A field of bytes, of text or of a message."""
    return put_varint(number << 3 | BYTES) + put_varint(len(data)) + data


def put_number(number: int, value: int) -> bytes:
    """A field of an integer."""
    return put_varint(number << 3 | VARINT) + put_varint(value)


def put_double(number: int, value: float) -> bytes:
    """A field of a double."""
    return put_varint(number << 3 | FIXED64) + struct.pack("<d", value)


def put_float(number: int, value: float) -> bytes:
    """A field of a float."""
    return put_varint(number << 3 | FIXED32) + struct.pack("<f", value)

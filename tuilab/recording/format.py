"""The byte layout of a chunk, the one thing a recording file is made of (docs/recording-format.md)."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

VERSION = 1
"""Major version of the format. A reader refuses a greater one and reads every smaller one."""

MAGIC = b"\x89TLR"

HEADER, TABLE, SHAPE, ROWS, BLOCK, FRAMES, EVENTS, INDEX, END, SUMMARY = range(1, 11)
"""Chunk types. A reader skips those it does not know."""

PREFIX = struct.Struct("<4sBBHIIqIII")
"""magic, version, type, flags, id, rows, first step, payload length, covered length, crc32 of those bytes."""

CHECK = struct.Struct("<I")
HEAD_SIZE = PREFIX.size + CHECK.size
MAX_STEP = 2**62
MAX_PAYLOAD = 2**31 - 1
MAX_JSON = 16 * 2**20
"""Longest JSON payload (header, definition, events) that is parsed, in bytes; what is written stays below."""

FRAME_DTYPES = {
    name: np.dtype("<" + np.dtype(name).str[1:])
    for name in (
        "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
        "float16", "float32", "float64",
    )
}  # fmt: skip
"""What an array in a frame may be made of."""

TABLE_DTYPES = {name: FRAME_DTYPES[name] for name in ("float32", "float64")}

Piece = bytes | memoryview
"""Bytes on their way to a file."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Head(NamedTuple):
    """A chunk's header, decoded; `length` and `covered` are bytes of payload."""

    version: int
    type: int
    id: int
    rows: int
    first: int
    length: int
    covered: int
    crc: int


def pack_chunk(kind: int, *payload: Piece, id: int = 0, rows: int = 0, first: int = 0) -> list[Piece]:
    """A whole chunk in pieces, its CRC over all of the payload's pieces."""
    crc = length = 0
    for piece in payload:
        crc = zlib.crc32(piece, crc)
        length += len(piece)
    return [pack_head(kind, length, length, crc, id=id, rows=rows, first=first), *payload]


def pack_head(
    kind: int, length: int, covered: int, crc: int, *, id: int = 0, rows: int = 0, first: int = 0
) -> bytes:
    """The header of a chunk of `length` payload bytes, of which `crc` is over the first `covered`."""
    prefix = PREFIX.pack(MAGIC, VERSION, kind, 0, id, rows, first, length, covered, crc)
    return prefix + CHECK.pack(zlib.crc32(prefix))


def unpack_head(data: bytes | memoryview, at: int = 0) -> Head | None:
    """The chunk header at `at`, or None where there is none or its own CRC is wrong."""
    if len(data) - at < HEAD_SIZE or data[at : at + 4] != MAGIC:
        return None
    prefix = data[at : at + PREFIX.size]
    if zlib.crc32(prefix) != CHECK.unpack_from(data, at + PREFIX.size)[0]:
        return None
    _, version, kind, _, id, rows, first, length, covered, crc = PREFIX.unpack(prefix)
    if covered > length:
        return None
    return Head(version, kind, id, rows, first, length, covered, crc)


def pack_json(value: Any) -> bytes:
    """`value` as UTF-8 JSON; NaN and infinities as the literals NaN, Infinity, -Infinity, arrays as lists.

    Raises:
        ValueError: `value` is not JSON-able, or longer than MAX_JSON.
    """
    try:
        data = json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=_plain).encode()
    except (TypeError, RecursionError, UnicodeEncodeError) as error:
        raise ValueError(f"a recording can hold only what JSON can: {error}") from None
    if len(data) > MAX_JSON:
        raise ValueError(
            f"{len(data)} bytes of JSON are more than a recording holds in one piece ({MAX_JSON})"
        )
    return data


def _plain(value: object) -> Any:
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"{value!r} is of type {type(value).__name__}")


def unpack_json(data: bytes) -> Any:
    """What `pack_json` made.

    Raises:
        ValueError: it is not JSON, too long, or nested too deeply.
    """
    if len(data) > MAX_JSON:
        raise ValueError("JSON too long")
    try:
        return json.loads(data.decode())
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None

"""Recordings that are right to the last checksum and mean nothing."""

from __future__ import annotations

import contextlib
import json
import random
import struct
import zlib
from typing import Any

from tests.campaign.mutate import NASTY, cut_or_flipped, mutated
from tuilab.recording.format import HEAD_SIZE, pack_head, unpack_head

HEADER, TABLE, SHAPE, ROWS, BLOCK, FRAMES, EVENTS, INDEX, END = range(1, 10)
_JSON = (HEADER, TABLE, SHAPE, EVENTS)

Chunk = tuple[int, int, int, int, int, bytes]
"""Type, id, rows, first, covered and payload."""


def chunks(data: bytes) -> list[Chunk]:
    """The chunks of an undamaged recording."""
    found, at = [], 0
    while (head := unpack_head(data, at)) is not None:
        payload = data[at + HEAD_SIZE : at + HEAD_SIZE + head.length]
        found.append((head.type, head.id, head.rows, head.first, head.covered, payload))
        at += HEAD_SIZE + head.length
    return found


def packed(found: list[Chunk]) -> bytes:
    """Chunks as a file again, every checksum right."""
    parts = []
    for kind, id, rows, first, covered, payload in found:
        covered = min(max(covered, 0), len(payload))
        crc = zlib.crc32(payload[:covered])
        head = pack_head(
            kind % 256, len(payload), covered, crc, id=id % 2**32, rows=rows % 2**32, first=_signed(first)
        )
        parts += [head, payload]
    return b"".join(parts)


def hostile(template: bytes, draw: random.Random) -> bytes:
    """A recording in which one to four chunks are not what they should be."""
    if draw.random() < 0.15:
        return cut_or_flipped(template, draw)
    found = chunks(template)
    for _ in range(draw.choice((1, 1, 2, 4))):
        place = draw.randrange(len(found))
        found[place] = _changed(found[place], draw)
        if draw.random() < 0.2:
            found.insert(draw.randrange(len(found) + 1), draw.choice(found))
        if draw.random() < 0.1 and len(found) > 1:
            del found[draw.randrange(len(found))]
        if draw.random() < 0.1:
            draw.shuffle(found)
    return packed(found)


def _changed(chunk: Chunk, draw: random.Random) -> Chunk:
    kind, id, rows, first, covered, payload = chunk
    if kind in _JSON and draw.random() < 0.8:
        with contextlib.suppress(ValueError, RecursionError):  # it may have been changed before
            payload = _json(mutated(json.loads(payload), draw))
        return kind, id, rows, first, len(payload), payload
    odd = draw.choice((0, 1, -1, 2**31 - 1, 2**32 - 1, 2**62, 2**63 - 1, -(2**63), rows * 1000 + 7))
    match draw.randrange(8):
        case 0:
            kind = draw.randrange(12)
        case 1:
            id = draw.choice((0, 1, 5, 2**32 - 1))
        case 2:
            rows = odd
        case 3:
            first = odd
        case 4:
            covered = draw.choice((0, 8, len(payload) // 2, len(payload)))
        case 5 if len(payload) >= 8:
            payload = struct.pack("<q", _signed(odd)) + payload[8:]
        case 6 if len(payload) >= 8:  # one integer of it, as an index is made of
            at = 8 * draw.randrange(len(payload) // 8)
            payload = payload[:at] + struct.pack("<q", _signed(odd)) + payload[at + 8 :]
        case _:
            payload = cut_or_flipped(payload, draw)
    return kind, id, rows, first, covered, payload


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass")


def _signed(number: int) -> int:
    return (number + 2**63) % 2**64 - 2**63


__all__ = ["NASTY", "chunks", "hostile", "packed"]

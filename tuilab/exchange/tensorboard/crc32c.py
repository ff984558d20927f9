"""CRC-32C (Castagnoli) of many messages at once.

zlib has no CRC-32C, and a loop over bytes would take longer than everything else. A CRC without its
initial and final XOR is linear over GF(2): that of a message is the XOR of what each byte contributes at
its place, and of A followed by B it is that of A, shifted by B's length, XOR that of B. So messages of one
length are a matrix, a column of bytes is one table lookup, and long messages are folded from pieces.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]

_POLYNOMIAL = 0x82F63B78
_PIECE = 64
"""Bytes that are looked up one by one before pieces are folded."""

_ROWS = 4096
"""Messages taken at once, so that they stay in the cache."""


def _byte_table() -> Words:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(_POLYNOMIAL), table >> 1).astype(np.uint32)
    return table


def _place_tables() -> Words:
    """(places, 256): what a byte contributes with 0, 1, … bytes behind it."""
    tables = [_byte_table()]
    for _ in range(_PIECE - 1):
        tables.append(tables[0][tables[-1] & 0xFF] ^ (tables[-1] >> 8))
    return np.stack(tables)


_PLACES = _place_tables()


@lru_cache(maxsize=64)
def _shift_tables(zeros: int) -> Words:
    """(4, 256): what each byte of a CRC becomes when `zeros` zero bytes follow."""
    if zeros <= 4:
        bytes_ = np.arange(256, dtype=np.uint32)
        tables = np.stack([bytes_ << np.uint32(8 * place) for place in range(4)])
        for _ in range(zeros):
            tables = _PLACES[0][tables & 0xFF] ^ (tables >> 8)
        return tables
    half = zeros // 2
    return _shifted(_shift_tables(zeros - half), half)


def _shifted(crcs: Words, zeros: int) -> Words:
    tables = _shift_tables(zeros)
    found: Words = tables[0][crcs & 0xFF]
    for place in range(1, 4):
        found = found ^ tables[place][(crcs >> np.uint32(8 * place)) & 0xFF]
    return found


def _raw(messages: NDArray[np.uint8]) -> Words:
    """(n, length) messages without the initial and final XOR; zeros in front change nothing."""
    count, length = messages.shape
    if not count:
        return np.empty(0, np.uint32)
    if count > _ROWS:
        return np.concatenate([_raw(messages[at : at + _ROWS]) for at in range(0, count, _ROWS)])
    pieces = max(-(-length // _PIECE), 1)
    width = length if pieces == 1 else _PIECE
    if pieces * width != length:
        messages = np.pad(messages, ((0, 0), (pieces * width - length, 0)))
    columns = np.ascontiguousarray(messages.reshape(count * pieces, width).T)
    same = (columns == columns[:, :1]).all(axis=1).tolist()
    found = np.zeros(count * pieces, np.uint32)
    for place, column in enumerate(columns):
        table = _PLACES[width - 1 - place]
        found ^= table[column[0]] if same[place] else table.take(column)
    folded = found.reshape(count, pieces)
    while folded.shape[1] > 1:
        if folded.shape[1] % 2:
            folded = np.pad(folded, ((0, 0), (1, 0)))
        folded = _shifted(folded[:, 0::2], width) ^ folded[:, 1::2]
        width *= 2
    return folded[:, 0]


def masked(messages: NDArray[np.uint8]) -> Words:
    """The checksums (n,) of messages (n, length), masked as TFRecord files have them."""
    length = messages.shape[1]
    start = _shifted(np.array([0xFFFFFFFF], np.uint32), length)
    crcs = _raw(messages) ^ start ^ np.uint32(0xFFFFFFFF)
    return ((crcs >> np.uint32(15)) | (crcs << np.uint32(17))) + np.uint32(0xA282EAD8)


def masked_one(message: bytes | memoryview) -> int:
    """The checksum of one message."""
    return int(masked(np.frombuffer(message, np.uint8)[None])[0])

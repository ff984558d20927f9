"""TFRecord framing: length, its checksum, the data, its checksum; little-endian."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tuilab.exchange.tensorboard import crc32c

HEAD, TAIL = 12, 4
LONGEST = 1 << 28
"""A record of more bytes than this is not taken for one."""

_LENGTH = struct.Struct("<Q")
Ints = NDArray[np.int64]


class Same(NamedTuple):
    """Records of one length that are intact: their place in the order (n,) and their bytes (n, length)."""

    order: Ints
    data: NDArray[np.uint8]


@dataclass(slots=True)
class Chunk:
    """What was found in a stretch of a file.

    Attributes:
        groups: the intact records, by length.
        used: bytes that need not be looked at again.
        damage: offset, length and reason of what was skipped.
    """

    groups: list[Same] = field(default_factory=list)
    used: int = 0
    damage: list[tuple[int, int, str]] = field(default_factory=list)


def chunk_of(data: bytes) -> Chunk:
    """The records in `data`, which begins where a record does, or in damage that is searched through.

    An unfinished record at the end is left for later: `used` stops before it.
    """
    found, at = Chunk(), 0
    starts: list[Ints] = []
    lengths: list[Ints] = []
    while True:
        begun, sized, at = _walk(data, at)
        starts.append(begun)
        lengths.append(sized)
        if at + HEAD > len(data) or _is_head(data, at):
            break
        sound = _next_head(data, at + 1)
        found.damage.append((at, sound - at, "no record begins there"))
        at = sound
    found.used = at
    _check(data, np.concatenate(starts), np.concatenate(lengths), found)
    return found


def _walk(data: bytes, at: int) -> tuple[Ints, Ints, int]:
    """Starts and lengths of the records' data from `at` on, and where the first doubtful record is."""
    unpack, end = _LENGTH.unpack_from, len(data) - HEAD - TAIL
    places: list[int] = []
    add = places.append
    while at <= end:
        (length,) = unpack(data, at)
        if length > LONGEST:
            break
        add(at)
        at += length + HEAD + TAIL
    if places and at > len(data):
        at = places.pop()
    starts = np.array(places, np.int64)
    lengths = np.diff(np.append(starts, at)) - HEAD - TAIL if places else starts
    good = _sound_heads(data, starts, lengths)
    if not good.all():
        first = int(good.argmin())
        return starts[:first] + HEAD, lengths[:first], int(starts[first])
    return starts + HEAD, lengths, at


def _sound_heads(data: bytes, starts: Ints, lengths: Ints) -> NDArray[np.bool_]:
    kinds, which = np.unique(lengths, return_inverse=True)
    checks = crc32c.masked(kinds.astype("<u8").view(np.uint8).reshape(-1, 8)) if len(kinds) else kinds
    return np.asarray(gathered(data, starts + 8, 4).view("<u4")[:, 0] == checks[which], bool)


def _is_head(data: bytes, at: int) -> bool:
    return len(_next_heads(data[at : at + HEAD])) > 0


def _next_heads(data: bytes) -> Ints:
    """Everywhere in `data` that a length is followed by its own checksum."""
    if len(data) < HEAD:
        return np.empty(0, np.int64)
    view = np.frombuffer(data, np.uint8)
    # Lengths fit four bytes, so the others are zero: few places are left to be checked.
    zero = view == 0
    places = np.flatnonzero(zero[4:-7] & zero[5:-6] & zero[6:-5] & zero[7:-4])
    lengths = gathered(data, places, 8)
    checks = gathered(data, places + 8, 4).view("<u4")[:, 0]
    sound = (crc32c.masked(lengths) == checks) & (lengths.view("<u8")[:, 0] <= LONGEST)
    heads: Ints = places[sound]
    return heads


def _next_head(data: bytes, at: int) -> int:
    """Where the next record begins; if nowhere, the last place that may be the beginning of one."""
    window = 1 << 20
    while at + HEAD <= len(data):
        found = _next_heads(data[at : at + window + HEAD - 1])
        if len(found):
            return at + int(found[0])
        at = min(at + window, len(data) - HEAD + 1)
    return max(at, len(data) - HEAD + 1)


def gathered(data: bytes, starts: Ints, length: int) -> NDArray[np.uint8]:
    """The `length` bytes from each of the starts (n,) on, as (n, length)."""
    if not len(starts) or not length:
        return np.empty((len(starts), length), np.uint8)
    windows = np.ndarray((len(data) - length + 1,), f"V{length}", data, strides=(1,))
    return windows[starts].view(np.uint8).reshape(len(starts), length)


def _check(data: bytes, starts: Ints, lengths: Ints, found: Chunk) -> None:
    """Groups the records by length and leaves out those with a wrong checksum."""
    if not len(lengths):
        return
    order = np.argsort(lengths, kind="stable")
    kinds, counts = np.unique(lengths, return_counts=True)
    for length, places in zip(kinds.tolist(), np.split(order, np.cumsum(counts)[:-1]), strict=True):
        whole = gathered(data, starts[places], length + TAIL)
        body = whole[:, :length]
        good = crc32c.masked(body) == np.ascontiguousarray(whole[:, length:]).view("<u4")[:, 0]
        for place in places[~good].tolist():
            found.damage.append((int(starts[place]) - HEAD, length + HEAD + TAIL, "its checksum is wrong"))
        if good.any():
            found.groups.append(Same(places[good], body[good]) if not good.all() else Same(places, body))
    found.damage.sort()


def framed(messages: Sequence[bytes]) -> Iterator[bytes]:
    """The messages as records, in order."""
    lengths = np.array([len(message) for message in messages], np.int64)
    checks = np.empty(len(messages), "<u4")
    heads = np.empty(len(messages), "<u4")
    for length in np.unique(lengths).tolist():
        places = np.flatnonzero(lengths == length)
        same = np.frombuffer(b"".join(messages[place] for place in places.tolist()), np.uint8)
        checks[places] = crc32c.masked(same.reshape(len(places), length))
        heads[places] = crc32c.masked_one(_LENGTH.pack(length))
    for message, head, check in zip(messages, heads, checks, strict=True):
        yield _LENGTH.pack(len(message)) + head.tobytes() + message + check.tobytes()

"""Events as the JSON of an events chunk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tuilab.recording.file import File
from tuilab.recording.format import EVENTS, HEAD_SIZE, MAX_STEP, Piece, pack_chunk, pack_json, unpack_json
from tuilab.recording.results import Event

CHUNK_BYTES = 64 * 1024

Chunk = tuple[int, int, int, int]
"""Of a chunk of events: how many, their smallest step, its offset, its payload's length."""


def pack_event(event: Event) -> bytes:
    """One event as a JSON object.

    Raises:
        ValueError: its data is not JSON-able.
    """
    return pack_json(
        {"step": event.step, "time": event.time, "kind": event.kind, "arm": event.arm, "data": event.data}
    )


def pack_events(packed: Sequence[tuple[int, bytes]]) -> Iterator[tuple[int, int, int, list[Piece]]]:
    """Events as chunks, in their order.

    Args:
        packed: the step of each event, and what `pack_event` made of it.

    Yields:
        The smallest step in a chunk, the greatest, how many events, and the chunk.
    """
    taken: list[tuple[int, bytes]] = []
    size = 0
    for item in packed:
        if taken and size + len(item[1]) > CHUNK_BYTES:
            yield _chunk(taken)
            taken, size = [], 0
        taken.append(item)
        size += len(item[1]) + 1
    if taken:
        yield _chunk(taken)


def _chunk(taken: Sequence[tuple[int, bytes]]) -> tuple[int, int, int, list[Piece]]:
    steps = [step for step, _ in taken]
    payload = b"[" + b",".join([packed for _, packed in taken]) + b"]"
    return min(steps), max(steps), len(taken), pack_chunk(EVENTS, payload, rows=len(taken), first=min(steps))


def unpack_events(payload: bytes) -> list[Event]:
    """The events of a chunk, as they were written.

    Raises:
        ValueError: the payload is not a list of events.
    """
    items = unpack_json(payload)
    if not isinstance(items, list):
        raise ValueError("not a list of events")
    return [_event(item) for item in items]


def _event(item: Any) -> Event:
    if not isinstance(item, dict):
        raise ValueError("not an event")
    step, kind, arm = item.get("step"), item.get("kind"), item.get("arm")
    data, time = item.get("data"), item.get("time")
    if type(step) is not int or not 0 <= step < MAX_STEP or not isinstance(kind, str):
        raise ValueError("not an event")
    if not (arm is None or isinstance(arm, str)) or not isinstance(data, dict):
        raise ValueError("not an event")
    if not isinstance(time, (int, float)) or isinstance(time, bool):
        raise ValueError("not an event")
    try:
        return Event(step, kind, arm, data, float(time))
    except OverflowError:
        raise ValueError("not an event") from None


class EventLog:
    """The events of a file in the order they happened, each parsed once."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._known: list[Event] = []
        self._unread: list[Chunk] = []

    def __len__(self) -> int:
        """How many; of those that were not read yet, as many as is said."""
        return len(self._known) + sum(rows for rows, *_ in self._unread)

    def add(self, events: list[Event]) -> None:
        """Takes the events of one more chunk."""
        self._known += events

    def defer(self, chunks: Iterable[Chunk]) -> None:
        """Takes chunks that an index names, to be read when somebody asks."""
        self._unread += chunks

    def all(self) -> list[Event]:
        """All of them; not to be changed."""
        unread, self._unread = self._unread, []
        for rows, first, offset, length in unread:
            payload = self._file.covered(offset, length, EVENTS, 0, rows, first)
            try:
                self._known += unpack_events(payload) if payload is not None else []
            except ValueError:
                self._file.gap(offset, HEAD_SIZE + length, "its events cannot be read")
        return self._known

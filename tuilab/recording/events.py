"""Events as the JSON of an events chunk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tuilab.recording.format import MAX_STEP, pack_json, unpack_json
from tuilab.recording.results import Event


def pack_event(event: Event) -> bytes:
    """One event as a JSON object.

    Raises:
        ValueError: its data is not JSON-able.
    """
    return pack_json(
        {"step": event.step, "time": event.time, "kind": event.kind, "arm": event.arm, "data": event.data}
    )


def join_events(packed: Sequence[bytes]) -> bytes:
    """The payload of an events chunk."""
    return b"[" + b",".join(packed) + b"]"


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

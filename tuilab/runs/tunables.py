"""The numbers of a run that may be turned while it goes on, as its recording knows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tuilab.runs.errors import RunError

if TYPE_CHECKING:
    from tuilab.recording import Event, Readable

_KINDS = ("set", "patched")


def tunables(recording: Readable, step: int | None = None) -> dict[str, float]:
    """What each number is at, by keys such as `sgd/optimizer.lr`: where it began, and as it was turned since.

    Args:
        recording: of the run.
        step: the moment that is meant, None for now.
    """
    begun = recording.header.get("tunables")
    found = {
        str(key): float(value)
        for key, value in (begun if isinstance(begun, Mapping) else {}).items()
        if isinstance(value, int | float)
    }
    places = {f"arms.{key.replace('/', '.')}": key for key in found}
    for event in recording.events(None, None if step is None else step + 1) if found else ():
        if event.kind in _KINDS:
            found |= {
                places.get(key, key): value
                for key, value in turned(event).items()
                if places.get(key, key) in found
            }
    return found


def turned(event: Event) -> dict[str, float]:
    """The new values of the numbers that an event says were turned."""
    match event.kind, event.data:
        case "set", {"key": str() as key, "value": int() | float() as value}:
            return {key: float(value)}
        case "patched", {"at": str() as at, "with": Mapping() as changes}:
            return {f"{at}.{name}": float(v) for name, v in changes.items() if isinstance(v, int | float)}
    return {}


def meant(known: Mapping[str, Any], key: str) -> list[str]:
    """The numbers that a key stands for: one by its whole name, or of every arm those whose name ends so.

    Raises:
        RunError: there is none.
    """
    wanted = key.removeprefix("arms.").replace("/", ".")
    plain = {name: name.replace("/", ".") for name in known}
    found = [name for name, dotted in plain.items() if dotted == wanted]
    found = found or [name for name, dotted in plain.items() if dotted.endswith(f".{wanted}")]
    if not found:
        there = ", ".join(known) or "none"
        raise RunError(f"{key} is no number that can be changed here; there are {there}")
    return found

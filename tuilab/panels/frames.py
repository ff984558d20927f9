"""Frames by arm, and what a stranger's meta says where it makes sense."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from tuilab.panels.axes import ValueAxis
from tuilab.panels.finish import absent
from tuilab.panels.palette import arm_order
from tuilab.panels.view import View
from tuilab.recording import Frame, Readable

RUN = ""
"""Stands for the arm of a frame that is the whole run's."""

Understood = TypeVar("Understood")

_FAR = 1e300
_FARTHEST = 300.0
_CLOSE = 1e-12
"""Ends nearer to each other than this share of their size are no range: floats could not part it."""


def names_of(recording: Readable, name: str) -> dict[str, str]:
    """The frames called NAME or ARM/NAME by their arms, in the order of these."""
    found = {}
    for each in recording.frames():
        identity = recording.identity(each)
        if each == name or identity.quantity == name:
            found[RUN if each == name else identity.arm] = each
    return {arm: found[arm] for arm in sorted(found, key=arm_order(recording.header))}


def frame_of(recording: Readable, arm: str, name: str, step: int) -> Frame | None:
    """An arm's last frame of this name up to a step."""
    each = names_of(recording, name).get(arm)
    return None if each is None else recording.frame(each, step)


def shown_frames(
    recording: Readable, name: str, view: View, understood: Callable[[Frame], Understood | None]
) -> dict[str, Understood]:
    """What the frames of this name hold that are the last up to the moment, of every arm that is not hidden.

    Args:
        recording: Of these frames.
        name: Theirs, without the arm.
        view: The moment, and what is hidden.
        understood: Makes of a frame what it holds; None for one that is not of the kind.
    """
    found = {}
    for arm, each in names_of(recording, name).items():
        frame = recording.frame(each, view.step) if arm not in view.hidden else None
        if frame is not None and (held := understood(frame)) is not None:
            found[arm] = held
    return found


def frames_called(recording: Readable, *names: str) -> list[str]:
    """All frames of these names, of every arm and of the run."""
    return [each for name in names for each in names_of(recording, name).values()]


def missing(recording: Readable, name: str, what: str) -> str:
    """Why no such frame is shown."""
    if names_of(recording, name):
        return f"no {what} to show"
    return absent(recording, f"no frame named {name} or ARM/{name}")


def pair(given: Any) -> tuple[float, float] | None:
    """Two finite numbers, or nothing."""
    if not isinstance(given, list | tuple) or len(given) != 2:
        return None
    if not all(isinstance(part, int | float) and abs(part) < _FAR for part in given):
        return None
    return float(given[0]), float(given[1])


def texts(given: Any, count: int | None = None) -> list[str]:
    """Names from a meta; none unless there are `count` (any number for None)."""
    if not isinstance(given, list) or (count is not None and len(given) != count):
        return []
    return [str(each) for each in given]


def text(meta: Mapping[str, Any], key: str, default: str = "") -> str:
    """A text from a meta."""
    given = meta.get(key)
    return given if isinstance(given, str) else default


def range_of(meta: Mapping[str, Any], key: str) -> ValueAxis | None:
    """The axis from `key` (low and high) and `key`_scale of a meta; None for none that could be drawn."""
    ends = pair(meta.get(key))
    if ends is None:
        return None
    log = text(meta, f"{key}_scale") == "log"
    if log:
        if ends[0] <= 0 or ends[1] <= 0:
            return None
        ends = math.log10(ends[0]), math.log10(ends[1])
    if not ends[1] - ends[0] > max(abs(ends[0]), abs(ends[1])) * _CLOSE + 1e-250:
        return None
    return ValueAxis(*ends, log)


def power(exponent: float) -> float:
    """A power of ten, of the largest and smallest exponents no further than floats go."""
    return float(10.0 ** min(max(exponent, -_FARTHEST), _FARTHEST))

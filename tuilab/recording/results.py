"""What a recording answers with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tuilab.recording.format import Floats, Ints


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened at a step; `time` is in seconds since 1970."""

    step: int
    kind: str
    arm: str | None
    data: dict[str, Any]
    time: float


@dataclass(frozen=True, slots=True)
class Frame:
    """An array at a step.

    Attributes:
        name: of the frame.
        step: when it was recorded.
        array: what was recorded.
        meta: what it means; the same for many frames of a name.
        arrays: further arrays of this frame alone, by name, such as the edges of its bins.
    """

    name: str
    step: int
    array: np.ndarray[Any, Any]
    meta: dict[str, Any]
    arrays: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Overview:
    """A series in k spans of steps, those without a value left out.

    Attributes:
        steps: (k,) the last recorded step of each span.
        low: (k,) the smallest finite value; NaN where the span has none, and so the next two.
        high: (k,) the greatest finite value.
        last: (k,) the last finite value.
        nonfinite: (k,) how many values are NaN or infinite.
    """

    steps: Ints
    low: Floats
    high: Floats
    last: Floats
    nonfinite: Ints


@dataclass(frozen=True, slots=True)
class Gap:
    """A region of a file that was skipped, in bytes."""

    path: Path
    offset: int
    length: int
    reason: str

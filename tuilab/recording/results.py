"""What a recording answers with."""

from __future__ import annotations

from dataclasses import dataclass
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
    """An array at a step."""

    name: str
    step: int
    array: np.ndarray[Any, Any]
    meta: dict[str, Any]


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

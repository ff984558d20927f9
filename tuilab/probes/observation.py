"""What was measured at one step: figures, arrays and what happened."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

Frame = tuple[np.ndarray, dict[str, Any]]
"""An array and what it means: its kind, its axes, its names."""


@dataclass(slots=True)
class Observation:
    """What was measured at one step."""

    step: int
    values: dict[str, float]
    """Series name → number; NaN and infinities are numbers like any other."""
    frames: dict[str, Frame] = field(default_factory=dict)
    """By name; what a name means stays the same throughout a run."""
    events: list[tuple[str, str | None, dict[str, Any]]] = field(default_factory=list)
    """Kind, arm and details of what happened."""

"""Figures in sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tuilab.panels.columns import first_nonfinite
from tuilab.panels.numbers import short
from tuilab.printable import printable
from tuilab.recording import Readable, SeriesName, layer_number

_RECENT = 5
"""A trend compares the two halves of the last fifth of the steps."""

_LEVEL = 0.01
"""Relative changes below this are called level."""


def sentence(subject: str, when: str, facts: Sequence[str]) -> str:
    """Facts as one sentence: "subject when: fact, fact"."""
    return printable(f"{subject} {when}: {', '.join(facts) if facts else 'nothing recorded yet'}.")


def spoken(names: Sequence[SeriesName]) -> dict[SeriesName, str]:
    """Series as they are said: just the arm where all share one metric."""
    alike = len({name.quantity for name in names}) == 1
    return {name: name.arm if alike else f"{name.arm} {name.quantity}" for name in names}


def in_layer(layer: str) -> str:
    """A layer as it is said: `layer 3`, or the name of one."""
    return layer if layer_number(layer) is None else f"layer {layer}"


def trend(recording: Readable, name: str, step: int) -> str:
    """The value of a series at a step, with its direction, or where it stopped being a number."""
    value = recording.at(name, step)
    if value is None:
        return "nothing yet"
    if not math.isfinite(value):
        since = first_nonfinite(recording, name, step)
        return f"{short(value)} since step {since}"
    recent = recording.overview(name, step + 1 - max(step // _RECENT, 2), step + 1, 2)
    middles = (recent.low / 2 + recent.high / 2).tolist()
    if len(middles) < 2 or not all(map(math.isfinite, middles)):
        return short(value)
    change = middles[1] / 2 - middles[0] / 2
    if abs(change) <= _LEVEL * max(map(abs, middles)):
        return f"{short(value)} (level)"
    return f"{short(value)} ({'rising' if change > 0 else 'falling'})"

"""Learning-rate schedules: the share of the learning rate that update k of n uses.

Each is a function of t = k/n, which runs from 0 at the first update to 1 after the last.
"""

from __future__ import annotations

import math
from collections.abc import Callable


def constant(t: float) -> float:
    """1 throughout."""
    return 1.0


def cosine(t: float) -> float:
    """Half a cosine, ½(1 + cos πt), from 1 down to 0 (Loshchilov & Hutter, ICLR 2017, eq. 5, no restarts)."""
    return (1 + math.cos(math.pi * t)) / 2


def one_cycle(t: float, peak: float = 0.25, start: float = 0.1) -> float:
    """Up in a straight line, then down in a straight line to 0 (after Smith & Topin, arXiv:1708.07120).

    Args:
        t: share of the updates that are done.
        peak: where the learning rate is at its largest, 1, as a share of the updates.
        start: the learning rate of the first update, as a share of the largest.
    """
    if t < peak:
        return start + (1 - start) * t / peak
    return (1 - t) / (1 - peak)


SCHEDULES: dict[str, Callable[..., float]] = {"constant": constant, "cosine": cosine, "one_cycle": one_cycle}
"""Every schedule by the name scenarios use: (t, **settings) → factor."""

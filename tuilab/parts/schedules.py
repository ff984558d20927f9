"""Learning-rate schedules: the share of the learning rate that update k of n uses.

Each is a function of t = k/n, which runs from 0 at the first update to 1 after the last; so a schedule keeps
its shape however long the run is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def constant(t: float) -> float:
    """1 throughout."""
    return 1.0


def step(t: float, at: Sequence[float] = (0.3, 0.6, 0.9), factor: float = 0.1) -> float:
    """Down by a factor at a few fixed points, as ResNets are trained (He et al., CVPR 2016).

    Args:
        t: share of the updates that are done.
        at: where, as shares of the updates.
        factor: what the learning rate is multiplied by there.
    """
    return factor ** sum(t >= place for place in at)


def cosine(t: float) -> float:
    """Half a cosine, ½(1 + cos πt), from 1 down to 0 (Loshchilov & Hutter, ICLR 2017, eq. 5, no restarts)."""
    return (1 + math.cos(math.pi * t)) / 2


def linear(t: float) -> float:
    """1 − t: a straight line down to 0."""
    return 1 - t


def inverse_sqrt(t: float, scale: float = 0.01) -> float:
    """1/√(1 + t/scale): fast at first, then ever slower, and never 0.

    With scale = 1/n that is the lecture's 1/√k, k counted from 1 (Vaswani et al., NIPS 2017, after warm-up).

    Args:
        t: share of the updates that are done.
        scale: the share after which the learning rate has fallen to 1/√2.
    """
    return 1 / math.sqrt(1 + t / scale)


def exponential(t: float, end: float = 0.01) -> float:
    """endᵗ: the same factor at every update, such that the share `end` is left after the last."""
    return math.pow(end, t)


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


def warm_up(t: float, then: Mapping[str, Any], share: float = 0.05, start: float = 0.1) -> float:
    """Up in a straight line, and then another schedule over the rest (Goyal et al., arXiv:1706.02677).

    Args:
        t: share of the updates that are done.
        then: that schedule: its name and settings.
        share: how much of the updates the warm-up takes.
        start: the learning rate of the first update, as a share of the largest.
    """
    if t < share:
        return start + (1 - start) * t / share
    return factor(then, (t - share) / (1 - share))


SCHEDULES: dict[str, Callable[..., float]] = {
    "constant": constant,
    "step": step,
    "cosine": cosine,
    "linear": linear,
    "inverse_sqrt": inverse_sqrt,
    "exponential": exponential,
    "one_cycle": one_cycle,
    "warm_up": warm_up,
}
"""Every schedule by the name scenarios use: (t, **settings) → factor."""


def factor(settings: Mapping[str, Any], t: float) -> float:
    """The factor at t of the schedule that these settings name."""
    return SCHEDULES[settings["name"]](t, **{key: value for key, value in settings.items() if key != "name"})


def curve(settings: Mapping[str, Any], points: int) -> list[float]:
    """A whole schedule before it runs: the factor at evenly spaced t from 0 to 1, both included."""
    return [factor(settings, k / (points - 1)) for k in range(points)]

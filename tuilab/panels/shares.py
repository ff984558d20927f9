"""Histogram frames: shares of values in bins, a row a layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tuilab.panels.axes import Floats, Ints
from tuilab.panels.finish import cut
from tuilab.panels.frames import texts
from tuilab.panels.numbers import brief, short
from tuilab.panels.palette import DIM
from tuilab.panels.picture import Picture
from tuilab.panels.words import in_layer
from tuilab.recording import Frame

_MOST = 1e100
"""Figures beyond this are no shares and no edges: sums of them would overflow."""


_DECADES = 4
"""Powers of ten that logarithmic bars stand for: what is rarer is as low."""


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """The histograms of one arm.

    Attributes:
        bins: (layers, bins) share of the values in each bin, at least 0.
        low: (layers,) the lowest bin's lower edge.
        high: (layers,) the highest bin's upper edge.
        names: Of the layers.
    """

    bins: Floats
    low: Floats
    high: Floats
    names: list[str]


def shares_of(frame: Frame) -> Shares | None:
    """The histograms in a frame; None for one that is none."""
    array = frame.array
    if array.ndim != 2 or 0 in array.shape or array.dtype.kind not in "fiub":
        return None
    bins = np.nan_to_num(array.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    layers = len(bins)
    names = texts(frame.meta.get("layers"), layers) or [str(k + 1) for k in range(layers)]
    low, high = (_a_layer(edge, layers) for edge in edges_of(frame))
    return Shares(np.clip(bins, 0, _MOST), low, high, names)


def edges_of(frame: Frame) -> tuple[Any, Any]:
    """The outermost edges of a frame's histograms, lowest and highest: its own, else those in its meta.

    One a layer, or one for all layers.
    """
    low, high = (frame.arrays.get(end, frame.meta.get(end)) for end in ("low", "high"))
    return low, high


def _a_layer(given: Any, layers: int) -> Floats:
    """A figure a layer (layers,), NaN where there is none to reckon with."""
    try:
        edges = np.broadcast_to(np.asarray(given, np.float64), layers)
    except (TypeError, ValueError, OverflowError):
        return np.full(layers, np.nan)
    return np.where(np.abs(edges) < _MOST, edges, np.nan)


def evenly(count: int, most: int) -> list[int]:
    """At most `most` of 0…count-1, evenly spread, the first and the last among them."""
    if count <= most:
        return list(range(count))
    if most == 1:
        return [count - 1]
    step = -(-(count - 1) // (most - 1))
    if (count - 1) % step == 0:
        return list(range(0, count, step))
    return sorted({round(place * (count - 1) / (most - 1)) for place in range(most)})


def heights(shares: Floats, width: int, tallest: int, log: bool) -> Ints:
    """Bars (width,) of shares (bins,), the greatest `tallest` high; logarithmic, each at least 1."""
    edges = np.linspace(0, len(shares), width + 1)
    sums = np.diff(np.interp(edges, np.arange(len(shares) + 1), np.append(0, np.cumsum(shares))))
    top = float(sums.max(initial=0.0))
    if not top > 0:
        return np.zeros(width, np.int64)
    part = sums / top
    if log:
        with np.errstate(divide="ignore"):
            part = 1 + np.log10(part) / _DECADES
        part = np.where(sums > 0, np.clip(part, 1 / tallest, 1), 0)
    bars: Ints = np.rint(part * tallest).astype(np.int64)
    return bars


def put_ranges(picture: Picture, y: int, shares: Shares, chosen: list[int], across: int) -> None:
    """The lowest and highest value of each histogram below its ends."""
    for place, layer in enumerate(chosen):
        if layer < len(shares.bins):
            low, high = (brief(float(edge[layer])) for edge in (shares.low, shares.high))
            text = low + high.rjust(across - len(low))
            if len(low) + len(high) >= across:
                text = (f"±{high}" if low == f"-{high}" else high).center(across)
            picture.put(y, place * (across + 1), cut(text, across), DIM)


def summary(shares: Shares, layer: int) -> str:
    """The layer's median, and the share in its outermost bins."""
    bins = shares.bins[layer]
    total = float(bins.sum())
    name = in_layer(shares.names[layer])
    if not total:
        return f"{name} empty"
    middle = (np.searchsorted(np.cumsum(bins), total / 2) + 0.5) / len(bins)
    value = shares.low[layer] + middle * (shares.high[layer] - shares.low[layer])
    outer = (bins[0] + bins[-1]) / total if len(bins) > 1 else 1.0
    return f"{name} median {short(float(value))}, {outer:.0%} in the outermost bins"

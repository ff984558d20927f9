"""One small histogram for every layer (across) of every arm (down), at the moment shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuilab.panels.axes import Floats, Ints
from tuilab.panels.colors import DEFAULT
from tuilab.panels.finish import Entry, absent, cut, finished, head, write
from tuilab.panels.numbers import brief, short
from tuilab.panels.palette import DIM, arm_color, arm_mark, arm_of, by_arm
from tuilab.panels.picture import Picture
from tuilab.panels.view import View
from tuilab.panels.words import sentence
from tuilab.recording import Recording

_MOST = 1e100
"""Figures beyond this are no shares and no edges: sums of them would overflow."""

_EIGHTHS = np.array(list(" ▁▂▃▄▅▆▇█"))
_STEPS_ASCII = np.array(list("  ..:::##"))
_NARROWEST = 7
"""Cells below which a histogram's shape is lost: fewer layers are shown instead."""

_ROOMY = 3
"""Rows for an arm from which on its ranges take one."""


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


@dataclass(frozen=True, slots=True)
class Histograms:
    """The frame of this name of every arm."""

    title: str
    frame: str

    def draw(self, recording: Recording, view: View, width: int, height: int) -> Picture:
        """See `Panel.draw`."""
        return finished(lambda picture: self._render(picture, recording, view), view, width, height)

    def describe(self, recording: Recording, view: View) -> str:
        """For every arm, first and last layer: the median, and the share in the outermost bins."""
        facts = []
        for arm, shares in self._shares(recording, view).items():
            ends = [0, len(shares.bins) - 1] if len(shares.bins) > 1 else [0]
            facts.append(f"{arm} {' and '.join(_summary(shares, layer) for layer in ends)}")
        return sentence(self.title, f"at step {view.step}", facts)

    def _shares(self, recording: Recording, view: View) -> dict[str, Shares]:
        shares = {}
        for name in by_arm(recording.header, recording.frames(f"*/{self.frame}")):
            frame = recording.frame(name, view.step) if arm_of(name) not in view.hidden else None
            if frame is not None and (found := _understood(frame.array, frame.meta)) is not None:
                shares[arm_of(name)] = found
        return shares

    def _render(self, picture: Picture, recording: Recording, view: View) -> None:
        arms = self._shares(recording, view)
        header = recording.header
        if not arms:
            head(picture, self.title, [], [])
            known = recording.frames(f"*/{self.frame}")
            write(
                picture,
                1,
                "no histogram recorded yet"
                if known
                else absent(recording, f"no frame named ARM/{self.frame}"),
            )
            return
        layers = max(len(shares.bins) for shares in arms.values())
        chosen = evenly(layers, max(1, (picture.width + 1) // (_NARROWEST + 1)))
        common = _one_range(arms.values())
        rows = picture.height - 2  # without the title's and the layers' row
        visible = max(1, min(len(arms), rows))
        notes = []
        if len(chosen) < layers:
            notes.append(f"layers {' '.join(str(layer + 1) for layer in chosen)} of {layers}")
        if visible < len(arms):
            notes.append(f"{len(arms) - visible} more arms need more rows")
        entries = [Entry(arm_mark(header, arm, view.glyphs), arm, arm_color(header, arm)) for arm in arms]
        head(picture, self.title, notes, entries)
        # Every layer gets the same width, and what is left over stays empty, so that the bars compare.
        across = (picture.width + 1) // len(chosen) - 1
        for place, layer in enumerate(chosen):
            name = next(iter(arms.values())).names
            label = name[layer] if layer < len(name) else str(layer + 1)
            picture.put(1, place * (across + 1), cut(label, across).center(across), DIM)
        for place, (arm, shares) in enumerate(list(arms.items())[:visible]):
            # The last row of a block is for the ranges, or, where these are said once, keeps arms apart.
            block = rows // visible
            bars = max(block - (block >= _ROOMY), 1)
            top = 2 + place * block
            color = arm_color(header, arm)
            picture.paste(top, 0, _block(shares, chosen, across, bars, color, view.glyphs == "ascii"))
            if place == visible - 1 if common else bars < block:
                _put_ranges(picture, top + bars, shares, chosen, across)


def _understood(array: np.ndarray[Any, Any], meta: dict[str, Any]) -> Shares | None:
    """The histograms in a frame; None for one that is none."""
    if array.ndim != 2 or 0 in array.shape or array.dtype.kind not in "fiub":
        return None
    bins = np.nan_to_num(array.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    layers = len(bins)
    names = meta.get("layers")
    named = isinstance(names, list) and len(names) == layers
    return Shares(
        np.clip(bins, 0, _MOST),
        _edges(meta.get("low"), layers),
        _edges(meta.get("high"), layers),
        [str(name) for name in names]
        if named and isinstance(names, list)
        else [str(k + 1) for k in range(layers)],
    )


def _edges(given: Any, layers: int) -> Floats:
    """A figure a layer from a frame's meta, NaN where there is none to reckon with."""
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


def _one_range(arms: Iterable[Shares]) -> bool:
    """Whether every arm has the same ranges: then they are said once."""
    return len({(tuple(shares.low.tolist()), tuple(shares.high.tolist())) for shares in arms}) == 1


def _block(
    shares: Shares, chosen: list[int], across: int, height: int, color: int, ascii_only: bool
) -> Picture:
    """One arm's histograms side by side."""
    block = Picture.blank(len(chosen) * (across + 1), height)
    for place, layer in enumerate(chosen):
        if layer < len(shares.bins):
            cells = (slice(None), slice(place * (across + 1), place * (across + 1) + across))
            block.chars[cells] = _bars(shares.bins[layer], across, height, ascii_only)
            block.fg[cells] = np.where(block.chars[cells] == " ", DEFAULT, color)
    return block


def _put_ranges(picture: Picture, y: int, shares: Shares, chosen: list[int], across: int) -> None:
    """The lowest and highest value of each histogram below its ends."""
    for place, layer in enumerate(chosen):
        if layer < len(shares.bins):
            low, high = (brief(float(edge[layer])) for edge in (shares.low, shares.high))
            text = low + high.rjust(across - len(low))
            if len(low) + len(high) >= across:
                text = (f"±{high}" if low == f"-{high}" else high).center(across)
            picture.put(y, place * (across + 1), cut(text, across), DIM)


def _bars(shares: Floats, width: int, height: int, ascii_only: bool) -> np.ndarray[Any, np.dtype[np.str_]]:
    """Bars of (height, width) cells, the highest share reaching the top."""
    edges = np.linspace(0, len(shares), width + 1)
    sums = np.diff(np.interp(edges, np.arange(len(shares) + 1), np.append(0, np.cumsum(shares))))
    top = float(sums.max(initial=0.0))
    eighths = np.rint(sums / top * (8 * height)).astype(np.int64) if top > 0 else np.zeros(width, np.int64)
    filled: Ints = np.clip(eighths - 8 * np.arange(height)[::-1, None], 0, 8)
    return (_STEPS_ASCII if ascii_only else _EIGHTHS)[filled]


def _summary(shares: Shares, layer: int) -> str:
    bins = shares.bins[layer]
    total = float(bins.sum())
    name = f"layer {shares.names[layer]}" if shares.names[layer].isdecimal() else shares.names[layer]
    if not total:
        return f"{name} empty"
    middle = (np.searchsorted(np.cumsum(bins), total / 2) + 0.5) / len(bins)
    value = shares.low[layer] + middle * (shares.high[layer] - shares.low[layer])
    outer = (bins[0] + bins[-1]) / total if len(bins) > 1 else 1.0
    return f"{name} median {short(float(value))}, {outer:.0%} in the outermost bins"

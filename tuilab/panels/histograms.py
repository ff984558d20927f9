"""One small histogram for every layer (across) of every arm (down), at the moment shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuilab.panels.axes import Floats, Ints
from tuilab.panels.colors import DEFAULT
from tuilab.panels.finish import Entry, absent, cut, finished, head, write
from tuilab.panels.palette import DIM, arm_color, arm_mark, arm_of, by_arm
from tuilab.panels.picture import Picture
from tuilab.panels.sampling import of_what, sample_note
from tuilab.panels.shares import Shares, evenly, heights, put_ranges, summary, understood
from tuilab.panels.view import View
from tuilab.panels.words import sentence
from tuilab.recording import Readable

_EIGHTHS = np.array(list(" ▁▂▃▄▅▆▇█"))
_STEPS_ASCII = np.array(list("  ..:::##"))
_NARROWEST = 7
"""Cells below which a histogram's shape is lost: fewer layers are shown instead."""

_ROOMY = 3
"""Rows for an arm from which on its ranges take one."""


@dataclass(frozen=True, slots=True)
class Histograms:
    """The frame of this name of every arm, or of one."""

    title: str
    frame: str
    arm: str = ""
    log: bool = False

    def draw(self, recording: Readable, view: View, width: int, height: int) -> Picture:
        """See `Panel.draw`."""
        return finished(lambda picture: self._render(picture, recording, view), view, width, height)

    def describe(self, recording: Readable, view: View) -> str:
        """For every arm, first and last layer: the median, and the share in the outermost bins."""
        facts = []
        for arm, shares in self._shares(recording, view).items():
            ends = [0, len(shares.bins) - 1] if len(shares.bins) > 1 else [0]
            facts.append(f"{arm} {' and '.join(summary(shares, layer) for layer in ends)}")
        return sentence(self.title + of_what(recording.header, self.frame), f"at step {view.step}", facts)

    def _names(self, recording: Readable) -> list[str]:
        names = recording.frames(f"*/{self.frame}")
        return [name for name in names if self.arm in ("", arm_of(name))]

    def _shares(self, recording: Readable, view: View) -> dict[str, Shares]:
        shares = {}
        for name in by_arm(recording.header, self._names(recording)):
            frame = recording.frame(name, view.step) if arm_of(name) not in view.hidden else None
            if frame is not None and (found := understood(frame.array, frame.meta)) is not None:
                shares[arm_of(name)] = found
        return shares

    def _render(self, picture: Picture, recording: Readable, view: View) -> None:
        arms = self._shares(recording, view)
        header = recording.header
        known = self._names(recording)
        if not arms:
            head(picture, self.title, [], [])
            none = absent(recording, f"no frame named {self.arm or 'ARM'}/{self.frame}")
            write(picture, 1, "no histogram recorded yet" if known else none)
            return
        log = self.log if view.log is None else view.log
        layers = max(len(shares.bins) for shares in arms.values())
        chosen = evenly(layers, max(1, (picture.width + 1) // (_NARROWEST + 1)))
        common = _one_range(arms.values())
        rows = picture.height - 2  # without the title's and the layers' row
        visible = max(1, min(len(arms), rows))
        notes = sample_note(header, self.frame) + ["log"] * log
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
            picture.paste(top, 0, _block(shares, chosen, across, bars, color, log, view.glyphs == "ascii"))
            if len(known) > 1:
                picture.put(top, across, arm_mark(header, arm, view.glyphs), color)
            if place == visible - 1 if common else bars < block:
                put_ranges(picture, top + bars, shares, chosen, across)


def _one_range(arms: Iterable[Shares]) -> bool:
    """Whether every arm has the same ranges: then they are said once."""
    return len({(tuple(shares.low.tolist()), tuple(shares.high.tolist())) for shares in arms}) == 1


def _block(
    shares: Shares, chosen: list[int], across: int, height: int, color: int, log: bool, ascii_only: bool
) -> Picture:
    """One arm's histograms side by side."""
    block = Picture.blank(len(chosen) * (across + 1), height)
    for place, layer in enumerate(chosen):
        if layer < len(shares.bins):
            cells = (slice(None), slice(place * (across + 1), place * (across + 1) + across))
            block.chars[cells] = _bars(shares.bins[layer], across, height, log, ascii_only)
            block.fg[cells] = np.where(block.chars[cells] == " ", DEFAULT, color)
    return block


def _bars(
    shares: Floats, width: int, height: int, log: bool, ascii_only: bool
) -> np.ndarray[Any, np.dtype[np.str_]]:
    """Bars of (height, width) cells, the highest share reaching the top."""
    eighths = heights(shares, width, 8 * height, log)
    filled: Ints = np.clip(eighths - 8 * np.arange(height)[::-1, None], 0, 8)
    return (_STEPS_ASCII if ascii_only else _EIGHTHS)[filled]

"""One small histogram for every layer (across) of every arm (down), at the moment shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuilab.panels.axes import Floats, Ints
from tuilab.panels.colors import DEFAULT
from tuilab.panels.finish import Entry, Finished, absent, cut, head, say
from tuilab.panels.frames import frames_called, names_of, shown_frames
from tuilab.panels.palette import DIM, arm_color, arm_mark
from tuilab.panels.picture import Picture
from tuilab.panels.sampling import of_what, sample_note
from tuilab.panels.shares import Shares, evenly, heights, put_ranges, shares_of, summary
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
class Histograms(Finished):
    """The frame of this name of every arm, or of one."""

    title: str
    frame: str
    arm: str = ""
    log: bool = False

    def describe(self, recording: Readable, view: View) -> str:
        """For every arm, first and last layer: the median, and the share in the outermost bins."""
        facts = []
        for arm, shares in self._shares(recording, view).items():
            ends = [0, len(shares.bins) - 1] if len(shares.bins) > 1 else [0]
            facts.append(f"{arm} {' and '.join(summary(shares, layer) for layer in ends)}")
        return sentence(self.title + of_what(recording.header, self.frame), f"at step {view.step}", facts)

    def _shares(self, recording: Readable, view: View) -> dict[str, Shares]:
        found = shown_frames(recording, self.frame, view, shares_of)
        return {arm: shares for arm, shares in found.items() if self.arm in ("", arm)}

    def sources(self, recording: Readable, view: View) -> Iterable[str]:
        """See `Panel.sources`."""
        return frames_called(recording, self.frame)

    def render(self, picture: Picture, recording: Readable, view: View) -> None:
        """See `Finished`."""
        arms = self._shares(recording, view)
        header = recording.header
        known = [arm for arm in names_of(recording, self.frame) if self.arm in ("", arm)]
        if not arms:
            none = absent(recording, f"no frame named {self.arm or 'ARM'}/{self.frame}")
            say(picture, self.title, "no histogram recorded yet" if known else none)
            return
        log = view.logarithmic(self.log)
        layers = max(len(shares.bins) for shares in arms.values())
        left = 0
        if len(known) > 1:
            left = min(max(map(len, known)) + 3, max(picture.width // 5, 2))
        width = picture.width - left
        chosen = evenly(layers, max(1, (width + 1) // (_NARROWEST + 1)))
        common = _one_range(arms.values())
        rows = picture.height - 2  # without the title's and the layers' row
        visible = max(1, len(arms) if len(arms) <= rows else rows - 1)
        notes = sample_note(header, self.frame) + ["log"] * log
        if len(chosen) < layers:
            notes.append(f"layers {' '.join(str(layer + 1) for layer in chosen)} of {layers}")
        if visible < len(arms):
            rows -= 1
        entries = [Entry(arm_mark(header, arm, view.glyphs), arm, arm_color(header, arm)) for arm in arms]
        head(picture, self.title, notes, entries)
        # Every layer gets the same width, and what is left over stays empty, so that the bars compare.
        across = (width + 1) // len(chosen) - 1
        for place, layer in enumerate(chosen):
            name = next(iter(arms.values())).names
            label = name[layer] if layer < len(name) else str(layer + 1)
            picture.put(1, left + place * (across + 1), cut(label, across).center(across), DIM)
        for place, (arm, shares) in enumerate(list(arms.items())[:visible]):
            # The last row of a block is for the ranges, or, where these are said once, keeps arms apart.
            block = rows // visible
            bars = max(block - (block >= _ROOMY), 1)
            top = 2 + place * block
            color = arm_color(header, arm)
            block_of = _block(shares, chosen, across, bars, color, log, view.glyphs == "ascii")
            picture.paste(top, left, block_of)
            if left:
                picture.put(top, 0, cut(f"{arm_mark(header, arm, view.glyphs)} {arm}", left - 1), color)
            if place == visible - 1 if common else bars < block:
                put_ranges(picture.part(0, left, picture.height, width), top + bars, shares, chosen, across)
        if visible < len(arms):
            last = f"… {len(arms) - visible} more arms need more rows"
            picture.put(picture.height - 1, 0, last.ljust(picture.width), DIM)


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

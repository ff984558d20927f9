"""Histograms of one layer at several moments as overlapping ridges."""

from __future__ import annotations

import numpy as np

from tuilab.panels.dots import light
from tuilab.panels.fading import faded
from tuilab.panels.picture import Picture
from tuilab.panels.shares import Shares, heights, shares_of
from tuilab.panels.steps import StepAxis
from tuilab.panels.view import PIXELS, View
from tuilab.recording import Frame, Readable

Ridges = dict[int, Shares]
"""An arm's histograms by slot of the time axis, the earliest first."""


def ridges_of(recording: Readable, name: str, axis: StepAxis, view: View) -> Ridges:
    """The last histograms of every slot; live, only of those that are complete."""
    found: dict[int, Frame] = {}
    ends, step = axis.ends().tolist(), min(view.step, axis.last)
    while step >= 0 and (frame := recording.frame(name, step)) is not None:
        slot = int(axis.column(np.array([frame.step]))[0])
        if slot < 0:
            break
        found[slot] = frame
        step = ends[slot - 1] if slot else -1
    slots = sorted(found)
    if view.live:
        complete = axis.complete(view.step, 1)
        slots = [slot for slot in slots if slot < complete] or slots[:1]
    shares = {slot: shares_of(found[slot]) for slot in slots}
    return {slot: histograms for slot, histograms in shares.items() if histograms is not None}


def draw_ridges(
    ridges: Ridges,
    layer: int,
    slots: int,
    width: int,
    height: int,
    arm: tuple[str, int],
    view: View,
    log: bool,
) -> Picture:
    """Outlines of one layer's histograms, a row of cells apart, each hiding what lies behind it.

    Args:
        ridges: The histograms.
        layer: Which of their rows.
        slots: Of the time axis; the first ridge stands so many rows above the picture's last one, less one.
        width: In cells.
        height: In cells; what is left beside the slots is how high the ridges are.
        arm: Mark and colour, of the latest; earlier ones are greyer.
        view: What may be drawn with.
        log: Whether their heights are logarithmic.
    """
    picture = Picture.blank(width, height)
    across, up = PIXELS[view.glyphs]
    owner = np.full((height * up, width * across), -1)
    from_bottom = np.arange(height * up)[:, None]
    tall = (height - slots + 1) * up - 1
    drawn = {slot: shares.bins[layer] for slot, shares in ridges.items() if layer < len(shares.bins)}
    for slot, bins in drawn.items():
        tops = heights(bins, width * across, tall, log)
        base = (slots - 1 - slot) * up
        # A column's outline reaches down to its neighbours': steep sides stay joined.
        padded = np.pad(tops, 1)
        down = np.minimum(np.minimum(padded[:-2], padded[2:]) + 1, tops)
        owner[(from_bottom >= base) & (from_bottom <= base + tops)] = -1
        owner[(from_bottom >= base + down) & (from_bottom <= base + tops) & (tops > 0)] = slot
    newest = max(drawn, default=0)
    for slot in drawn:
        rows, columns = np.nonzero(owner == slot)
        shade = faded(arm[1], (newest - slot) / max(newest, 1))
        light(picture, columns, rows, shade, view.glyphs, arm[0] if slot == newest else ".")
    return picture

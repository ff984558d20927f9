"""Pictures side by side: images, what augmentation makes of them, filters; and what a network saw in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuilab.panels.axes import Floats
from tuilab.panels.blocks import Block, entries_of, lay, put_caption
from tuilab.panels.colors import DEFAULT, TRUE
from tuilab.panels.dots import light
from tuilab.panels.finish import Finished, cut, head, say
from tuilab.panels.frames import RUN, frames_called, missing, shown_frames
from tuilab.panels.palette import DIM
from tuilab.panels.picture import Colors, Picture
from tuilab.panels.raster import fill, shares
from tuilab.panels.tiles.gallery import Gallery, Grid, Verdict, gallery_of, grid_of, told_of, verdicts_of
from tuilab.panels.view import View
from tuilab.panels.words import sentence
from tuilab.recording import Readable

_BITS = 3
"""Lowest bits of a colour left out: nobody sees them, and equal cells cost nothing to send."""

_RIGHT, _WRONG = 35, 167
_LUMA = np.array([0.2126, 0.7152, 0.0722])
_RAMP = np.array(list(" ░▒▓█"))
_RAMP_ASCII = np.array(list(" .:-=+*#%@"))
_BAYER = (np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) + 0.5) / 16
"""Thresholds of ordered dithering (Bayer 1973)."""


@dataclass(frozen=True, slots=True)
class Tiles(Finished):
    """The pictures frame of this name of every arm, with captions from another frame."""

    title: str
    frame: str
    captions: str | None = None

    def describe(self, recording: Readable, view: View) -> str:
        """How many pictures of what size, how many were recognised, and the surest mistake."""
        verdicts = self._verdicts(recording, view)
        facts = []
        for arm, gallery in self._galleries(recording, view).items():
            count, high, wide, channels = gallery.pixels.shape
            told = f"{arm} {count} pictures of {wide} × {high} {'in colour' if channels == 3 else 'in grey'}"
            facts.append(told.strip() + told_of(verdicts.get(arm) or verdicts.get(RUN) or []))
        return sentence(self.title, f"at step {view.step}", facts)

    def _galleries(self, recording: Readable, view: View) -> dict[str, Gallery]:
        return shown_frames(recording, self.frame, view, gallery_of)

    def _verdicts(self, recording: Readable, view: View) -> dict[str, list[Verdict]]:
        return {} if self.captions is None else shown_frames(recording, self.captions, view, verdicts_of)

    def sources(self, recording: Readable, view: View) -> Iterable[str]:
        """See `Panel.sources`."""
        return frames_called(recording, self.frame, *filter(None, [self.captions]))

    def render(self, picture: Picture, recording: Readable, view: View) -> None:
        """See `Finished`."""
        galleries = self._galleries(recording, view)
        if not galleries:
            say(picture, self.title, missing(recording, self.frame, "pictures"))
            return
        verdicts = self._verdicts(recording, view)
        blocks = lay(len(galleries), picture.width, picture.height - 1)
        notes = []
        if len(blocks) < len(galleries):
            notes.append(f"{len(galleries) - len(blocks)} more need more room")
        fewest = 1 << 30
        for block, (arm, gallery) in zip(blocks, galleries.items(), strict=False):
            block = replace(block, y=block.y + 1)
            if len(galleries) > 1:
                put_caption(picture, block, recording, arm, view)
            seen = (verdicts.get(arm) or verdicts.get(RUN) or [])[: len(gallery.pixels)]
            captions = 2 if any(not verdict.right for verdict in seen) else int(bool(seen or gallery.titles))
            grid = grid_of(gallery, block, captions)
            fewest = min(fewest, grid.shown)
            picture.paste(block.y, block.x, _body(block, gallery, grid, seen, view))
        most = max(len(gallery.pixels) for gallery in galleries.values())
        if blocks and fewest < most:
            notes.append(f"{fewest} of {most}")
        entries = entries_of(recording, list(galleries), view) if len(galleries) == 1 else []
        head(picture, self.title, notes, entries)


def _body(block: Block, gallery: Gallery, grid: Grid, verdicts: list[Verdict], view: View) -> Picture:
    """One arm's pictures with their captions."""
    body = Picture.blank(block.width, block.height)
    dither = not view.color and view.glyphs == "braille"
    cells = (grid.height + 1) // 2
    across, up = (2, 4) if dither else (1, 2 if view.color and view.glyphs != "ascii" else 1)
    # An odd height leaves the lower half of its last cells free.
    height = grid.height if up == 2 else cells * up
    tiles = resized(gallery.pixels[: grid.shown], height, grid.width * across)
    canvas = np.full((body.height * up, body.width * across, 3), np.nan)
    for place, tile in enumerate(tiles):
        y, x = place // grid.columns * grid.pitch * up, place % grid.columns * (grid.width + 1) * across
        room = canvas[y : y + height, x : x + tile.shape[1]]
        room[...] = tile[: room.shape[0], : room.shape[1]]
    if view.color:
        fill(body, _codes(canvas))
    elif dither:
        rows, columns = np.nonzero(
            canvas @ _LUMA / 256 > np.tile(_BAYER, (body.height, body.width))[:, : 2 * body.width]
        )
        light(body, columns, len(canvas) - 1 - rows, DEFAULT, "braille")
    else:
        ramp = _RAMP_ASCII if view.glyphs == "ascii" else _RAMP
        body.chars[...] = ramp[np.nan_to_num(canvas @ _LUMA / 256 * len(ramp)).astype(np.int64)]
    if grid.pitch > cells:
        _put_captions(body, gallery, grid, cells, verdicts)
    return body


def _put_captions(body: Picture, gallery: Gallery, grid: Grid, cells: int, verdicts: list[Verdict]) -> None:
    for place in range(grid.shown):
        y, x = place // grid.columns * grid.pitch + cells, place % grid.columns * (grid.width + 1)
        if place < len(verdicts):
            verdict = verdicts[place]
            for row, line in enumerate(verdict.lines(grid.width, grid.pitch - cells)):
                body.put(y + row, x, line, _RIGHT if verdict.right else _WRONG)
        elif gallery.titles:
            body.put(y, x, cut(gallery.titles[place], grid.width), DIM)


def resized(pixels: NDArray[np.uint8], height: int, width: int) -> Floats:
    """Pictures (n, h, w, c) as (n, height, width, 3): averaged down, or each pixel drawn larger."""
    count, high, wide, channels = pixels.shape
    rows = shares(high, height) @ pixels.reshape(count, high, wide * channels)
    columns = shares(wide, width) @ rows.reshape(count * height, wide, channels)
    found: Floats = np.broadcast_to(columns, (count * height, width, 3)).reshape(count, height, width, 3)
    return found


def _codes(canvas: NDArray[Any]) -> Colors:
    """Colours (h, w, 3) as codes; NaN is a hole."""
    hole = np.isnan(canvas[..., 0])
    top = (1 << (8 - _BITS)) - 1
    steps = np.nan_to_num(canvas).astype(np.int64) >> _BITS
    red, green, blue = np.moveaxis(steps * 255 // top, -1, 0)
    return np.where(hole, DEFAULT, TRUE | red << 16 | green << 8 | blue).astype(np.int32)

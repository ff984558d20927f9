"""Pictures side by side: images, what augmentation makes of them, filters; and what a network saw in them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuilab.panels.axes import Floats
from tuilab.panels.blocks import Block, entries_of, lay, put_caption
from tuilab.panels.colors import DEFAULT, TRUE
from tuilab.panels.dots import light
from tuilab.panels.finish import cut, finished, head, write
from tuilab.panels.frames import RUN, missing, shown_frames, texts
from tuilab.panels.palette import BROKEN, DIM
from tuilab.panels.picture import Colors, Picture
from tuilab.panels.raster import fill, shares
from tuilab.panels.view import View
from tuilab.panels.words import sentence
from tuilab.recording import Frame, Recording

_MANY = 1 << 24
_LEAST = 5
"""Pixels across and up below which a picture shows nothing: fewer pictures are shown instead."""

_BITS = 3
"""Lowest bits of a colour left out: nobody sees them, and equal cells cost nothing to send."""

_RIGHT, _WRONG = 35, 167
_LUMA = np.array([0.2126, 0.7152, 0.0722])
_RAMP = np.array(list(" ░▒▓█"))
_RAMP_ASCII = np.array(list(" .:-=+*#%@"))
_BAYER = (np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) + 0.5) / 16
"""Thresholds of ordered dithering (Bayer 1973)."""


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """What a pictures frame holds.

    Attributes:
        pixels: (n, h, w, 3 or 1) 8-bit.
        titles: One a picture, or none.
    """

    pixels: NDArray[np.uint8]
    titles: list[str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a network saw in a picture."""

    true: str
    predicted: str
    right: bool
    probability: float

    def text(self, width: int) -> str:
        """As much of it as fits."""
        mark, share = "" if self.right else BROKEN, f"{self.probability:.0%}"
        full = f"{mark}{self.predicted} {share}"
        whole = full if self.right else f"{full}, is {self.true}"
        return next(
            (each for each in (whole, full) if len(each) <= width), cut(f"{mark}{self.predicted}", width)
        )


@dataclass(frozen=True, slots=True)
class Grid:
    """Where pictures lie in a block of cells.

    Attributes:
        shown: How many.
        columns: Of pictures.
        width: Of a picture, in pixels, as many as cells.
        height: Of a picture, in pixels, two a cell.
        pitch: Cells from one row of pictures to the next.
    """

    shown: int
    columns: int
    width: int
    height: int
    pitch: int


@dataclass(frozen=True, slots=True)
class Tiles:
    """The pictures frame of this name of every arm, with captions from another frame."""

    title: str
    frame: str
    captions: str | None = None

    def draw(self, recording: Recording, view: View, width: int, height: int) -> Picture:
        """See `Panel.draw`."""
        return finished(lambda picture: self._render(picture, recording, view), view, width, height)

    def describe(self, recording: Recording, view: View) -> str:
        """How many pictures of what size, how many were recognised, and the surest mistake."""
        verdicts = self._verdicts(recording, view)
        facts = []
        for arm, gallery in self._galleries(recording, view).items():
            count, high, wide, channels = gallery.pixels.shape
            told = f"{arm} {count} pictures of {wide} × {high} {'in colour' if channels == 3 else 'in grey'}"
            facts.append(told.strip() + _told(verdicts.get(arm) or verdicts.get(RUN) or []))
        return sentence(self.title, f"at step {view.step}", facts)

    def _galleries(self, recording: Recording, view: View) -> dict[str, Gallery]:
        frames = shown_frames(recording, self.frame, view)
        found = {arm: _gallery(frame) for arm, frame in frames.items()}
        return {arm: gallery for arm, gallery in found.items() if gallery is not None}

    def _verdicts(self, recording: Recording, view: View) -> dict[str, list[Verdict]]:
        if self.captions is None:
            return {}
        return {arm: _verdicts(frame) for arm, frame in shown_frames(recording, self.captions, view).items()}

    def _render(self, picture: Picture, recording: Recording, view: View) -> None:
        galleries = self._galleries(recording, view)
        if not galleries:
            head(picture, self.title, [], [])
            write(picture, 1, missing(recording, self.frame, "pictures"))
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
            grid = grid_of(gallery, block, bool(seen or gallery.titles))
            fewest = min(fewest, grid.shown)
            picture.paste(block.y, block.x, _body(block, gallery, grid, seen, view))
        most = max(len(gallery.pixels) for gallery in galleries.values())
        if blocks and fewest < most:
            notes.append(f"{fewest} of {most}")
        entries = entries_of(recording, list(galleries), view) if len(galleries) == 1 else []
        head(picture, self.title, notes, entries)


def _gallery(frame: Frame) -> Gallery | None:
    array = frame.array
    if array.ndim != 4 or 0 in array.shape or array.shape[3] not in (1, 3) or array.size > _MANY:
        return None
    if array.dtype != np.uint8:
        return None
    return Gallery(array, texts(frame.meta.get("titles"), len(array)))


def _verdicts(frame: Frame) -> list[Verdict]:
    array = frame.array
    if array.ndim != 2 or array.shape[1] != 3 or array.size > _MANY or array.dtype.kind not in "fiub":
        return []
    classes = texts(frame.meta.get("classes"))

    def name(number: float) -> str:
        known = np.isfinite(number) and 0 <= number < len(classes)
        return classes[int(number)] if known else f"{number:.0f}" if np.isfinite(number) else "–"

    return [
        Verdict(name(true), name(predicted), true == predicted, share if 0 <= share <= 1 else 0.0)
        for true, predicted, share in array.astype(np.float64).tolist()
    ]


def _told(verdicts: list[Verdict]) -> str:
    if not verdicts:
        return ""
    told = f", {sum(verdict.right for verdict in verdicts)} of {len(verdicts)} right"
    wrong = [verdict for verdict in verdicts if not verdict.right]
    if wrong:
        worst = max(wrong, key=lambda verdict: verdict.probability)
        told += f", surest mistake {worst.predicted} for {worst.true} with {worst.probability:.0%}"
    return told


def grid_of(gallery: Gallery, block: Block, captions: bool) -> Grid:
    """The grid in which the pictures are largest; fewer pictures where they would be too small."""
    count, high, wide = gallery.pixels.shape[:3]
    least = min(wide, _LEAST), min(high, _LEAST)
    below = int(captions and block.height > (least[1] + 1) // 2)
    grid = _largest(count, high, wide, block, below)
    if grid.width < least[0] or grid.height < least[1]:
        across = max((block.width + 1) // (least[0] + 1), 1)
        down = max(block.height // ((least[1] + 1) // 2 + below), 1)
        grid = _largest(min(count, across * down), high, wide, block, below)
    return grid


def _largest(count: int, high: int, wide: int, block: Block, below: int) -> Grid:
    best, found = -1.0, Grid(1, 1, 1, 1, 1)
    for columns in range(1, min(count, block.width) + 1):
        rows = -(-count // columns)
        across = (block.width + 1) // columns - 1
        # A row of captions parts the pictures; without it half a cell stays free below each.
        up = 2 * (block.height // rows - below) - (0 if below or rows == 1 else 1)
        scale = min(across / wide, up / high)
        scale = float(int(scale)) if scale >= 2 else scale
        if across >= 1 and up >= 1 and scale > best:
            width, height = max(int(wide * scale + 1e-9), 1), max(int(high * scale + 1e-9), 1)
            pitch = (height + 1) // 2 + below if below or rows == 1 else height // 2 + 1
            best, found = scale, Grid(count, columns, width, height, pitch)
    if best < 0:  # not even one row each: the first of them, a cell each
        return Grid(min(count, max(block.width // 2, 1)), max(block.width // 2, 1), 1, 2, 1)
    return found


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
            body.put(y, x, verdict.text(grid.width), _RIGHT if verdict.right else _WRONG)
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

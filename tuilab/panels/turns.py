"""Marks on the step axis: where somebody turned a number of the run, or parted it from another one."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tuilab.panels.chart import Frame
from tuilab.panels.palette import DIM
from tuilab.panels.picture import Picture
from tuilab.panels.steps import StepAxis
from tuilab.panels.view import View
from tuilab.recording import Readable

KINDS = ("set", "patched", "forked")
COLOR = 178
_MARK, _ASCII = "▲", "^"


def turns(recording: Readable, step: int) -> Iterable[int]:
    """The steps up to a moment after which something was turned."""
    return [event.step for event in recording.events(None, step + 1) if event.kind in KINDS]


def put_turns(picture: Picture, recording: Readable, frame: Frame, steps: StepAxis, view: View) -> None:
    """Put a mark on the axis under each such step."""
    if frame.gutter is None:
        return
    mark = _ASCII if view.glyphs == "ascii" else _MARK
    for step in dict.fromkeys(turns(recording, view.step)):
        column = int(steps.column(np.array([step]))[0])
        if not 0 <= column < steps.columns:
            continue
        _, x = frame.cell(column, 0)
        picture.put(frame.cells[1], x, mark, COLOR)


def put_reading(picture: Picture, frame: Frame, steps: StepAxis, view: View) -> None:
    """Put a line, behind what is drawn, at the step whose values are read."""
    if view.mark is None or view.at < 0 or frame.gutter is None:
        return
    column = int(steps.column(np.array([view.at]))[0])
    if not 0 <= column < steps.columns:
        return
    _, x = frame.cell(column, 0)
    for y in range(frame.cells[1]):
        if picture.chars[y, x] == " ":
            picture.put(y, x, "|" if view.glyphs == "ascii" else "│", DIM)

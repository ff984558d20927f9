"""Marks on the step axis: where somebody turned a number of the run, or parted it from another one."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tuilab.panels.axes import StepAxis
from tuilab.panels.chart import Frame
from tuilab.panels.picture import Picture
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
        _, x = frame.cell(int(steps.column(np.array([step]))[0]), 0)
        picture.put(frame.cells[1], x, mark, COLOR)

"""Panels drawn again only when they would look different."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tuilab.panels.picture import Picture
from tuilab.panels.turns import turns
from tuilab.panels.view import Panel, View
from tuilab.recording import Readable


class Drawn:
    """The panels of a recording with the last picture of each. Not thread-safe."""

    def __init__(self, panels: Sequence[Panel]) -> None:
        """Nothing is drawn yet."""
        self.panels = panels
        self._pictures: dict[int, tuple[object, Picture]] = {}

    def draw(self, place: int, recording: Readable, view: View, width: int, height: int) -> Picture:
        """What `Panel.draw` of panel number `place` gives; the very picture of before if that is equal.

        Raises:
            ValueError: Width or height is below 1.
        """
        key = _seen(self.panels[place], recording, view, width, height)
        known = self._pictures.get(place)
        if known is None or known[0] != key:
            known = self._pictures[place] = key, self.panels[place].draw(recording, view, width, height)
        return known[1]


def _seen(panel: Panel, recording: Readable, view: View, width: int, height: int) -> object:
    """All that a picture is made of: as long as this is equal, it is."""
    sources = list(panel.sources(recording, view))
    extents = [recording.extent(name) for name in sources]
    moment = view.step
    if not panel.over_steps:
        # Nothing of what it shows was recorded later than this, so later moments look the same.
        moment = min(moment, max((last for extent in extents for _, last in extent), default=-1))
    until = [tuple((part, min(last, moment)) for part, last in extent) for extent in extents]
    anything = bool(recording.series() or recording.frames())
    turned = turns(recording, moment) if panel.over_steps else ()
    return replace(view, step=moment), width, height, sources, until, anything, turned, recording.header

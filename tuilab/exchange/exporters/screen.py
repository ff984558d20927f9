"""Panels together on a screen of any size, as the lab lays them out, without the lab."""

from __future__ import annotations

from dataclasses import dataclass

from tuilab.exchange.errors import ExchangeError
from tuilab.panels import Panel, Picture, View, panels_of
from tuilab.panels.palette import DIM
from tuilab.recording import Readable

_NARROWEST, _LOWEST = 50, 10
"""Cells that a panel is given at least while there is more than one."""

SMALLEST = (20, 5)


@dataclass(frozen=True, slots=True)
class Screen:
    """What is drawn, and how large."""

    panels: list[Panel]
    width: int
    height: int

    @classmethod
    def of(cls, recording: Readable, chosen: str | None, size: tuple[int, int]) -> Screen:
        """The panels of a recording, or the one that `chosen` is the number or title of.

        Raises:
            ExchangeError: there is no such panel, or no room.
        """
        width, height = size
        if width < SMALLEST[0] or height < SMALLEST[1] or width * height > 1 << 20:
            raise ExchangeError(
                f"--size {width}x{height}: from {SMALLEST[0]}x{SMALLEST[1]} to a million cells"
            )
        panels = panels_of(recording.header)
        if not panels:
            raise ExchangeError("the recording names no panels to draw")
        if chosen is None:
            return cls(panels, width, height)
        found = [panel for panel in panels if panel.title == chosen]
        if not found and chosen.isdecimal() and 1 <= int(chosen) <= len(panels):
            found = [panels[int(chosen) - 1]]
        if not found:
            titles = ", ".join(f"{number} {panel.title}" for number, panel in enumerate(panels, 1))
            raise ExchangeError(f"--panel {chosen!r}: there is none; there are {titles}")
        return cls(found[:1], width, height)

    def draw(self, recording: Readable, view: View) -> Picture:
        """The picture at a moment, its last row saying which."""
        picture = Picture.blank(self.width, self.height)
        across = max(1, min(self.width // _NARROWEST, len(self.panels)))
        down = max(1, min((self.height - 1) // _LOWEST, -(-len(self.panels) // across)))
        across = max(1, min(across, -(-len(self.panels) // down)))
        width, height = (self.width + 1) // across - 1, (self.height - 1) // down
        for place, panel in enumerate(self.panels[: across * down]):
            y, x = place // across * height, place % across * (width + 1)
            picture.paste(y, x, panel.draw(recording, view, width, height - (height > _LOWEST)))
        title = recording.header.get("scenario")
        name = str(title.get("title", "")) if isinstance(title, dict) else ""
        said = f"step {view.step} of {recording.last_step}"
        picture.put(self.height - 1, 0, f"{said}  {name}" if name else said, DIM)
        return picture

"""A panel of a type, or with settings, that this version cannot draw."""

from __future__ import annotations

from dataclasses import dataclass

from tuilab.panels.finish import finished, head, write
from tuilab.panels.picture import Picture
from tuilab.panels.view import View
from tuilab.printable import printable
from tuilab.recording import Readable


@dataclass(frozen=True, slots=True)
class Unknown:
    """Says why there is nothing to see."""

    title: str
    reason: str

    def draw(self, recording: Readable, view: View, width: int, height: int) -> Picture:
        """See `Panel.draw`."""

        def render(picture: Picture) -> None:
            head(picture, self.title, [], [])
            write(picture, 1, self.reason)

        return finished(render, view, width, height)

    def describe(self, recording: Readable, view: View) -> str:
        """The reason."""
        return printable(f"{self.title}: {self.reason}.")

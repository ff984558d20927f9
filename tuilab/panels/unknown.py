"""A panel of a type, or with settings, that this version cannot draw."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tuilab.panels.finish import Finished, say
from tuilab.panels.picture import Picture
from tuilab.panels.view import View
from tuilab.printable import printable
from tuilab.recording import Readable


@dataclass(frozen=True, slots=True)
class Unknown(Finished):
    """Says why there is nothing to see."""

    title: str
    reason: str

    def describe(self, recording: Readable, view: View) -> str:
        """The reason."""
        return printable(f"{self.title}: {self.reason}.")

    def sources(self, recording: Readable, view: View) -> Iterable[str]:
        """See `Panel.sources`."""
        return ()

    def render(self, picture: Picture, recording: Readable, view: View) -> None:
        """See `Finished`."""
        say(picture, self.title, self.reason)

"""Asks for series to make a panel of."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tuilab.tui import words

_MOST = 8
"""Names that are listed while a glob is typed."""


class SeriesScreen(ModalScreen[str | None]):
    """Dismissed with a glob of series, an empty text for none any more, None for no change."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)", "close")]

    def __init__(self, names: Sequence[str]) -> None:
        """There are series of these names."""
        super().__init__()
        self._names = names

    def compose(self) -> ComposeResult:
        """A line to type into, and what matches it."""
        with Vertical(id="series", classes="dialog") as box:
            box.border_title = "a panel of any series"
            box.border_subtitle = "enter adds it · empty: none · escape closes"
            yield Input(placeholder="*/train.loss   or   */gradient.norm/3")
            yield Static(id="matching")

    def on_mount(self) -> None:
        """List what there is."""
        self._list("")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what matches."""
        self._list(event.value.strip())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take it, if anything matches."""
        glob = event.value.strip()
        if not glob:
            self.dismiss("")
        elif self._matching(glob):
            self.dismiss(glob if self._exactly(glob) else f"*{glob}*")

    def _exactly(self, glob: str) -> bool:
        return any(fnmatchcase(name, glob) for name in self._names)

    def _matching(self, glob: str) -> list[str]:
        """Names that match the glob, or else that contain the text."""
        found = [name for name in self._names if fnmatchcase(name, glob)]
        return found or [name for name in self._names if glob in name]

    def _list(self, glob: str) -> None:
        found = self._matching(glob) if glob else list(self._names)
        lines = [Content.styled(name, words.DIM) for name in found[:_MOST]]
        more = len(found) - len(lines)
        if more or not found:
            lines.append(Content.styled(f"… {more} more" if found else "no series matches", words.CARE))
        self.query_one("#matching", Static).update(Content("\n").join(lines))

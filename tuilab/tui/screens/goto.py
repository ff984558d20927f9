"""Asks which step to go to."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tuilab.tui import words

_LONGEST = 20


def step_of(text: str, first: int, last: int) -> int | None:
    """The step that was meant: `120`, `1,200`, `50%` or `end`; None if none can be read."""
    word = text.strip().lower().replace(",", "").replace("_", "")
    if word == "end":
        return last
    try:
        if word.endswith("%"):
            return min(max(round(first + (last - first) * float(word[:-1]) / 100), first), last)
        return min(max(int(word), first), last)
    except (ValueError, OverflowError):
        return None


class GotoScreen(ModalScreen[int | None]):
    """Dismissed with a step, or with None.

    The keys come to the screen itself: an input field has the focus only once it is mounted, and would
    lose what was typed before, which over a slow connection is everything.
    """

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss", "close")]

    def __init__(self, first: int, last: int) -> None:
        """The recording reaches from `first` to `last`."""
        super().__init__()
        self._first, self._last = first, last
        self._typed = ""
        self._problem = ""

    def compose(self) -> ComposeResult:
        """What was typed, and what is wrong with it."""
        with Vertical(id="goto", classes="dialog") as box:
            box.border_title = "go to step"
            yield Static(id="goto-step")

    def on_mount(self) -> None:
        """Show the cursor."""
        self._show()

    def on_key(self, event: events.Key) -> None:
        """Type, rub out, go."""
        if event.key == "enter":
            step = step_of(self._typed, self._first, self._last)
            if step is not None:
                self.dismiss(step)
            else:
                self._problem = f"{self._typed!r} is no step: wanted a number, a share such as 50%, or end"
        elif event.key == "backspace":
            self._typed = self._typed[:-1]
        elif event.character is not None and event.character.isprintable() and len(self._typed) < _LONGEST:
            self._typed += event.character
        else:
            return
        event.stop()
        if self.is_mounted:
            self._show()

    def _show(self) -> None:
        hint = "" if self._typed else f" {self._first} to {self._last}, 50%, end"
        line = Content.assemble(self._typed, (" ", "reverse"), (hint, words.DIM))
        if self._problem:
            line = Content.assemble(line, "\n", (self._problem, words.BAD))
        self.query_one("#goto-step", Static).update(line)

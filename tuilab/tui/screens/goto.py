"""Asks which step to go to."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static


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
    """Dismissed with a step, or with None."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss", "close")]

    def __init__(self, first: int, last: int) -> None:
        """The recording reaches from `first` to `last`."""
        super().__init__()
        self._first, self._last = first, last

    def compose(self) -> ComposeResult:
        """An input and what is wrong with it."""
        with Vertical(id="goto", classes="dialog") as box:
            box.border_title = "go to step"
            yield Input(placeholder=f"{self._first} to {self._last}, 50%, end")
            yield Static(id="goto-problem")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go, or say what was expected."""
        step = step_of(event.value, self._first, self._last)
        if step is not None:
            self.dismiss(step)
            return
        self.query_one("#goto-problem", Static).update(
            f"{event.value!r} is no step: wanted a number, a share such as 50%, or end"
        )

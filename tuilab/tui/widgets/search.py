"""What is looked for in the lists."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input


class Search(Input):
    """A line to type into; what fits is shown at once."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("down", "submit", "to the list", show=False)]

    class Sought(Message):
        """Show what fits this; `done` once the user turns to what was found."""

        def __init__(self, text: str, done: bool) -> None:
            self.text = text
            self.done = done
            super().__init__()

    def __init__(self) -> None:
        super().__init__(
            placeholder="words, or of runs  lr>0.01 and state:finished", id="search", compact=True
        )

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another letter."""
        event.stop()
        self.post_message(self.Sought(event.value, done=False))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enough."""
        event.stop()
        self.post_message(self.Sought(event.value, done=True))

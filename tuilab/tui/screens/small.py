"""What is shown while the terminal is too small."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static

MIN_WIDTH, MIN_HEIGHT = 80, 24
"""The smallest terminal that the lab works in."""


class SmallScreen(Screen[None]):
    """Says how large the terminal is and how large it has to be."""

    def compose(self) -> ComposeResult:
        """One sentence."""
        yield Static(id="small")

    def on_screen_resume(self) -> None:
        """Say the size."""
        self._say()

    def on_resize(self) -> None:
        """Say the new size."""
        self._say()

    def _say(self) -> None:
        width, height = self.app.size
        self.query_one("#small", Static).update(
            f"This terminal has {width}×{height} cells; tuilab needs {MIN_WIDTH}×{MIN_HEIGHT}. "
            "Enlarge it, or q to quit."
        )

"""The numbers of a run that can be turned: live, or to be other ones in a fork."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tuilab.tui import words

FACTOR, LARGE = 2.0, 10.0
"""What an arrow key turns a number by, alone and with shift."""
_ROWS = 14
"""Numbers shown at once."""
_LONGEST = 20
_AGAIN = 0.3
"""Seconds between two looks at what the numbers are by now."""

Values = Mapping[str, float]


class TunablesScreen(ModalScreen[dict[str, float] | None]):
    """Up and down choose a number, left and right turn it, digits and enter set it.

    Live, every turn is handed over at once. Without that, enter with nothing typed dismisses the screen with
    all that was turned; escape with None.

    Args:
        now: what the numbers are.
        began: what they were at first, which stays in view.
        turn: told of each turn; None to gather them.
        title: what it is for.
    """

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss", "close")]

    def __init__(
        self, now: Callable[[], Values], began: Values, turn: Callable[[str, float], None] | None, title: str
    ) -> None:
        super().__init__()
        self._now, self._began, self._turn, self._title = now, began, turn, title
        self._keys = list(now())
        self._turned: dict[str, float] = {}
        self._at = 0
        self._typed = self._problem = ""

    def compose(self) -> ComposeResult:
        """The numbers, a line each."""
        with Vertical(id="tunables", classes="dialog") as box:
            box.border_title = Content(self._title)
            last = "escape: done" if self._turn else "enter: go on with these · escape: don't"
            box.border_subtitle = f"↑↓ choose · ←→ halve, double (shift: ten) · 0–9 enter: set · {last}"
            yield Static(id="tunables-list")

    def on_mount(self) -> None:
        """Show them, and what becomes of them."""
        self._show()
        self.set_interval(_AGAIN, self._show)

    def on_key(self, event: events.Key) -> None:
        """Choose, turn, type."""
        self._problem = ""
        match event.key:
            case "up" | "down":
                self._at = (self._at + (1 if event.key == "down" else -1)) % max(len(self._keys), 1)
                self._typed = ""
            case "left" | "right" | "shift+left" | "shift+right" | "ctrl+left" | "ctrl+right":
                by = FACTOR if event.key in ("left", "right") else LARGE
                self._set(self._value() * (by if event.key.endswith("right") else 1 / by))
            case "enter":
                self._enter()
            case "backspace":
                self._typed = self._typed[:-1]
            case _:
                fits = event.character is not None and event.character in "0123456789.+-eE"
                if not fits or len(self._typed) >= _LONGEST:
                    return
                self._typed += event.character or ""
        event.stop()
        if self.is_mounted:
            self._show()

    def _enter(self) -> None:
        if not self._typed:
            if self._turn is None:
                self.dismiss(self._turned)
            return
        try:
            value = float(self._typed)
            if not math.isfinite(value):
                raise ValueError
        except ValueError:
            self._problem = f"{self._typed!r} is no number"
            return
        self._typed = ""
        self._set(value)

    def _set(self, value: float) -> None:
        if not self._keys:
            return
        key = self._keys[self._at]
        value = float(f"{value:.6g}")
        if value == self._value():
            self._problem = "" if value else "a factor leaves 0 what it is: type a number"
            return
        self._turned[key] = value
        if self._turn is not None:
            self._turn(key, value)

    def _value(self) -> float:
        key = self._keys[self._at] if self._keys else ""
        return self._turned.get(key, self._now().get(key, 0.0))

    def _show(self) -> None:
        now = self._now()
        first = min(max(self._at - _ROWS // 2, 0), max(len(self._keys) - _ROWS, 0))
        shown = self._keys[first : first + _ROWS]
        width = max((len(key) for key in shown), default=0)
        lines = []
        for place, key in enumerate(shown, first):
            mark = "▸ " if place == self._at else "  "
            value = now.get(key, 0.0)
            parts: list[Content | str | tuple[str, str]] = [mark, key.ljust(width), "  "]
            wanted = self._turned.get(key)
            parts.append((f"{value:<10g}", "bold" if place == self._at else ""))
            if place == self._at and self._typed:
                parts.append((f" → {self._typed}▏", words.CARE))
            elif wanted is not None and wanted != value:
                parts.append((f" → {wanted:g}", words.CARE))
            elif self._began.get(key, value) != value:
                parts.append((f" began at {self._began[key]:g}", words.DIM))
            lines.append(Content.assemble(*parts))
        if not self._keys:
            lines = [Content("nothing in this run can be turned while it goes on")]
        if len(self._keys) > _ROWS:
            lines.append(Content.styled(f"{self._at + 1} of {len(self._keys)}", words.DIM))
        if self._problem:
            lines.append(Content.styled(self._problem, words.BAD))
        self.query_one("#tunables-list", Static).update(Content("\n").join(lines))

"""The application: a theme, a screen, and what holds everywhere."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from typing import Any, ClassVar

from rich.console import RenderableType
from textual import events
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.theme import Theme

from tuilab import terminal
from tuilab.printable import printable_lines
from tuilab.tui import leaving
from tuilab.tui.wire import Wire, Written

THEME = Theme(
    name="tuilab",
    ansi=True,
    primary="ansi_blue",
    secondary="ansi_cyan",
    warning="ansi_yellow",
    error="ansi_red",
    success="ansi_green",
    accent="ansi_blue",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    variables={
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "border": "#5f87af",
        "border-blurred": "#585858",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-background": "#005f87",
        "block-cursor-blurred-foreground": "ansi_default",
        "block-cursor-blurred-background": "ansi_default",
        "block-hover-background": "ansi_default",
        "input-cursor-background": "ansi_default",
        "input-cursor-foreground": "ansi_default",
        "input-cursor-text-style": "reverse",
        "input-selection-background": "#005f87",
        "input-selection-foreground": "#ffffff",
        "scrollbar": "#585858",
        "scrollbar-hover": "#8a8a8a",
        "scrollbar-active": "#8a8a8a",
        "scrollbar-background": "ansi_default",
        "scrollbar-background-hover": "ansi_default",
        "scrollbar-background-active": "ansi_default",
        "scrollbar-corner-color": "ansi_default",
    },
)
"""Ink alone: the paper is left to the terminal, which saves bytes and suits dark and light ones."""


class LabApp(App[None]):
    """Holds screens; knows nothing of what they show."""

    TITLE = "tuilab"
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,ctrl+q,ctrl+c", "quit", "quit", priority=False),
        Binding("question_mark,f1", "help", "keys"),
        Binding("ctrl+z", "suspend_process", "to the shell", show=False),
        Binding("ctrl+l", "repaint", "repaint", show=False),
    ]

    def __init__(self, first: Screen[Any]) -> None:
        """Open on a screen."""
        if not os.environ.get("NO_COLOR"):
            os.environ.pop("NO_COLOR", None)  # Textual takes an empty one for a wish
        # Textual loads the styles of screens that are pushed, which the first one is not.
        super().__init__(
            driver_class=leaving.LastingDriver,
            css_path=["styles.tcss", f"screens/{first.CSS_PATH}"],
            ansi_color=True,
        )
        self.register_theme(THEME)
        self.theme = "tuilab"
        self.error: Exception | None = None
        """Why the lab had to close by itself."""
        self._first = first
        screen = sys.__stderr__
        self._wire = Wire(terminal.colors(screen), ascii_only=terminal.glyphs(screen) == "ascii")

    def run_until_left(self) -> None:
        """Run until the user leaves.

        Raises:
            Exception: what the lab was closed for.
        """
        with leaving.on_signals(self._leave):
            self.run()
        if self.error is not None:
            raise self.error
        if self.return_code:
            raise SystemExit(self.return_code)

    def get_default_screen(self) -> Screen[Any]:
        """The screen to open on."""
        return self._first

    def on_mount(self) -> None:
        """Know when the terminal comes back from the shell, and when it is gone."""
        self.app_resume_signal.subscribe(self, lambda _: self.action_repaint())
        if not self.is_headless:
            self.set_interval(leaving.CHECK_EVERY, self._leave_without_terminal)

    def _leave(self, code: int) -> None:
        self.call_after_refresh(self.exit, return_code=code)  # a screen half made can't be closed

    def _leave_without_terminal(self) -> None:
        if terminal.vanished(0):
            self._leave(128 + signal.SIGHUP)

    def on_resize(self, event: events.Resize) -> None:
        """Say so when the terminal is too small, and go on when it no longer is."""
        self._wire.forget()
        from tuilab.tui.screens.small import MIN_HEIGHT, MIN_WIDTH, SmallScreen

        small = event.size.width < MIN_WIDTH or event.size.height < MIN_HEIGHT
        if small and not isinstance(self.screen, SmallScreen):
            self.push_screen(SmallScreen())
        elif not small and isinstance(self.screen, SmallScreen):
            self.pop_screen()

    def action_repaint(self) -> None:
        """Draw everything again."""
        self._wire.forget()
        self.refresh()

    def action_help(self) -> None:
        """Show the keys."""
        from tuilab.tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen())

    def action_save_picture(self) -> None:
        """Save what is on the screen as an SVG file in the working folder."""
        try:
            path = self.save_screenshot()
        except OSError as error:
            self.notify(f"can't save the picture here: {error.strerror}", severity="error", markup=False)
        else:
            self.notify(f"saved {path}", markup=False)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What the palette offers."""
        commands = getattr(screen, "commands", None)
        if commands is not None:
            yield from commands()
        yield SystemCommand("Keys", "Which key does what", self.action_help)
        yield SystemCommand(
            "Save a picture",
            "The screen as an SVG file in the working folder",
            lambda: self.set_timer(0.1, self.action_save_picture),
        )
        yield SystemCommand("Quit", "Leave the lab; engines go on", self.action_quit)

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        """The screen as SVG, in which nothing commands the terminal of who looks at the file."""
        return printable_lines(super().export_screenshot(title=title, simplify=simplify))

    def _fatal_error(self) -> None:
        """Close; whoever opened the lab says why. Textual would print what it stumbled over as it is."""
        self.error = self._exception
        self._close_messages_no_wait()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Hand updates to the terminal as the difference from what it shows."""
        written = self._running and not self._batch_count and not self.is_headless
        if written and isinstance(renderable, LayoutUpdate | ChopsUpdate):
            text = self._wire.difference(renderable)
            renderable = Written(text) if text else None  # type: ignore[assignment]
        super()._display(screen, renderable)

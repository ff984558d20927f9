"""What keys and mouse do to how a recording is looked at; it and its engine stay as they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from tuilab.tui import words
from tuilab.tui.player import Player
from tuilab.tui.screens.arms import ArmsScreen
from tuilab.tui.screens.steering import SteeredScreen
from tuilab.tui.snapshot import Look, Snapshot
from tuilab.tui.source import Source
from tuilab.tui.widgets.grid import PanelGrid
from tuilab.tui.widgets.panel import PanelWidget

SMOOTHINGS = (None, 0.0, 0.9, 0.97)
"""What `s` goes through: noisy lines a little, none, all, all a lot."""

_FEWEST = 8
"""Steps that a window has, at least."""

_PAGE = 0.05
"""The share of what is seen that an arrow key moves the reading by."""


class ViewedScreen(SteeredScreen):
    """A screen whose panels can be looked at in many ways: arms, axes, lines, which steps, which values."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "log", "log axis"),
        Binding("L", "log_steps", "log steps"),
        Binding("s", "smooth", "smooth"),
        Binding("o", "focus_arm(1)", "one arm"),
        Binding("O", "focus_arm(-1)", "one arm, back"),
        Binding("a", "arms", "arms"),
        Binding("c", "read", "read values"),
        Binding("up", "zoom_steps(0.5)", "fewer steps"),
        Binding("down", "zoom_steps(2)", "more steps"),
        Binding("slash", "add", "add series", priority=True),
        Binding("d", "describe", "in words"),
        Binding("z", "zoom", "zoom"),
        Binding("left_square_bracket", "page(-1)", "previous page"),
        Binding("right_square_bracket", "page(1)", "next page"),
    ]

    def __init__(self, source: Source, player: Player) -> None:
        super().__init__(source, player)
        self.look = Look()
        self.added: tuple[str, ...] = ()
        self.told: int | None = None
        self.pointed: tuple[int, int, int, int] | None = None
        self._pointing: float | None = None
        """What to do with the step that is pointed at: zoom by this factor, or read its values (None)."""
        self._mark_before: int | None = None

    def change(self, **changes: Any) -> None:
        """Look at it in another way."""
        self.look = replace(self.look, **changes)
        self.ask()

    def remarks(self) -> list[str]:
        """What is special about the view, in words."""
        look, said = self.look, []
        if look.mark is not None:
            said.append(f"values at {words.count(min(look.mark, self.snapshot.step))}")
        if look.window is not None:
            said.append(f"steps {words.count(look.window[0])}–{words.count(look.window[1])}")
        if look.focus is not None:
            said.append(f"focus: {look.focus}")
        if look.smooth is not None:
            said.append(f"smoothed {look.smooth:g}" if look.smooth else "not smoothed")
        if look.log is not None:
            said.append("log axes" if look.log else "linear axes")
        if look.log_steps:
            said.append("log steps")
        return said

    def settle_look(self, snapshot: Snapshot) -> None:
        """Do what was waiting for the step that was pointed at."""
        if self.pointed is None or snapshot.wanted.pointed != self.pointed:
            return
        factor, self.pointed = self._pointing, None
        if snapshot.pointed is None:
            return
        if factor is None:
            self.change(mark=snapshot.pointed)
        else:
            self._zoom_at(factor, snapshot.pointed)

    # Axes, arms, lines

    def action_log(self) -> None:
        """Axes as the panels like them, logarithmic, linear."""
        self.change(log={None: True, True: False, False: None}[self.look.log])

    def action_log_steps(self) -> None:
        """The axis of steps, evenly or logarithmically."""
        self.change(log_steps=not self.look.log_steps, window=None)

    def action_smooth(self) -> None:
        """Smooth noisy lines, none, all."""
        place = SMOOTHINGS.index(self.look.smooth)
        self.change(smooth=SMOOTHINGS[(place + 1) % len(SMOOTHINGS)])

    def action_focus_arm(self, places: int) -> None:
        """One arm in its colour over the others in grey, the next one, and all again."""
        arms: list[str | None] = [None, *(arm.name for arm in self.snapshot.arms)]
        place = arms.index(self.look.focus) if self.look.focus in arms else 0
        self.change(focus=arms[(place + places) % len(arms)])

    def action_arms(self) -> None:
        """Choose the arms shown."""

        def hide(hidden: frozenset[str]) -> None:
            self.change(hidden=hidden)

        self.app.push_screen(ArmsScreen(self.snapshot.arms, self.look.hidden, hide))

    def action_add(self) -> None:
        """A panel for any series."""
        from tuilab.tui.screens.series import SeriesScreen

        def add(glob: str | None) -> None:
            if glob is not None:
                self.added = tuple(dict.fromkeys([glob, *self.added])) if glob else ()
                self.ask()

        self.app.push_screen(SeriesScreen(self.snapshot.series), add)

    # Which steps, and which is read

    def action_read(self) -> None:
        """Read values at a step of its own, with what came after still to be seen; or at the moment again."""
        if self.look.mark is not None:
            self.change(mark=None)
            return
        first, last = self._seen()
        self.change(mark=(first + last) // 2)
        self.say("values of step: ←→ move the reading, a click puts it, c ends it")

    def action_move(self, steps: int) -> None:
        """Move the reading, or the cursor."""
        if self.look.mark is None:
            super().action_move(steps)
            return
        first, last = self._seen()
        stride = (
            max(round((last - first) * _PAGE / 10), 1)
            if abs(steps) == 1
            else max(round((last - first) * _PAGE), 10)
        )
        mark = min(
            max(self.look.mark + stride * (1 if steps > 0 else -1), self.player.first), self.snapshot.step
        )
        window = self.look.window
        if window is not None and not window[0] <= mark <= window[1]:
            window = self._window(mark - (window[1] - window[0]) // 2, window[1] - window[0])
        self.change(mark=mark, window=window)

    def action_zoom_steps(self, factor: float) -> None:
        """Fewer or more steps, around the reading or else the moment."""
        last = self._seen()[1]
        self._zoom_at(factor, last if self.look.mark is None else self.look.mark)

    def _seen(self) -> tuple[int, int]:
        """First and last step that are seen now."""
        return self.look.window or (self.player.first, max(self.snapshot.step, self.player.first + _FEWEST))

    def _zoom_at(self, factor: float, step: int) -> None:
        first, last = self._seen()
        span = max(round((last - first) * factor), _FEWEST)
        if span >= self.snapshot.step - self.player.first:
            self.change(window=None)
            return
        share = (step - first) / max(last - first, 1)
        self.change(window=self._window(step - round(span * share), span), log_steps=False)

    def _window(self, first: int, span: int) -> tuple[int, int]:
        """A window of so many steps within what is recorded."""
        first = max(min(first, self.snapshot.step - span), self.player.first)
        return first, first + span

    # The mouse

    def on_panel_widget_pointed(self, message: PanelWidget.Pointed) -> None:
        """A click reads the values there; the wheel zooms around it."""
        self.pointed, self._pointing = message.place, message.factor
        self._mark_before = self.look.mark
        self.ask()

    def on_panel_widget_zoomed(self) -> None:
        """The first half of a double click was no click: the reading is where it was."""
        self.pointed = None
        self.change(mark=self._mark_before)

    def on_panel_widget_dragged(self, message: PanelWidget.Dragged) -> None:
        """A drag moves the window."""
        if self.look.window is not None:
            first, last = self.look.window
            self.change(window=self._window(first - round(message.share * (last - first)), last - first))

    # Panels

    def action_describe(self) -> None:
        """Say what a panel shows."""
        self.told = self.query_one(PanelGrid).chosen
        self.ask()

    def action_zoom(self) -> None:
        """One panel alone, or all."""
        self.query_one(PanelGrid).zoom()

    def action_page(self, pages: int) -> None:
        """Turn pages of panels."""
        self.query_one(PanelGrid).turn(pages)

    def back_to_all(self) -> bool:
        """End what was special about the view, one thing at a time; False if nothing was."""
        if self.query_one(PanelGrid).zoomed is not None:
            self.action_zoom()
        elif self.look.mark is not None:
            self.change(mark=None)
        elif self.look.window is not None:
            self.change(window=None)
        elif self.look.focus is not None:
            self.change(focus=None)
        elif self.added:
            self.added = ()
            self.ask()
        else:
            return False
        return True

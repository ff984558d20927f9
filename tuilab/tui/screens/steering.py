"""What keys and mouse do to the moment that is shown, or live to the engine itself."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from tuilab.runs import Run, RunError, State
from tuilab.tui import words
from tuilab.tui.pace import EnginePace
from tuilab.tui.player import Player
from tuilab.tui.snapshot import Snapshot, Wanted
from tuilab.tui.source import Source
from tuilab.tui.widgets.transport import Transport

ANSWER = 0.15
"""Seconds after which an engine has most likely done what it was asked."""


class SteeredScreen(Screen[None]):
    """A screen with a cursor among a recording's moments; at the live end the keys are the engine's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "play", "play"),
        Binding("full_stop", "single", "one step"),
        Binding("left", "move(-1)", "back"),
        Binding("right", "move(1)", "forward"),
        Binding("shift+left,ctrl+left", "move(-10)", "ten back"),
        Binding("shift+right,ctrl+right", "move(10)", "ten forward"),
        Binding("home", "first", "first step"),
        Binding("end", "live", "live end"),
        # With priority it acts before the keys typed after it are handed to this screen.
        Binding("g", "goto", "go to step", priority=True),
        Binding("plus,greater_than_sign,equals_sign", "speed(1)", "faster"),
        Binding("minus,less_than_sign", "speed(-1)", "slower"),
        Binding("t", "tunables", "turn", priority=True),
        Binding("f", "fork", "fork", priority=True),
        Binding("n", "event(1)", "next event"),
        Binding("p", "event(-1)", "previous event"),
    ]

    def __init__(self, source: Source, player: Player) -> None:
        super().__init__()
        self.player = player
        self.snapshot = Snapshot(Wanted())
        self.pace = EnginePace()
        self._source = source

    @abstractmethod
    def ask(self) -> None:
        """Have the moment drawn that the cursor is at."""

    @abstractmethod
    def say(self, sentence: str) -> None:
        """Tell the user something, until the next key."""

    @property
    def live(self) -> bool:
        """Whether what is seen is an engine at work."""
        return self.player.following and self.snapshot.alive

    def tell_engine(self, do: str, **arguments: Any) -> None:
        """Ask the engine for something, and look soon what came of it."""
        try:
            self._source.ask(do, **arguments)
        except RunError as error:
            self.say(str(error))
        else:
            self.set_timer(ANSWER, self.ask)

    def action_play(self) -> None:
        """Live: pause or resume the engine. Else: play or pause."""
        if self.live:
            if self.snapshot.state is State.STARTING:
                self.say("the engine is still starting")
                return
            self.tell_engine("pause" if self.snapshot.state is State.RUNNING else "resume")
            return
        self.player.toggle()
        self.ask()

    def action_single(self) -> None:
        """Live: one step of the engine. Else: one step of the cursor."""
        if not self.live:
            self.action_move(1)
        elif self.snapshot.state is State.RUNNING:
            self.say("the engine runs; space pauses it, then . lets it take one step")
        else:
            self.tell_engine("step")

    def action_move(self, steps: int) -> None:
        """Move the cursor."""
        self.player.move(steps)
        self.ask()

    def action_first(self) -> None:
        """Go to the first step."""
        self.action_seek(self.player.first)

    def action_live(self) -> None:
        """Go to the end and stay there."""
        self.player.follow()
        self.ask()

    def action_goto(self) -> None:
        """Ask for a step."""
        from tuilab.tui.screens.goto import GotoScreen

        def go(step: int | None) -> None:
            if step is not None:
                self.action_seek(step)

        self.app.push_screen(GotoScreen(self.player.first, self.player.last), go)

    def action_seek(self, step: int) -> None:
        """Go to a step and stay there."""
        self.player.seek(step)
        self.player.playing = False
        self.ask()

    def action_event(self, direction: int) -> None:
        """Go to the next event's step, or to the previous one's."""
        here = self.player.step
        steps = {event.step for event in self.snapshot.events if (event.step - here) * direction > 0}
        if steps:
            self.action_seek(min(steps, key=lambda step: abs(step - here)))
        else:
            self.say(f"no event {'after' if direction > 0 else 'before'} step {words.count(here)}")

    def action_speed(self, notches: int) -> None:
        """Live: the engine's pace. Else: play faster or slower."""
        if self.live:
            pace = self.pace.change(notches)
            rate = "as fast as it can" if pace == "max" else f"{pace} steps a second"
            self.say(f"the engine is asked for {rate}")
            self.tell_engine("pace", value=None if pace == "max" else float(pace))
            return
        self.player.change_speed(notches)
        self.ask()

    def action_tunables(self) -> None:
        """Turn the numbers of a live run; before the first turn a checkpoint is made."""
        if not self.live:
            self.say("only a live run can be turned; f goes on from this step with other numbers")
            return
        from tuilab.tui.screens.tunables import TunablesScreen

        kept = False

        def turn(key: str, value: float) -> None:
            nonlocal kept
            if not kept:
                self.tell_engine("checkpoint")
            kept = True
            self.tell_engine("set", key=key, value=value)

        began = _numbers(self.snapshot.header.get("tunables"))
        self.app.push_screen(
            TunablesScreen(lambda: self.snapshot.tunables, began, turn, "turn while it runs")
        )

    def action_fork(self) -> None:
        """Go on from the moment that is seen with other numbers, in a run of its own."""
        run = self._source.run
        if run is None or not self.snapshot.header:
            self.say("only a run of an engine can be forked")
            return
        from tuilab.tui.screens.tunables import TunablesScreen

        step, now = self.snapshot.step, dict(self.snapshot.tunables)

        def chosen(turned: dict[str, float] | None) -> None:
            if turned is not None:
                self.say(f"forking after step {words.count(step)} …")
                work = partial(self._fork, run, step, turned)
                threading.Thread(target=work, name="tuilab-fork", daemon=True).start()

        title = f"fork after step {words.count(step)}: with which numbers?"
        began = _numbers(self.snapshot.header.get("tunables"))
        self.app.push_screen(TunablesScreen(lambda: now, began, None, title), chosen)

    def _fork(self, run: Run, step: int, turned: Mapping[str, float]) -> None:
        from tuilab.tui.launching import fork

        forked, problem = None, ""
        try:
            forked = fork(run, step, turned)
        except Exception as error:  # whatever is wrong with the numbers or the folder, the lab says it
            problem = str(error)
        with suppress(RuntimeError):  # the lab closed in the meantime
            self.app.call_from_thread(self.show_fork, forked, problem)

    def show_fork(self, forked: Source | None, problem: str) -> None:
        """Look at a fork that was made, or say why there is none."""
        from tuilab.tui.screens.run import RunScreen

        if forked is None:
            self.say(problem)
        else:
            self.app.push_screen(RunScreen(forked, live=True))

    def on_transport_pressed(self, message: Transport.Pressed) -> None:
        """A button of the bar."""
        match message.action:
            case "back":
                self.action_move(-1)
            case "forward":
                self.action_single()
            case "play":
                self.action_play()
            case "live":
                self.action_live()
            case "goto":
                self.action_goto()

    def on_transport_sought(self, message: Transport.Sought) -> None:
        """A place on the track."""
        player, snapshot = self.player, self.snapshot
        end = max(snapshot.last, snapshot.steps or 0) if snapshot.growing else snapshot.last
        player.seek(round(message.share * end))
        self.ask()


def _numbers(found: Any) -> dict[str, float]:
    """The numbers in what a recording's header has there."""
    table = found if isinstance(found, Mapping) else {}
    return {str(key): float(value) for key, value in table.items() if isinstance(value, int | float)}

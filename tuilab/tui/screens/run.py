"""One run on the screen, live or recorded: all that differs is whether an engine listens."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, ClassVar

from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.screen import Screen

from tuilab import terminal
from tuilab.runs import RunError
from tuilab.tui import words
from tuilab.tui.pace import EnginePace
from tuilab.tui.player import Player
from tuilab.tui.screens.arms import ArmsScreen
from tuilab.tui.snapshot import Snapshot, Wanted
from tuilab.tui.source import Source
from tuilab.tui.widgets.grid import PanelGrid
from tuilab.tui.widgets.header import RunHeader
from tuilab.tui.widgets.hints import Hints, keys_for
from tuilab.tui.widgets.side import Side
from tuilab.tui.widgets.transport import Transport
from tuilab.tui.worker import Worker

TICK = 0.25
"""Seconds between two frames of playback; a live run is looked at half as often, to be kind to thin links."""
ANSWER = 0.15
"""Seconds after which an engine has most likely done what it was asked."""
WIDE, HUGE = 110, 160
"""Columns from which the side column stands beside the panels, and from which it is wider."""


class RunScreen(Screen[None]):
    """Header, panels, side column, transport bar; and the cursor that they all show."""

    CSS_PATH = "run.tcss"
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
        Binding("n", "event(1)", "next event"),
        Binding("p", "event(-1)", "previous event"),
        Binding("l", "log", "log axis"),
        Binding("d", "describe", "in words"),
        Binding("z", "zoom", "zoom"),
        Binding("a", "arms", "arms"),
        Binding("e", "side", "events"),
        Binding("left_square_bracket", "page(-1)", "previous page"),
        Binding("right_square_bracket", "page(1)", "next page"),
        Binding("escape", "back", "back"),
    ]

    class Taken(Message):
        """The worker made a snapshot."""

        def __init__(self, snapshot: Snapshot) -> None:
            self.snapshot = snapshot
            super().__init__()

    def __init__(self, source: Source, *, live: bool, speed: float = 1.0, start: int | None = None) -> None:
        """Show a source: from its end, or played from the start."""
        super().__init__()
        self.player = Player(following=live, speed=speed)
        self.snapshot = Snapshot(Wanted())
        self._source = source
        self._start = start
        self._begun = False
        self._worker = Worker(source, self._deliver)
        self._hidden: frozenset[str] = frozenset()
        self._log: bool | None = None
        self._glyphs = terminal.glyphs(sys.__stderr__)
        self._every_other = False
        self._told: int | None = None
        self._pace = EnginePace()

    def compose(self) -> ComposeResult:
        """The frame, filled when the first snapshot comes."""
        yield RunHeader(self._source.name)
        with Horizontal(id="middle"):
            yield PanelGrid()
            yield Side()
        yield Transport()
        yield Hints()

    def on_mount(self) -> None:
        """Start reading once the frame is on the screen."""
        self._timer = self.set_interval(TICK, self._tick)
        self.call_after_refresh(self._worker.start)

    def on_unmount(self) -> None:
        """Let the worker end; a run that its engine died of before it began leaves nothing behind."""
        self._worker.stop()
        if self.snapshot.state == "died" and not self.snapshot.header:
            self._source.discard()

    def on_resize(self) -> None:
        """Side by side, or one at a time."""
        self.set_class(self.app.size.width >= WIDE, "wide")
        self.set_class(self.app.size.width >= HUGE, "huge")

    # What the worker brings

    def _deliver(self, snapshot: Snapshot) -> None:
        """Called on the worker's thread."""
        try:
            self.post_message(self.Taken(snapshot))
        except RuntimeError:
            self._worker.stop()  # the lab closed in the meantime

    async def on_run_screen_taken(self, message: Taken) -> None:
        """Show a snapshot."""
        snapshot = self.snapshot = message.snapshot
        if snapshot.error is not None and self.app.screen_stack[0] is self:
            self.app.error = snapshot.error  # type: ignore[attr-defined]
            self.app.exit(return_code=2)
            return
        self.player.extend(snapshot.first, snapshot.last, snapshot.growing)
        self.player.retime(snapshot.timeline)
        self._pace.note(snapshot)
        if snapshot.header and not self._begun:
            self._begun = True
            self._begin()
            await self.query_one(PanelGrid).populate(snapshot.titles)
        if not self._begun:
            self.query_one(PanelGrid).wait(_waiting(snapshot))
        with self.app.batch_update():
            self.query_one(PanelGrid).show(snapshot.pictures)
            self.query_one(Side).show(snapshot)
            self._show_state()
        if snapshot.told and self._told is not None:
            self._told = None
            self.query_one(Hints).say(snapshot.told, "")

    def _begin(self) -> None:
        """The recording is there: put the cursor where it was asked to be."""
        player = self.player
        if self._start is not None:
            player.seek(self._start)
        elif not player.following:
            player.seek(player.first)
        if not player.following:
            player.playing = True

    def on_panel_grid_arranged(self) -> None:
        """Panels have new sizes: have them drawn."""
        self._ask()

    # What the clock and the keys bring

    def _tick(self) -> None:
        """Move on with the clock."""
        player = self.player
        played = player.playing
        player.settle()
        self._every_other = not self._every_other
        if played or (self.snapshot.growing and self._every_other):
            self._ask()

    def _ask(self) -> None:
        """Tell the worker what to draw next."""
        player = self.player
        self._worker.want(
            Wanted(
                None if player.following else player.step,
                self.query_one(PanelGrid).sizes,
                self._hidden,
                self._log,
                self._glyphs,
                terminal.colors(sys.__stderr__) > 0,
                self._told,
            )
        )
        self._show_state()

    def _show_state(self) -> None:
        player, snapshot = self.player, self.snapshot
        live = player.following and snapshot.alive
        self.query_one(RunHeader).show(snapshot, self._remark())
        self.query_one(Transport).show(
            step=snapshot.step,
            last=snapshot.last,
            steps=snapshot.steps,
            following=player.following,
            moving=snapshot.state == "running" if live else player.playing,
            growing=snapshot.growing,
            speed=player.speed,
        )
        grid = self.query_one(PanelGrid)
        pages = grid.zoomed is None and grid.pages > 1
        self.query_one(Hints).show(keys_for(snapshot.state, live, player.playing, snapshot.growing, pages))

    def _remark(self) -> str:
        grid = self.query_one(PanelGrid)
        remarks = []
        if self._log is not None:
            remarks.append("log axes" if self._log else "linear axes")
        if grid.zoomed is not None:
            remarks.append("one panel")
        elif grid.pages > 1:
            remarks.append(f"page {grid.page + 1}/{grid.pages}")
        return " · ".join(remarks)

    def _say(self, sentence: str) -> None:
        """Tell the user something, until the next key."""
        self.query_one(Hints).say(sentence, words.CARE)

    def on_key(self) -> None:
        """What was said has been read."""
        self.query_one(Hints).say("")

    # Actions

    def _tell_engine(self, do: str, **arguments: Any) -> None:
        try:
            self._source.ask(do, **arguments)
        except RunError as error:
            self._say(str(error))
        else:
            self.set_timer(ANSWER, self._ask)

    def action_play(self) -> None:
        """Live: pause or resume the engine. Else: play or pause."""
        if self.player.following and self.snapshot.alive:
            if self.snapshot.state == "starting":
                self._say("the engine is still starting")
                return
            self._tell_engine("pause" if self.snapshot.state == "running" else "resume")
            return
        self.player.toggle()
        self._ask()

    def action_single(self) -> None:
        """Live: one step of the engine. Else: one step of the cursor."""
        if not (self.player.following and self.snapshot.alive):
            self.action_move(1)
        elif self.snapshot.state == "running":
            self._say("the engine runs; space pauses it, then . lets it take one step")
        else:
            self._tell_engine("step")

    def action_move(self, steps: int) -> None:
        """Move the cursor."""
        self.player.move(steps)
        self._ask()

    def action_first(self) -> None:
        """Go to the first step."""
        self.action_seek(self.player.first)

    def action_live(self) -> None:
        """Go to the end and stay there."""
        self.player.follow()
        self._ask()

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
        self._ask()

    def action_event(self, direction: int) -> None:
        """Go to the next event's step, or to the previous one's."""
        here = self.player.step
        steps = {event.step for event in self.snapshot.events if (event.step - here) * direction > 0}
        if steps:
            self.action_seek(min(steps, key=lambda step: abs(step - here)))
        else:
            self._say(f"no event {'after' if direction > 0 else 'before'} step {words.count(here)}")

    def action_speed(self, notches: int) -> None:
        """Live: the engine's pace. Else: play faster or slower."""
        if self.player.following and self.snapshot.alive:
            pace = self._pace.change(notches)
            rate = "as fast as it can" if pace == "max" else f"{pace} steps a second"
            self._say(f"the engine is asked for {rate}")
            self._tell_engine("pace", value=None if pace == "max" else float(pace))
            return
        self.player.change_speed(notches)
        self._ask()

    def action_describe(self) -> None:
        """Say what a panel shows."""
        self._told = self.query_one(PanelGrid).chosen
        self._ask()

    def action_log(self) -> None:
        """Axes as the panels like them, logarithmic, linear."""
        self._log = {None: True, True: False, False: None}[self._log]
        self._ask()

    def action_zoom(self) -> None:
        """One panel alone, or all."""
        self.query_one(PanelGrid).zoom()

    def action_page(self, pages: int) -> None:
        """Turn pages of panels."""
        self.query_one(PanelGrid).turn(pages)

    def action_arms(self) -> None:
        """Choose the arms shown."""

        def hide(hidden: frozenset[str]) -> None:
            self._hidden = hidden
            self._ask()

        self.app.push_screen(ArmsScreen(self.snapshot.arms, self._hidden, hide))

    def action_side(self) -> None:
        """Show or hide expectations and events."""
        self.toggle_class("side-toggled")

    def action_back(self) -> None:
        """Back to all panels, or to the library."""
        if self.query_one(PanelGrid).zoomed is not None:
            self.action_zoom()
        elif self.has_class("side-toggled"):
            self.action_side()
        elif len(self.app.screen_stack) > 1:
            self.dismiss()

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
        self._ask()

    def commands(self) -> Iterator[SystemCommand]:
        """What the palette offers here."""
        yield SystemCommand("Jump to the live end", "Show the newest step and follow", self.action_live)
        yield SystemCommand("Go to step", "Show another moment", self.action_goto)
        yield SystemCommand("Log axis", "Axes: the panels' own, logarithmic, linear", self.action_log)
        yield SystemCommand("In words", "Say what the panel shows", self.action_describe)
        yield SystemCommand("Zoom", "One panel alone, or all", self.action_zoom)
        yield SystemCommand("Arms", "Show and hide arms", self.action_arms)
        yield SystemCommand("Events", "Show and hide expectations and events", self.action_side)
        if self.snapshot.alive:
            yield SystemCommand(
                "Stop the engine", "End the run now; its recording stays", lambda: self._tell_engine("stop")
            )


def _waiting(snapshot: Snapshot) -> str:
    """Why there are no panels yet."""
    if snapshot.problem:
        return f"{snapshot.state}: {snapshot.problem}"
    if snapshot.state == "starting":
        return "The engine is starting: loading torch takes a few seconds."
    return "Nothing to be seen is recorded yet."

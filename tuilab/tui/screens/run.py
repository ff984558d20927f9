"""One run on the screen, live or recorded: all that differs is whether an engine listens."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message

from tuilab import terminal
from tuilab.runs import State
from tuilab.tui import words
from tuilab.tui.player import Player
from tuilab.tui.screens.viewing import ViewedScreen
from tuilab.tui.snapshot import Snapshot, Wanted
from tuilab.tui.source import Source
from tuilab.tui.vitals import vitals
from tuilab.tui.widgets.grid import PanelGrid
from tuilab.tui.widgets.header import RunHeader
from tuilab.tui.widgets.hints import Hints, keys_for
from tuilab.tui.widgets.side import Side
from tuilab.tui.widgets.transport import Transport
from tuilab.tui.worker import Worker

TICK = 0.25
"""Seconds between two frames of playback; a live run is looked at half as often, to be kind to thin links."""
_TICKS = 500
"""Events that have a tick on the bar, the latest."""

WIDE, HUGE = 110, 160
"""Columns from which the side column stands beside the panels, and from which it is wider."""


class RunScreen(ViewedScreen):
    """Header, panels, side column, transport bar; and the cursor that they all show."""

    CSS_PATH = "run.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "side", "events"),
        Binding("i", "system", "system"),
        Binding("escape", "back", "back"),
    ]

    class Taken(Message):
        """The worker made a snapshot."""

        def __init__(self, snapshot: Snapshot) -> None:
            self.snapshot = snapshot
            super().__init__()

    def __init__(self, source: Source, *, live: bool, speed: float = 1.0, start: int | None = None) -> None:
        """Show a source: from its end, or played from the start."""
        super().__init__(source, Player(following=live, speed=speed))
        self._start = start
        self._begun = False
        self._worker = Worker(source, self._deliver)
        self._glyphs = terminal.glyphs(sys.__stderr__)
        self._every_other = False

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
        if self.snapshot.state is State.DIED and not self.snapshot.header:
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
        self.pace.note(snapshot)
        if snapshot.header and not self._begun:
            self._begun = True
            self._begin()
        if self._begun:
            await self.query_one(PanelGrid).populate(snapshot.titles, snapshot.needs)
        if not self._begun:
            self.query_one(PanelGrid).wait(_waiting(snapshot))
        with self.app.batch_update():
            self.query_one(PanelGrid).show(snapshot.pictures)
            self.query_one(Side).show(snapshot)
            self._show_state()
        if snapshot.told and self.told is not None:
            self.told = None
            self.query_one(Hints).say(snapshot.told, "")
        self.settle_look(snapshot)

    def _begin(self) -> None:
        """The recording is there: put the cursor where it was asked to be."""
        player = self.player
        if self._start is not None:
            player.seek(self._start)
        elif not player.following:
            player.seek(player.first)
        if not player.following:
            player.playing = True
        panels = self.snapshot.header.get("panels")
        kinds = {panel.get("type") for panel in panels or [] if isinstance(panel, dict)}
        if terminal.colors(sys.__stderr__) == 256 and kinds & {"map", "heatmap", "landscape", "tiles"}:
            self.query_one(Hints).say("256 colours; with COLORTERM=truecolor maps look better", "")

    def on_panel_grid_arranged(self) -> None:
        """Panels have new sizes: have them drawn."""
        self.ask()

    # What the clock and the keys bring

    def _tick(self) -> None:
        """Move on with the clock."""
        player = self.player
        played = player.playing
        player.settle()
        self._every_other = not self._every_other
        if played or (self.snapshot.growing and self._every_other):
            self.ask()

    def ask(self) -> None:
        """Tell the worker what to draw next."""
        player = self.player
        self._worker.want(
            Wanted(
                None if player.following else player.step,
                self.query_one(PanelGrid).sizes,
                self.look,
                self._glyphs,
                terminal.colors(sys.__stderr__) > 0,
                self.told,
                self.pointed,
                self.added,
            )
        )
        self._show_state()

    def _show_state(self) -> None:
        player, snapshot = self.player, self.snapshot
        self.query_one(RunHeader).show(snapshot, self._remark())
        self.query_one(Transport).show(
            step=snapshot.step,
            last=snapshot.last,
            steps=snapshot.steps,
            following=player.following,
            moving=snapshot.state is State.RUNNING if self.live else player.playing,
            growing=snapshot.growing,
            speed=player.speed,
            events=tuple(event.step for event in snapshot.events[-_TICKS:]),
        )
        grid = self.query_one(PanelGrid)
        pages = grid.zoomed is None and grid.pages > 1
        self.query_one(Hints).show(
            keys_for(snapshot.state, self.live, player.playing, snapshot.growing, pages)
        )

    def _remark(self) -> str:
        grid = self.query_one(PanelGrid)
        remarks = self.remarks()
        if not remarks:
            remarks = vitals(self.snapshot, self.pace.rate if self.live else None)
        if grid.zoomed is not None:
            remarks.append("one panel")
        elif grid.pages > 1:
            remarks.append(f"page {grid.page + 1}/{grid.pages}")
        return " · ".join(remarks)

    def say(self, sentence: str) -> None:
        """Tell the user something, until the next key."""
        self.query_one(Hints).say(sentence, words.CARE)

    def on_key(self) -> None:
        """What was said has been read."""
        self.query_one(Hints).say("")

    # Actions

    def action_side(self) -> None:
        """Show or hide expectations and events."""
        self.toggle_class("side-toggled")

    def action_system(self) -> None:
        """What the machine does."""
        from tuilab.tui.screens.system import SystemScreen

        self.app.push_screen(SystemScreen(self._source, lambda: self.snapshot))

    def action_back(self) -> None:
        """Back to all panels, to all steps, and so on, or to the library."""
        if self.back_to_all():
            return
        if self.has_class("side-toggled"):
            self.action_side()
        elif len(self.app.screen_stack) > 1:
            self.dismiss()

    def commands(self) -> Iterator[SystemCommand]:
        """What the palette offers here."""
        yield SystemCommand("Jump to the live end", "Show the newest step and follow", self.action_live)
        yield SystemCommand("Go to step", "Show another moment", self.action_goto)
        yield SystemCommand("Log axis", "Axes: the panels' own, logarithmic, linear", self.action_log)
        yield SystemCommand("Log steps", "The axis of steps: even, logarithmic", self.action_log_steps)
        yield SystemCommand("Smooth", "Lines: noisy ones, none, all", self.action_smooth)
        yield SystemCommand(
            "One arm", "The next arm in its colour, others grey", lambda: self.action_focus_arm(1)
        )
        yield SystemCommand("Read values", "Values at a step of its own", self.action_read)
        yield SystemCommand("Add series", "A panel for any series", self.action_add)
        yield SystemCommand("In words", "Say what the panel shows", self.action_describe)
        yield SystemCommand("Zoom", "One panel alone, or all", self.action_zoom)
        yield SystemCommand("Arms", "Show and hide arms", self.action_arms)
        yield SystemCommand("Events", "Show and hide expectations and events", self.action_side)
        yield SystemCommand("System", "CPU, memory, GPU, what observing costs", self.action_system)
        yield SystemCommand("Fork", "Go on from this step with other numbers", self.action_fork)
        if self.snapshot.alive:
            yield SystemCommand("Turn", "Change numbers while the run goes on", self.action_tunables)
            yield SystemCommand(
                "Stop the engine", "End the run now; its recording stays", lambda: self.tell_engine("stop")
            )


def _waiting(snapshot: Snapshot) -> str:
    """Why there are no panels yet."""
    if snapshot.problem:
        return f"{snapshot.state}: {snapshot.problem}"
    if snapshot.state is State.STARTING:
        return "The engine is starting: loading torch takes a few seconds."
    return "Nothing to be seen is recorded yet."

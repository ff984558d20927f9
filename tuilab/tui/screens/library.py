"""What there is: scenarios by chapter, and the runs made of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList, Static

from tuilab import terminal
from tuilab.tui import words
from tuilab.tui.librarian import EngineLaunched, Librarian, RunPreviewed, RunsLookedAt, ScenariosListed
from tuilab.tui.widgets.details import Details
from tuilab.tui.widgets.hints import Hints
from tuilab.tui.widgets.lists import RunList, ScenarioList

if TYPE_CHECKING:
    from tuilab.scenario.catalogue import Entry
    from tuilab.tui.recent import RunFacts
    from tuilab.tui.source import Source
    from tuilab.tui.widgets.search import Search

FIRST_PAINT = 0.03
"""Seconds for the frame to get out to the terminal before imports on threads hold it up."""
SETTLED = 0.1
"""Seconds that a run is chosen before its plot is drawn, so that going down the list draws none."""


class LibraryScreen(Screen[None]):
    """Scenarios and recent runs on the left, the chosen one on the right."""

    CSS_PATH = "library.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,shift+tab", "other_list", "other list", priority=True),
        Binding("pagedown", "read(1)", "read on", priority=True),
        Binding("pageup", "read(-1)", "read back", priority=True),
        # Before all others, so that what is typed behind it waits for the field.
        Binding("slash", "filter", "search", priority=True),
        Binding("escape", "no_filter", "all again", show=False),
        Binding("n", "notes", "notes"),
        Binding("x", "mark", "mark to compare"),
        Binding("r", "reload", "look again"),
    ]

    def __init__(self, trust: bool = False) -> None:
        """`trust` lets engines run the code of own parts that scenarios name."""
        super().__init__()
        self._librarian = Librarian(self.post_message, trust)
        self._read: set[str] = set()
        """The scenarios whose notes the user wants to see though nothing of them has run."""
        self._launching = False

    def compose(self) -> ComposeResult:
        """The frame, to be filled by the librarian."""
        slogan = ("  a training lab for the terminal", words.DIM)
        yield Static(Content.assemble(" ", ("tuilab", "bold"), slogan), id="banner")
        with Horizontal(id="library"):
            with Vertical(id="lists"):
                yield ScenarioList()
                yield RunList()
            yield Details()
        keys = [
            ("enter", "run / open"),
            ("/", "search"),
            ("tab", "scenarios / runs"),
            ("pgdn", "read on"),
            ("n", "notes"),
            ("x", "mark to compare"),
            ("r", "look again"),
        ]
        yield Hints(keys)

    def on_mount(self) -> None:
        """Send for the contents once the frame is on the screen."""
        self.query_one(ScenarioList).focus()
        self.set_timer(FIRST_PAINT, self._librarian.start)

    def on_unmount(self) -> None:
        """Let the threads end."""
        self._librarian.stop()

    # What the librarian brings

    def on_scenarios_listed(self, message: ScenariosListed) -> None:
        """Show the scenarios by chapter."""
        self.query_one(ScenarioList).show(message.entries)
        self._show_details()

    def on_runs_looked_at(self, message: RunsLookedAt) -> None:
        """Show the runs."""
        self.query_one(RunList).show(message.runs, message.problem)
        self._show_details()

    def on_run_previewed(self, message: RunPreviewed) -> None:
        """Show a run's plot beside its facts."""
        run = self._chosen_run()
        if run is not None and run.path == message.path and message.picture is not None:
            self.query_one(Details).show_plot(run, message.picture)

    def on_engine_launched(self, message: EngineLaunched) -> None:
        """Show the new run, or say why there is none."""
        self._launching = False
        self.query_one(Hints).say(message.problem)
        if message.source is not None:
            self._open(message.source)

    # What the user does

    def on_option_list_option_highlighted(self) -> None:
        """Show what is chosen."""
        self._show_details()

    def on_descendant_focus(self) -> None:
        """The other list: show what is chosen there."""
        self._show_details()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Run the scenario, or open the run."""
        hints = self.query_one(Hints)
        if isinstance(event.option_list, RunList):
            from tuilab.tui.source import Source

            hints.say("")
            if (run := event.option_list.chosen) is not None:
                marked = event.option_list.marked
                self._open(Source(run.path) if len(marked) < 2 else _compared(marked))
            return
        entry = self.query_one(ScenarioList).chosen
        if entry is None or self._launching:
            return
        if entry.error is not None:
            hints.say(entry.error)
            return
        if not entry.predict:
            self._launch(entry, [])
            return
        from tuilab.tui.screens.predict import Answers, PredictScreen

        def predicted(answers: Answers | None) -> None:
            if answers is not None:
                self._launch(entry, answers)

        self.app.push_screen(PredictScreen(entry.predict), predicted)

    def action_other_list(self) -> None:
        """From the scenarios to the runs, and back."""
        runs = self.query_one(RunList)
        (self.query_one(ScenarioList) if self.focused is runs else runs).focus()

    def action_read(self, pages: int) -> None:
        """Read the details on, or back."""
        details = self.query_one(Details)
        details.scroll_relative(y=pages * (details.size.height - 2), animate=False)

    async def action_filter(self) -> None:
        """Search both lists."""
        from tuilab.tui.widgets.search import Search

        if not self.query(Search):
            await self.query_one("#lists").mount(Search(), before=0)
        self.set_focus(self.query_one(Search))

    def action_no_filter(self) -> None:
        """Show all again."""
        from tuilab.tui.widgets.search import Search

        for search in self.query(Search):
            self._filter("")
            if search.has_focus:
                self.query_one(ScenarioList).focus()
            search.remove()

    def on_search_sought(self, message: Search.Sought) -> None:
        """Show what fits."""
        self._filter(message.text)
        if message.done:
            scenarios = self.query_one(ScenarioList)
            (scenarios if scenarios.option_count else self.query_one(RunList)).focus()

    def action_notes(self) -> None:
        """Show the notes of a scenario that asks first, or hide them again."""
        entry = self.query_one(ScenarioList).chosen
        if entry is not None:
            self._read ^= {entry.name}
            self._show_details()

    def action_mark(self) -> None:
        """Mark a run; enter compares those that are marked."""
        runs = self.query_one(RunList)
        if self.focused is not runs:
            runs.focus()
            return
        runs.mark()
        count = len(runs.marked)
        told = f"{count} marked: enter compares them" if count > 1 else "mark another one with x" * count
        self.query_one(Hints).say(told, words.DIM)

    def action_reload(self) -> None:
        """Read the scenario files again."""
        self._librarian.read_scenarios()

    def commands(self) -> Iterator[SystemCommand]:
        """What the palette offers here."""
        yield SystemCommand("Look again", "Read the scenario files again", self.action_reload)
        yield SystemCommand("Search", "Show only the scenarios and runs with some words", self.action_filter)
        yield SystemCommand("Scenarios / runs", "Go to the other list", self.action_other_list)

    def _launch(self, entry: Entry, predicted: Sequence[int | None]) -> None:
        self._launching = True
        self.query_one(Hints).say(f"starting {entry.name} …", words.DIM)
        self._librarian.launch(entry, predicted)

    def _open(self, source: Source) -> None:
        from tuilab.tui.screens.run import RunScreen

        self.app.push_screen(RunScreen(source, live=True))

    def _filter(self, text: str) -> None:
        self.query_one(ScenarioList).filter(text)
        self.query_one(Hints).say(self.query_one(RunList).filter(text))
        self._show_details()

    def _show_details(self) -> None:
        details = self.query_one(Details)
        run, entry = self._chosen_run(), self.query_one(ScenarioList).chosen
        if run is not None:
            if details.show_run(run):
                self.set_timer(SETTLED, self._preview)
        elif entry is not None:
            known = any(run.source == entry.name for run in self.query_one(RunList).runs)
            details.show_entry(entry, not entry.predict or known or entry.name in self._read)

    def _preview(self) -> None:
        run = self._chosen_run()
        if run is not None:
            size = self.query_one(Details).picture_size
            screen = sys.__stderr__
            self._librarian.preview(run.path, size, terminal.glyphs(screen), terminal.colors(screen) > 0)

    def _chosen_run(self) -> RunFacts | None:
        runs = self.query_one(RunList)
        return runs.chosen if self.focused is runs else None


def _compared(paths: list[Path]) -> Source:
    from tuilab.runs import Run
    from tuilab.studies.compared import Compared
    from tuilab.tui.source import Source

    return Source(Compared([Run(path) for path in paths]))

"""What there is: scenarios by chapter, and the runs made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tuilab.tui import words
from tuilab.tui.librarian import EngineLaunched, Librarian, RunsLookedAt, ScenariosListed
from tuilab.tui.widgets.details import Details
from tuilab.tui.widgets.hints import Hints

if TYPE_CHECKING:
    from tuilab.scenario.catalogue import Entry
    from tuilab.tui.recent import RunFacts
    from tuilab.tui.source import Source

FIRST_PAINT = 0.03
"""Seconds for the frame to get out to the terminal before imports on threads hold it up."""
_ROOMY = 44
"""Columns from which a run's state is spelt out beside its mark."""


class LibraryScreen(Screen[None]):
    """Scenarios and recent runs on the left, the chosen one on the right."""

    CSS_PATH = "library.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,shift+tab", "other_list", "other list", priority=True),
        Binding("pagedown", "read(1)", "read on", priority=True),
        Binding("pageup", "read(-1)", "read back", priority=True),
        Binding("r", "reload", "look again"),
    ]

    def __init__(self, trust: bool = False) -> None:
        """`trust` lets engines run the code of own parts that scenarios name."""
        super().__init__()
        self._librarian = Librarian(self.post_message, trust)
        self._entries: list[Entry] = []
        self._runs: list[RunFacts] = []
        self._launching = False

    def compose(self) -> ComposeResult:
        """The frame, to be filled by the librarian."""
        slogan = ("  a training lab for the terminal", words.DIM)
        yield Static(Content.assemble(" ", ("tuilab", "bold"), slogan), id="banner")
        with Horizontal(id="library"):
            with Vertical(id="lists"):
                yield OptionList(id="scenarios")
                yield OptionList(id="runs")
            yield Details()
        keys = [
            ("enter", "run / open"),
            ("tab", "scenarios / runs"),
            ("pgdn", "read on"),
            ("r", "look again"),
        ]
        yield Hints(keys)

    def on_mount(self) -> None:
        """Send for the contents once the frame is on the screen."""
        self.query_one("#scenarios").border_title = "scenarios"
        self.query_one("#runs").border_title = "recent runs"
        self.query_one("#scenarios").focus()
        self.set_timer(FIRST_PAINT, self._librarian.start)

    def on_unmount(self) -> None:
        """Let the threads end."""
        self._librarian.stop()

    # What the librarian brings

    def on_scenarios_listed(self, message: ScenariosListed) -> None:
        """Show the scenarios by chapter."""
        self._entries = message.entries
        longest = max((len(entry.name) for entry in self._entries), default=0)
        options: list[Option] = []
        chapter = None
        for index, entry in enumerate(self._entries):
            if entry.chapter != chapter:
                chapter = entry.chapter
                options += [Option("", disabled=True)] if options else []
                options.append(Option(Content.styled(chapter, f"{words.DIM} bold"), disabled=True))
            mark = Content("  ") if entry.error is None else Content.styled("✗ ", words.BAD)
            title = entry.title if entry.error is None else "can't be used"
            line = Content.assemble(mark, entry.name.ljust(longest), "  ", (title, words.DIM))
            options.append(Option(line, id=str(index)))
        box = self.query_one("#scenarios", OptionList)
        chosen = box.highlighted
        box.set_options(options)
        if options:
            box.highlighted = chosen if chosen is not None and chosen < len(options) else 1
        self._show_details()

    def on_runs_looked_at(self, message: RunsLookedAt) -> None:
        """Show the runs."""
        box = self.query_one("#runs", OptionList)
        box.border_title = Content(f"recent runs: {message.problem}" if message.problem else "recent runs")
        before, self._runs = self._runs, message.runs
        if [run.path for run in before] != [run.path for run in self._runs]:
            chosen = before[box.highlighted].path if box.highlighted is not None else None
            box.set_options([Option(self._line(run)) for run in self._runs])
            places = [index for index, run in enumerate(self._runs) if run.path == chosen]
            box.highlighted = (places or [0])[0] if self._runs else None
        else:
            for index, run in enumerate(self._runs):
                if run != before[index]:
                    box.replace_option_prompt_at_index(index, self._line(run))
        self._show_details()

    def on_engine_launched(self, message: EngineLaunched) -> None:
        """Show the new run, or say why there is none."""
        self._launching = False
        self.query_one(Hints).say(message.problem)
        if message.source is not None:
            self._open(message.source)

    def _line(self, run: RunFacts) -> Content:
        # Less the padding, and a scroll bar that may come.
        width = max(self.query_one("#runs").size.width - 3, 20)
        state = words.badge(run.state)
        state = state.pad_right(12 - len(state)) if width >= _ROOMY else state[:1]
        steps = words.count(run.step) + ("" if run.steps is None else f"/{words.count(run.steps)}")
        tail = Content.styled(f" {steps:>9}  {run.age:>6}", words.DIM)
        head = Content.assemble(state, " ", run.source or run.name)
        return Content.assemble(head.truncate(width - tail.cell_length, ellipsis=True, pad=True), tail)

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
        if event.option_list.id == "runs":
            from tuilab.tui.source import Source

            hints.say("")
            self._open(Source(self._runs[event.option_index].path))
            return
        entry = self._chosen_entry()
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
        runs = self.query_one("#runs")
        (self.query_one("#scenarios") if self.focused is runs else runs).focus()

    def action_read(self, pages: int) -> None:
        """Read the details on, or back."""
        details = self.query_one(Details)
        details.scroll_relative(y=pages * (details.size.height - 2), animate=False)

    def action_reload(self) -> None:
        """Read the scenario files again."""
        self._librarian.read_scenarios()

    def commands(self) -> Iterator[SystemCommand]:
        """What the palette offers here."""
        yield SystemCommand("Look again", "Read the scenario files again", self.action_reload)
        yield SystemCommand("Scenarios / runs", "Go to the other list", self.action_other_list)

    def _launch(self, entry: Entry, predicted: Sequence[int | None]) -> None:
        self._launching = True
        self.query_one(Hints).say(f"starting {entry.name} …", words.DIM)
        self._librarian.launch(entry, predicted)

    def _open(self, source: Source) -> None:
        from tuilab.tui.screens.run import RunScreen

        self.app.push_screen(RunScreen(source, live=True))

    def _show_details(self) -> None:
        details = self.query_one(Details)
        run, entry = self._chosen_run(), self._chosen_entry()
        if run is not None:
            details.show_run(run)
        elif entry is not None:
            details.show_entry(entry)

    def _chosen_entry(self) -> Entry | None:
        option = self.query_one("#scenarios", OptionList).highlighted_option
        return self._entries[int(option.id)] if option is not None and option.id is not None else None

    def _chosen_run(self) -> RunFacts | None:
        box = self.query_one("#runs", OptionList)
        if self.focused is not box or box.highlighted is None or box.highlighted >= len(self._runs):
            return None
        return self._runs[box.highlighted]

"""What there is: scenarios by chapter, and the runs made of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tuilab.tui import words
from tuilab.tui.recent import RecentRuns, RunFacts
from tuilab.tui.widgets.details import Details

if TYPE_CHECKING:
    from tuilab.scenario.catalogue import Entry
    from tuilab.tui.source import Source

LOOK_EVERY = 1.0
"""Seconds between two looks at the runs."""


class LibraryScreen(Screen[None]):
    """Scenarios and recent runs on the left, the chosen one on the right."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "other_list", "other list", priority=True),
        Binding("shift+tab", "other_list", "other list", priority=True, show=False),
        Binding("r", "reload", "look again"),
    ]

    class Listed(Message):
        """The scenario files were read."""

        def __init__(self, entries: list[Entry]) -> None:
            self.entries = entries
            super().__init__()

    class Looked(Message):
        """The runs were looked at."""

        def __init__(self, runs: list[RunFacts], problem: str) -> None:
            self.runs = runs
            self.problem = problem
            super().__init__()

    class Launched(Message):
        """An engine was launched, or could not be."""

        def __init__(self, source: Source | None, problem: str) -> None:
            self.source = source
            self.problem = problem
            super().__init__()

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[Entry] = []
        self._runs: list[RunFacts] = []
        self._lines: list[str] = []
        self._recent = RecentRuns()
        self._launching = False
        self._stopped = threading.Event()

    def compose(self) -> ComposeResult:
        """The frame, filled by threads."""
        yield Static(
            Content.assemble(" ", ("tuilab", "bold"), ("  a training lab for the terminal", words.DIM)),
            id="banner",
        )
        with Horizontal(id="library"):
            with Vertical(id="lists"):
                yield OptionList(id="scenarios")
                yield OptionList(id="runs")
            yield Details()
        yield Static(id="hints")

    def on_mount(self) -> None:
        """Fill the lists once the frame is on the screen."""
        self.query_one("#scenarios").border_title = "scenarios"
        self.query_one("#runs").border_title = "recent runs"
        self._say("")
        self.query_one("#scenarios").focus()
        self.call_after_refresh(self._start)

    def _start(self) -> None:
        threading.Thread(target=self._list, name="tuilab-list", daemon=True).start()
        threading.Thread(target=self._look, name="tuilab-look", daemon=True).start()

    def on_unmount(self) -> None:
        """Let the threads end."""
        self._stopped.set()

    # Threads

    def _list(self) -> None:
        from tuilab.scenario.catalogue import entries

        self._post(self.Listed(entries()))

    def _look(self) -> None:
        """Look at the runs now and then; say so only when something changed."""
        before: tuple[list[RunFacts], str] | None = None
        while not self._stopped.is_set():
            runs: list[RunFacts] = []
            problem = ""
            try:
                runs = self._recent.look()
            except (
                Exception
            ) as error:  # a folder of runs can hold anything; the library stays open and says so
                problem = " ".join(str(error).split())
            if (runs, problem) != before and not self._post(self.Looked(runs, problem)):
                break
            before = (runs, problem)
            self._stopped.wait(LOOK_EVERY)
        self._recent.close()

    def _launch(self, entry: Entry) -> None:
        from tuilab.tui.launching import launch

        try:
            source, problem = launch(entry.name, entry.path), ""
        except Exception as error:  # whatever is wrong with the scenario or the folder, the library says it
            source, problem = None, str(error)
        self._post(self.Launched(source, problem))

    def _post(self, message: Message) -> bool:
        try:
            return self.post_message(message)
        except RuntimeError:
            return False  # the lab closed in the meantime

    # What the threads bring

    def on_library_screen_listed(self, message: Listed) -> None:
        """Show the scenarios by chapter."""
        self._entries = message.entries
        options: list[Option] = []
        chapter = None
        for index, entry in enumerate(self._entries):
            if entry.chapter != chapter:
                chapter = entry.chapter
                options.append(Option(Content.styled(chapter, f"{words.DIM} bold"), disabled=True))
            name = Content.assemble("  ", entry.name)
            if entry.error is not None:
                name = Content.assemble(("✗ ", words.BAD), entry.name)
            options.append(Option(name, id=str(index)))
        box = self.query_one("#scenarios", OptionList)
        chosen = box.highlighted
        box.set_options(options)
        box.highlighted = chosen if chosen is not None and chosen < len(options) else 1 if options else None
        self._detail()

    def on_library_screen_looked(self, message: Looked) -> None:
        """Show the runs, changing only the lines that differ."""
        self._runs = message.runs
        box = self.query_one("#runs", OptionList)
        box.border_title = f"recent runs: {message.problem}" if message.problem else "recent runs"
        lines = [self._line(run) for run in self._runs]
        plain = [line.markup for line in lines]
        if len(lines) != box.option_count:
            chosen = box.highlighted
            box.set_options([Option(line) for line in lines])
            box.highlighted = min(chosen or 0, len(lines) - 1) if lines else None
        else:
            for index, line in enumerate(lines):
                if plain[index] != self._lines[index]:
                    box.replace_option_prompt_at_index(index, line)
        self._lines = plain
        if self.focused is box:
            self._detail()

    def on_library_screen_launched(self, message: Launched) -> None:
        """Show the new run, or say why there is none."""
        self._launching = False
        self._say(message.problem)
        if message.source is not None:
            self._open(message.source)

    def _line(self, run: RunFacts) -> Content:
        width = max(self.query_one("#runs").size.width - 2, 20)
        steps = (
            words.count(run.step)
            if run.steps is None
            else f"{words.count(run.step)}/{words.count(run.steps)}"
        )
        tail = Content.styled(f" {steps:>9}  {words.age(time.time() - run.created):>6}", words.DIM)
        head = Content.assemble(
            words.badge(run.state).pad_right(12 - len(run.state) - 2), run.source or run.name
        )
        return Content.assemble(head.truncate(width - tail.cell_length, ellipsis=True, pad=True), tail)

    # What the user does

    def on_option_list_option_highlighted(self) -> None:
        """Show what is chosen."""
        self._detail()

    def on_descendant_focus(self) -> None:
        """The other list: show what is chosen there."""
        self._detail()

    def _detail(self) -> None:
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

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Run the scenario, or open the run."""
        if event.option_list.id == "runs":
            from tuilab.tui.source import Source

            self._open(Source(self._runs[event.option_index].path))
            return
        entry = self._chosen_entry()
        if entry is None or self._launching:
            return
        if entry.error is not None:
            self._say(entry.error)
            return
        self._launching = True
        self._say(f"starting {entry.name} …", words.DIM)
        threading.Thread(target=self._launch, args=(entry,), name="tuilab-launch", daemon=True).start()

    def _open(self, source: Source) -> None:
        from tuilab.tui.screens.run import RunScreen

        self.app.push_screen(RunScreen(source, live=True))

    def action_other_list(self) -> None:
        """From the scenarios to the runs, and back."""
        runs = self.query_one("#runs")
        (self.query_one("#scenarios") if self.focused is runs else runs).focus()

    def action_reload(self) -> None:
        """Read the scenario files again."""
        threading.Thread(target=self._list, name="tuilab-list", daemon=True).start()

    def _say(self, problem: str, style: str = words.BAD) -> None:
        """A sentence at the bottom; the keys when there is none."""
        if problem:
            line = Content.styled(f" {' '.join(problem.split())}", style)
        else:
            keys = {
                "enter": "run / open",
                "tab": "scenarios / runs",
                "r": "look again",
                "?": "keys",
                "q": "quit",
            }
            parts = [Content.assemble((key, "bold"), (f" {what}", words.DIM)) for key, what in keys.items()]
            line = Content.assemble(" ", Content("  ").join(parts))
        self.query_one("#hints", Static).update(line)

    def commands(self) -> Iterator[SystemCommand]:
        """What the palette offers here."""
        yield SystemCommand("Look again", "Read the scenario files again", self.action_reload)
        yield SystemCommand("Scenarios / runs", "Go to the other list", self.action_other_list)

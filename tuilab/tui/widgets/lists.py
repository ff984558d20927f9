"""The library's two lists, of which a filter shows a part."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tuilab.runs import RunError, query
from tuilab.tui import words

if TYPE_CHECKING:
    from tuilab.scenario.catalogue import Entry
    from tuilab.tui.recent import RunFacts

_ROOMY = 44
"""Columns from which a run's state is spelt out beside its mark."""


class ScenarioList(OptionList):
    """Scenarios by chapter."""

    def __init__(self) -> None:
        super().__init__(id="scenarios")
        self.border_title = "scenarios"
        self.entries: list[Entry] = []
        self._filter: list[str] = []

    @property
    def chosen(self) -> Entry | None:
        """The scenario under the bar."""
        option = self.highlighted_option
        return self.entries[int(option.id)] if option is not None and option.id is not None else None

    def show(self, entries: list[Entry]) -> None:
        """List these."""
        self.entries = entries
        self._fill()

    def filter(self, text: str) -> None:
        """Of them only those in whose name, title, question or chapter all these words are."""
        wanted = text.lower().split()
        if wanted != self._filter:
            self._filter = wanted
            self._fill()

    def _fill(self) -> None:
        chosen = self.chosen
        shown = [(index, entry) for index, entry in enumerate(self.entries) if self._fits(entry)]
        longest = max((len(entry.name) for _, entry in shown), default=0)
        options: list[Option] = []
        chapter = None
        for index, entry in shown:
            if entry.chapter != chapter:
                chapter = entry.chapter
                options += [Option("", disabled=True)] if options else []
                options.append(Option(Content.styled(chapter, f"{words.DIM} bold"), disabled=True))
            mark = Content("  ") if entry.error is None else Content.styled("✗ ", words.BAD)
            title = entry.title if entry.error is None else "can't be used"
            line = Content.assemble(mark, entry.name.ljust(longest), "  ", (title, words.DIM))
            options.append(Option(line, id=str(index)))
        self.set_options(options)
        places = [place for place, option in enumerate(options) if not option.disabled]
        same = [
            place
            for place in places
            if chosen is not None and self.entries[int(options[place].id or 0)].name == chosen.name
        ]
        self.highlighted = next(iter(same or places), None)

    def _fits(self, entry: Entry) -> bool:
        text = f"{entry.name} {entry.title} {entry.question} {entry.chapter}".lower()
        return all(word in text for word in self._filter)


class RunList(OptionList):
    """Recent runs, a line each."""

    def __init__(self) -> None:
        super().__init__(id="runs")
        self.border_title = self._title = "recent runs"
        self.runs: list[RunFacts] = []
        self._shown: list[RunFacts] = []
        self._test = query("")
        self.marked: list[Path] = []
        """Runs to be compared, in the order in which they were marked."""

    @property
    def chosen(self) -> RunFacts | None:
        """The run under the bar."""
        return None if self.highlighted is None else self._shown[self.highlighted]

    def show(self, runs: list[RunFacts], problem: str = "") -> None:
        """List these."""
        self.border_title = Content(f"{self._title}: {problem}" if problem else self._title)
        self.runs = runs
        self._fill()

    def mark(self) -> None:
        """Mark the run under the bar to be compared, or no more."""
        if (run := self.chosen) is None or self.highlighted is None:
            return
        if run.path in self.marked:
            self.marked.remove(run.path)
        else:
            self.marked.append(run.path)
        self.replace_option_prompt_at_index(self.highlighted, self._line(run))

    def filter(self, text: str) -> str:
        """Of them only those that a query means; of one that can't be read, what is wrong with it."""
        try:
            self._test = query(text)
        except RunError as error:
            return str(error)
        self._fill()
        return ""

    def _fill(self) -> None:
        chosen, before = self.chosen, self._shown
        shown = [run for run in self.runs if self._test(run.run, run.about)]
        if [run.path for run in before] == [run.path for run in shown]:
            self._shown = shown
            for index, run in enumerate(shown):
                if run != before[index]:
                    self.replace_option_prompt_at_index(index, self._line(run))
            return
        self.highlighted = None
        self._shown = shown
        self.set_options([Option(self._line(run)) for run in shown])
        places = [index for index, run in enumerate(shown) if chosen is not None and run.path == chosen.path]
        self.highlighted = next(iter(places or range(len(shown))), None)

    def _line(self, run: RunFacts) -> Content:
        # Less the padding, and a scroll bar that may come.
        width = max(self.size.width - 3, 20)
        state = words.badge(run.state)
        state = state.pad_right(12 - len(state)) if width >= _ROOMY else state[:1]
        steps = words.count(run.step) + ("" if run.steps is None else f"/{words.count(run.steps)}")
        tail = Content.styled(f" {steps:>9}  {run.age:>6}", words.DIM)
        marked = (f"[{self.marked.index(run.path) + 1}] ", words.CARE) if run.path in self.marked else ""
        head = Content.assemble(state, " ", marked, run.label)
        return Content.assemble(head.truncate(width - tail.cell_length, ellipsis=True, pad=True), tail)

"""The chosen scenario or run in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tuilab.tui import words

if TYPE_CHECKING:
    from tuilab.scenario.catalogue import Entry
    from tuilab.tui.recent import RunFacts


class Details(VerticalScroll, can_focus=False):
    """A title, a few facts and the notes."""

    def __init__(self) -> None:
        super().__init__(id="details")
        self._shown: object = None

    def compose(self) -> ComposeResult:
        """The parts, top to bottom; the notes come when there are any."""
        yield Static(id="about")

    def show_entry(self, entry: Entry) -> None:
        """Show a scenario."""
        if entry == self._shown:
            return
        self._shown = entry
        self.border_title = Content(entry.name)
        facts = [entry.kind, *(["lecture " + ", ".join(entry.lecture)] if entry.lecture else [])]
        if entry.origin != "shipped":
            facts.append(entry.origin)
        about = Content.assemble(
            (entry.title or entry.name, "bold"), "\n", (" · ".join(filter(None, facts)), words.DIM)
        )
        if entry.question:
            about = Content.assemble(about, "\n\n", entry.question)
        if entry.error is not None:
            about = Content.assemble(about, "\n\n", (entry.error, words.BAD))
        self._show(about, entry.notes)

    def show_run(self, run: RunFacts) -> None:
        """Show a run."""
        if run == self._shown:
            return
        self._shown = run
        self.border_title = Content(run.name)
        steps = words.count(run.step) + ("" if run.steps is None else f" of {words.count(run.steps)}")
        about = Content.assemble(
            (run.title or run.name, "bold"),
            "\n\n",
            words.badge(run.state),
            f" at step {steps}\n",
            (str(run.path), words.DIM),
        )
        if run.problem:
            about = Content.assemble(about, "\n\n", (run.problem, words.BAD))
        if run.question:
            about = Content.assemble(about, "\n\n", run.question)
        self._show(about, "")

    def _show(self, about: Content, notes: str) -> None:
        self.query_one("#about", Static).update(about)
        self.remove_children(".notes")
        if notes.strip():
            # Late: the first use of Markdown takes longer to import than the whole screen to draw.
            from textual.widgets import Markdown

            self.mount(Markdown(notes, classes="notes", open_links=False))
        self.scroll_home(animate=False)

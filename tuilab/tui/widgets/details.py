"""The chosen scenario or run in full."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tuilab.tui import words
from tuilab.tui.widgets.panel import PanelWidget

if TYPE_CHECKING:
    from tuilab.panels import Picture
    from tuilab.scenario.catalogue import Entry
    from tuilab.tui.recent import RunFacts


_ARMS, _METRICS = 6, 3
"""How many arms, and figures of each, are shown of a run."""


class Details(VerticalScroll, can_focus=False):
    """A title, a few facts, and the notes or the main plot."""

    def __init__(self) -> None:
        super().__init__(id="details")
        self._shown: object = None

    @property
    def picture_size(self) -> tuple[int, int]:
        """Width and height of a plot that fits."""
        return max(self.size.width - 5, 10), max(min(self.size.height - 10, 18), 6)

    def compose(self) -> ComposeResult:
        """The parts, top to bottom; notes and plot come when there are any."""
        yield Static(id="about")

    def show_entry(self, entry: Entry, notes: bool) -> None:
        """Show a scenario; without its notes, how to get at them."""
        if (entry, notes) == self._shown:
            return
        self._shown = entry, notes
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
        if not notes:
            asked = "a question" if len(entry.predict) == 1 else f"{len(entry.predict)} questions"
            veiled = f"enter asks {asked} and runs it; the notes, which tell the answer, come after that. "
            about = Content.assemble(about, "\n\n", (f"{veiled}n shows them now.", words.DIM))
        self._show(about, entry.notes if notes else "")

    def show_run(self, run: RunFacts) -> bool:
        """Show a run; whether its plot is to be drawn anew."""
        if run == self._shown:
            return False
        same = getattr(self._shown, "path", None) == run.path
        self._shown = run
        self.border_title = Content(run.name)
        steps = words.count(run.step) + ("" if run.steps is None else f" of {words.count(run.steps)}")
        about = Content.assemble(
            (run.about.title or run.name, "bold"),
            "\n\n",
            words.badge(run.state),
            f" at step {steps}\n",
            (str(run.path), words.DIM),
        )
        if run.about.problem:
            about = Content.assemble(about, "\n\n", (run.about.problem, words.BAD))
        if run.about.figures:
            about = Content.assemble(about, "\n\n", Content("\n").join(_figures(run.about.figures)))
        if same:
            self.query_one("#about", Static).update(about)
        else:
            self._show(about, "")
        return True

    def show_plot(self, run: RunFacts, picture: Picture) -> None:
        """Show a run's plot, unless something else is shown by now."""
        if getattr(self._shown, "path", None) != run.path:
            return
        plots = self.query(PanelWidget)
        plot = plots.first() if plots else PanelWidget(0, "")
        plot.can_focus = False
        plot.styles.height = picture.height + 1
        plot.show(picture)
        if not plots:
            self.mount(plot)

    def _show(self, about: Content, notes: str) -> None:
        self.query_one("#about", Static).update(about)
        self.remove_children(".notes")
        self.remove_children(PanelWidget)
        if notes.strip():
            # Late: the first use of Markdown takes longer to import than the whole screen to draw.
            from textual.widgets import Markdown

            self.mount(Markdown(notes, classes="notes", open_links=False))
        self.scroll_home(animate=False)


def _figures(figures: Mapping[str, Mapping[str, float]]) -> Iterator[Content]:
    """The last figures of each arm, in columns."""
    width = max(map(len, list(figures)[:_ARMS]))
    for arm, metrics in list(figures.items())[:_ARMS]:
        shown = [(name, f"{value:.4g}") for name, value in list(metrics.items())[:_METRICS]]
        parts = [part for name, value in shown for part in (("  " + name, words.DIM), f" {value}")]
        yield Content.assemble(arm.ljust(width), *parts)
    if len(figures) > _ARMS:
        yield Content.styled(f"and {len(figures) - _ARMS} more arms", words.DIM)

"""Asks what the run will show, before it shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tuilab.tui import words

if TYPE_CHECKING:
    from tuilab.scenario.catalogue import Question

Answers = list[int | None]
"""The number of the choice taken, from 0, for every question; None where none was."""


class PredictScreen(ModalScreen[Answers | None]):
    """One question after the other; dismissed with the answers, or with None to run nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "dismiss", "close"),
        ("enter", "answer(None)", "skip"),
    ]

    def __init__(self, questions: tuple[Question, ...]) -> None:
        """Ask these, at least one."""
        super().__init__()
        self._questions = questions
        self._answers: Answers = []

    def compose(self) -> ComposeResult:
        """The question at hand."""
        with VerticalScroll(id="predict", classes="dialog", can_focus=False) as box:
            box.border_title = "what will happen?"
            box.border_subtitle = "a number answers · enter: no idea · escape: back"
            yield Static(id="question")

    def on_mount(self) -> None:
        """Ask the first one."""
        self._ask()

    def on_key(self, event: events.Key) -> None:
        """A digit is an answer."""
        if event.character is None or not event.character.isdecimal():
            return
        choice, place = int(event.character) - 1, len(self._answers)
        if place < len(self._questions) and 0 <= choice < len(self._questions[place].choices):
            self.action_answer(choice)
            event.stop()

    def action_answer(self, choice: int | None) -> None:
        """Take an answer and go on."""
        if len(self._answers) == len(self._questions):
            return  # keys typed before the screen had closed
        self._answers.append(choice)
        if len(self._answers) == len(self._questions):
            self.dismiss(self._answers)
        elif self.is_mounted:
            self._ask()

    def _ask(self) -> None:
        question = self._questions[len(self._answers)]
        lines = [Content.styled(question.ask, "bold"), Content()]
        for number, choice in enumerate(question.choices, 1):
            lines.append(Content.assemble((f"{number}  ", "ansi_blue bold"), choice))
        if len(self._questions) > 1:
            lines += [
                Content(),
                Content.styled(f"{len(self._answers) + 1} of {len(self._questions)}", words.DIM),
            ]
        self.query_one("#question", Static).update(Content("\n").join(lines))

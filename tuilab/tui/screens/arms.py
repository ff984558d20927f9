"""Chooses which arms are shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tuilab.tui import words
from tuilab.tui.snapshot import ArmLabel


class ArmsScreen(ModalScreen[None]):
    """A list of arms; every change shows at once."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,a", "dismiss", "close"),
        ("space", "switch", "show or hide"),
    ]

    def __init__(
        self, arms: tuple[ArmLabel, ...], hidden: frozenset[str], changed: Callable[[frozenset[str]], None]
    ) -> None:
        """`changed` is told the arms that are hidden from now on."""
        super().__init__()
        self._arms = arms
        self._hidden = hidden
        self._changed = changed

    def compose(self) -> ComposeResult:
        """The list."""
        box = OptionList(*[Option(self._line(arm), id=str(i)) for i, arm in enumerate(self._arms)], id="arms")
        box.add_class("dialog")
        box.border_title = "arms shown"
        box.border_subtitle = "enter shows or hides · escape closes"
        yield box

    def action_switch(self) -> None:
        """Show or hide the arm under the cursor."""
        self.query_one(OptionList).action_select()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Show or hide an arm."""
        arm = self._arms[event.option_index]
        self._hidden = self._hidden ^ {arm.name}
        event.option_list.replace_option_prompt_at_index(event.option_index, self._line(arm))
        self._changed(self._hidden)

    def _line(self, arm: ArmLabel) -> Content:
        hidden = arm.name in self._hidden
        return Content.assemble("[ ] " if hidden else "[x] ", words.arm(arm, hidden))

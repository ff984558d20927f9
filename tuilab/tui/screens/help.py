"""Which key does what."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

KEYS: dict[str, dict[str, str]] = {
    "Library": {
        "↑ ↓": "choose",
        "/": "search: words, or of runs `lr>0.01 and accuracy>=0.8 and not state:failed`",
        "tab": "scenarios / recent runs",
        "enter": "run the scenario / open the run",
        "pgdn": "read the notes on (pgup: back)",
        "x": "mark a run; enter compares those that are marked",
        "n": "show the notes of a scenario that asks first",
        "r": "read the scenario files again",
    },
    "Time": {
        "space": "live: pause and resume the engine · else: play and pause",
        ".": "live: let the engine take one step · else: one step on",
        "← →": "one step back, forward · with shift or ctrl: ten",
        "home end": "first step · the end, followed while it grows",
        "g": "go to a step",
        "t": "live: turn learning rates and other numbers, which is recorded",
        "f": "fork: go on from this step with other numbers, as a run of its own",
        "p n": "previous, next event (a click on an event goes to it, too)",
        "< >": "slower, faster (also - and +) · live: the engine's pace",
    },
    "View": {
        "z": "one panel alone · all (also a double click)",
        "tab": "next panel",
        "[ ]": "previous, next page of panels",
        "↑ ↓": "fewer, more steps, around the reading (also the wheel; a drag moves them)",
        "c": "read values at a step: ← → or a click move it, what came after stays",
        "s": "lines: noisy ones smoothed a little, none, all, all a lot; raw stays behind",
        "o O": "one arm in its colour, the others grey: next, previous",
        "a": "show and hide arms",
        "/": "a panel of any series",
        "l L": "axes: the panels' own, logarithmic, linear · log steps",
        "d": "the panel in words",
        "e": "expectations and events",
        "i": "the machine: CPU, memory, GPU, what observing costs",
    },
    "Lab": {
        "ctrl+p": "all commands",
        "escape": "back",
        "q": "leave; engines go on",
    },
}


class HelpScreen(ModalScreen[None]):
    """The keys, by what they are for."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,question_mark,f1,enter", "dismiss", "close")]

    def compose(self) -> ComposeResult:
        """One table."""
        with VerticalScroll(id="help", classes="dialog") as box:
            box.border_title = "keys"
            lines: list[Content] = []
            for heading, keys in KEYS.items():
                lines += [Content()] if lines else []
                lines.append(Content.styled(heading, "bold"))
                for key, what in keys.items():
                    lines.append(Content.assemble("  ", (f"{key:<9}", "ansi_blue bold"), " ", what))
            yield Static(Content("\n").join(lines))

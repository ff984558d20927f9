"""The two lines above the panels: which scenario, how it is, which arms, what is wrong."""

from __future__ import annotations

from dataclasses import replace

from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget

from tuilab.panels.finish import cut_inside
from tuilab.runs import State
from tuilab.tui import words
from tuilab.tui.snapshot import ArmLabel, Snapshot

_SHORTEST = 3
"""Cells that a name is cut to at the most."""


class RunHeader(Widget):
    """Title and state; arms, and a problem if there is one."""

    def __init__(self, name: str) -> None:
        super().__init__(id="header")
        self._run_name = name
        self._shown: tuple[object, ...] = ()
        self._title, self._state, self._remark = "", State.STARTING, ""
        self._problem = ""
        self._own: tuple[str, ...] = ()
        self._arms: tuple[ArmLabel, ...] = ()
        self._hidden: frozenset[str] = frozenset()

    def show(self, snapshot: Snapshot, remark: str) -> None:
        """Show a snapshot's facts; `remark` says what is special about the view."""
        problem = snapshot.problem if snapshot.header else ""  # before there is a header, the grid says it
        state = (
            snapshot.title,
            snapshot.state,
            snapshot.arms,
            snapshot.wanted.look.hidden,
            problem,
            remark,
            snapshot.own,
        )
        if state != self._shown:
            self._shown = state
            (
                self._title,
                self._state,
                self._arms,
                self._hidden,
                self._problem,
                self._remark,
                self._own,
            ) = state
            self.refresh()

    def render(self) -> RenderResult:
        """Both lines."""
        width = self.size.width
        state = Content.assemble(words.badge(self._state), " ")
        title = Content.assemble(" ", (self._title or self._run_name, "bold"))
        if self._title:
            title = Content.assemble(title, ("  " + self._run_name, words.DIM))
        if self._own:
            title = Content.assemble(title, ("  yours: " + ", ".join(self._own), words.CARE))
        first = _apart(title, state, width)
        if self._problem:
            second = Content.assemble((f" {self._problem}", words.BAD)).truncate(width, ellipsis=True)
        else:
            remark = Content.styled(f"{self._remark} ", words.DIM)
            second = _apart(self._line_of_arms(width - remark.cell_length - 2), remark, width)
        return Content("\n").join([first, second])

    def _line_of_arms(self, room: int) -> Content:
        """Every arm, the longest names cut until all have room: panels may have room for marks alone."""
        longest = max((len(label.name) for label in self._arms), default=0)
        gaps = 4 * len(self._arms) - 2
        while longest > _SHORTEST and gaps + sum(min(len(arm.name), longest) for arm in self._arms) > room:
            longest -= 1
        named = [
            words.arm(replace(label, name=cut_inside(label.name, longest)), label.name in self._hidden)
            for label in self._arms
        ]
        return Content.assemble(" ", Content("  ").join(named))


def _apart(left: Content, right: Content, width: int) -> Content:
    """One at each end of a line; the left one gives way."""
    room = max(width - right.cell_length - 1, 0)
    return Content.assemble(left.truncate(room, ellipsis=True, pad=True), " ", right)

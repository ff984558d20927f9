"""The two lines above the panels: which scenario, how it is, which arms, what is wrong."""

from __future__ import annotations

from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget

from tuilab.tui import words
from tuilab.tui.snapshot import ArmLabel, Snapshot


class RunHeader(Widget):
    """Title and state; arms, and a problem if there is one."""

    def __init__(self, name: str) -> None:
        super().__init__(id="header")
        self._run_name = name
        self._shown: tuple[object, ...] = ()
        self._title, self._state, self._remark = "", "starting", ""
        self._problem = ""
        self._arms: tuple[ArmLabel, ...] = ()
        self._hidden: frozenset[str] = frozenset()

    def show(self, snapshot: Snapshot, remark: str) -> None:
        """Show a snapshot's facts; `remark` says what is special about the view."""
        problem = snapshot.problem if snapshot.header else ""  # before there is a header, the grid says it
        state = (
            snapshot.title,
            snapshot.state,
            snapshot.arms,
            snapshot.wanted.hidden,
            problem,
            remark,
        )
        if state != self._shown:
            self._shown = state
            self._title, self._state, self._arms, self._hidden, self._problem, self._remark = state
            self.refresh()

    def render(self) -> RenderResult:
        """Both lines."""
        width = self.size.width
        state = Content.assemble(words.badge(self._state), " ")
        title = Content.assemble(" ", (self._title or self._run_name, "bold"))
        if self._title:
            title = Content.assemble(title, ("  " + self._run_name, words.DIM))
        first = _apart(title, state, width)
        if self._problem:
            second = Content.assemble((f" {self._problem}", words.BAD)).truncate(width, ellipsis=True)
        else:
            arms = Content("   ").join([words.arm(label, label.name in self._hidden) for label in self._arms])
            second = _apart(Content.assemble(" ", arms), Content.styled(f"{self._remark} ", words.DIM), width)
        return Content("\n").join([first, second])


def _apart(left: Content, right: Content, width: int) -> Content:
    """One at each end of a line; the left one gives way."""
    room = max(width - right.cell_length - 1, 0)
    return Content.assemble(left.truncate(room, ellipsis=True, pad=True), " ", right)

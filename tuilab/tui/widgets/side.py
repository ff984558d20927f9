"""The column beside the panels: predictions, findings, expectations, and what happened."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from tuilab.tui import words
from tuilab.tui.snapshot import Snapshot

_MOST = 200
"""Events listed; of more, the latest up to the cursor."""

_LEAST = 3
"""Rows that a box keeps for its text, as far as it has that much."""


def allot(wants: Sequence[int], room: int) -> list[int]:
    """How many rows each of some boxes gets, the most important first: all if they fit, else fair shares.

    What is left when every box has the least or a fair share goes to the first that want more.
    """
    got = [min(want, max(min(_LEAST, room // max(len(wants), 1)), 0)) for want in wants]
    share = room // max(len(wants), 1)
    for most in (share, room):
        for place, want in enumerate(wants):
            more = min(max(min(want, most) - got[place], 0), room - sum(got))
            got[place] += max(more, 0)
    return got


_BY_IMPORTANCE = {
    "#findings": "#found",
    "#predictions": "#reveals",
    "#expectations": "#outcomes",
    "#events": "#happenings",
}
"""The boxes, and what holds their texts."""

_EDGES, _MARGINS = 2, 6
"""Rows of a box's frame; columns of its frame, its padding and its scroll bar."""


class Side(Vertical):
    """Predictions above, then findings and expectations, events at the bottom."""

    def __init__(self) -> None:
        super().__init__(id="side")
        self._texts: dict[str, Content] = {}
        self._reveals: object = None
        self._findings: object = None
        self._outcomes: object = None
        self._events: object = None

    def compose(self) -> ComposeResult:
        """Scrolling boxes, those at the top only while there is something in them."""
        with VerticalScroll(id="predictions", can_focus=False):
            yield Static(id="reveals")
        with VerticalScroll(id="findings", can_focus=False):
            yield Static(id="found")
        with VerticalScroll(id="expectations", can_focus=False):
            yield Static(id="outcomes")
        with VerticalScroll(id="events", can_focus=False):
            yield Static(id="happenings")

    def on_mount(self) -> None:
        """Name the boxes."""
        self.query_one("#predictions").border_title = "predictions"
        self.query_one("#predictions").display = False
        self.query_one("#findings").display = False
        self.query_one("#expectations").border_title = "expectations"
        self.query_one("#events").border_title = "events"
        self.query_one("#happenings").auto_links = False  # an event keeps its own colours

    def show(self, snapshot: Snapshot) -> None:
        """Show a snapshot's expectations, and its events up to the moment shown."""
        if snapshot.reveals != self._reveals:
            self._reveals = snapshot.reveals
            self.query_one("#predictions").display = bool(snapshot.reveals)
            blocks = [words.reveal_lines(reveal) for reveal in snapshot.reveals]
            self._put("#reveals", blocks)
        if snapshot.findings != self._findings:
            self._findings = snapshot.findings
            box = self.query_one("#findings")
            box.display = bool(snapshot.findings)
            box.border_title = f"findings {len(snapshot.findings)}"
            lines = [words.finding_lines(finding) for finding in snapshot.findings]
            self._put("#found", lines)
        if snapshot.outcomes != self._outcomes:
            self._outcomes = snapshot.outcomes
            self._show_outcomes(snapshot)
        events = [event for event in snapshot.events if event.step <= snapshot.step][-_MOST:]
        state = (events, len(snapshot.events), snapshot.arms)
        if state != self._events:
            self._events = state
            # A click on one goes to its step.
            links = [Style.from_meta({"@click": f"screen.seek({event.step})"}) for event in events]
            lines = [words.event_line(event, snapshot.arms) for event in events]
            linked = [line.stylize(link) for line, link in zip(lines, links, strict=True)]
            self._show_events(snapshot, linked)

    def _put(self, name: str, lines: Sequence[Content]) -> None:
        """Show other lines in a box."""
        self._texts[name] = Content("\n").join(lines)
        self.query_one(name, Static).update(self._texts[name])
        self._share_out()

    def on_resize(self) -> None:
        """Share the rows out anew."""
        self._share_out()

    def _share_out(self) -> None:
        """Give each box the rows that its text needs, the answers first; what is left is the events'."""
        boxes = {text: self.query_one(name, VerticalScroll) for name, text in _BY_IMPORTANCE.items()}
        boxes = {text: box for text, box in boxes.items() if box.display}
        room = self.size.height - _EDGES * len(boxes)
        if not boxes or room < 1:
            return
        width = max(self.size.width - _MARGINS, 1)
        wants = [self._texts[text].get_height({}, width) if text in self._texts else 1 for text in boxes]
        got = allot(wants, room)
        got[-1] += max(room - sum(got), 0)
        for box, rows in zip(boxes.values(), got, strict=True):
            box.styles.height = max(rows, 1) + _EDGES

    def _show_outcomes(self, snapshot: Snapshot) -> None:
        box = self.query_one("#expectations")
        box.display = bool(snapshot.outcomes)
        met = sum(outcome.verdict == "met" for outcome in snapshot.outcomes)
        box.border_title = f"expectations {met}/{len(snapshot.outcomes)}"
        blocks = [
            words.outcome_lines(outcome, snapshot.arms) for outcome in words.by_urgency(snapshot.outcomes)
        ]
        self._put("#outcomes", blocks)

    def _show_events(self, snapshot: Snapshot, lines: list[Content]) -> None:
        later = len(snapshot.events) - sum(event.step <= snapshot.step for event in snapshot.events)
        if later:
            lines.append(Content.styled(f"{'':>7}  … {later} later", words.DIM))
        self._put("#happenings", lines)
        self.query_one("#events", VerticalScroll).scroll_end(animate=False)

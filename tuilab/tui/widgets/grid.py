"""The panels of a recording, as many at once as the terminal has room for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tuilab.tui.widgets.panel import PanelWidget

if TYPE_CHECKING:
    from tuilab.panels import Picture

MIN_WIDTH, MIN_HEIGHT = 38, 9
"""The least that a panel needs, its border included."""


_GOOD_HEIGHT = 11
"""What a panel needs to be read well: pages hold fewer panels rather than lower ones."""

_LARGE = 1.4
"""How much higher than others the first row of the first page is, where there are three or more."""


def arrange(count: int, width: int, height: int) -> tuple[int, int]:
    """Columns and rows of a page for `count` panels: all if they fit, well shaped, few places empty."""
    most_columns, most_rows = max(width // MIN_WIDTH, 1), max(height // MIN_HEIGHT, 1)
    if count > most_columns * most_rows:
        pages = math.ceil(count / (most_columns * max(height // _GOOD_HEIGHT, min(most_rows, 2))))
        return most_columns, math.ceil(math.ceil(count / pages) / most_columns)
    if count == most_columns * most_rows:
        return most_columns, most_rows

    def ugliness(columns: int) -> float:
        rows = math.ceil(count / columns)
        # Panels look best about three times as wide as high, in cells.
        return abs(math.log(width * rows / (height * columns * 3))) + 0.3 * (columns * rows - count)

    fitting = [columns for columns in range(1, most_columns + 1) if math.ceil(count / columns) <= most_rows]
    columns = min(fitting, key=ugliness)
    return columns, math.ceil(count / columns)


def heights(rows: int, room: int, needs: Sequence[int | None], first: bool) -> list[int]:
    """The height of each row of panels; together they fill the room.

    Args:
        rows: How many rows.
        room: Cells to fill.
        needs: Of each row, how many cells it can use; None for as many as it gets.
        first: Whether these are the first rows of all: what comes first is what changes most.
    """
    weights = [_LARGE if first and rows > 2 and row == 0 else 1.0 for row in range(rows)]
    found: dict[int, int] = {}
    # What needs less than its share leaves the rest to the others, as long as there are others.
    for row, need in enumerate(needs):
        if need is not None and need < room // rows and len(found) < rows - 1:
            found[row] = max(need, 3)
    left, weight = room - sum(found.values()), sum(weights[row] for row in range(rows) if row not in found)
    for row in range(rows):
        if row not in found:
            share = round(left * weights[row] / weight)
            found[row] = share
            left, weight = left - share, weight - weights[row]
    return [found[row] for row in range(rows)]


class PanelGrid(Container):
    """Lays panels out in pages, in the order in which the recording declares them."""

    class Arranged(Message):
        """Panels came, went or changed their sizes."""

    def __init__(self) -> None:
        super().__init__(id="grid")
        self.page = 0
        self.zoomed: int | None = None
        self._panels: list[PanelWidget] = []
        self._titles: list[str] | None = None
        self._needs: list[int | None] = []
        self._per_page = 1
        self._waiting = Static("opening …", id="waiting")

    def compose(self) -> ComposeResult:
        """What is said until there are panels."""
        yield self._waiting

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(math.ceil(len(self._panels) / self._per_page), 1)

    @property
    def sizes(self) -> tuple[tuple[int, int, int], ...]:
        """(panel, width, height) of each panel that is to be seen."""
        return tuple((p.index, *p.picture_size) for p in self._panels if p.display)

    @property
    def chosen(self) -> int | None:
        """The panel that stands alone, has the focus, or is the first one on the page; None without any."""
        if self.zoomed is not None or not self._panels:
            return self.zoomed
        focused = next((p.index for p in self._panels if p.has_focus), None)
        return self.page * self._per_page if focused is None else focused

    async def populate(self, titles: Sequence[str], needs: Sequence[int | None]) -> None:
        """Make the panels once their titles are known, and others when these change.

        Args:
            titles: Of the panels.
            needs: How many rows of cells each can use; None for as many as it gets.
        """
        if list(titles) == self._titles:
            return
        self._titles, self._needs = list(titles), list(needs)
        if not titles:
            self.wait("This recording declares no panels.")
            return
        await self.remove_children()
        self.zoomed = None
        self._panels = [PanelWidget(index, title) for index, title in enumerate(titles)]
        await self.mount_all(self._panels)
        self.lay_out()

    def wait(self, sentence: str) -> None:
        """Say why there are no panels yet."""
        if not self._panels:
            self._waiting.update(Content(sentence))

    def show(self, pictures: Mapping[int, Picture]) -> None:
        """Show new pictures."""
        for panel in self._panels:
            if panel.display and panel.index in pictures:
                panel.show(pictures[panel.index])

    def turn(self, pages: int) -> None:
        """Turn so many pages, around the end."""
        if self.zoomed is not None:
            self.zoomed = (self.zoomed + pages) % len(self._panels)
        else:
            self.page = (self.page + pages) % self.pages
        self.lay_out()

    def zoom(self, panel: int | None = None) -> None:
        """Show one panel alone (the focused or the first one on the page), or all of them again."""
        if self.zoomed is not None or not self._panels:
            self.zoomed = None
        else:
            self.zoomed = self.chosen if panel is None else panel
        self.lay_out()

    def lay_out(self) -> None:
        """Lay the panels out anew."""
        count = len(self._panels)
        width, height = self.size
        if not count or not width or not height:
            return
        first = self.page * self._per_page
        columns, rows = arrange(count, width, height)
        self._per_page = columns * rows
        self.page = min(first // self._per_page, self.pages - 1)
        shown = range(self.page * self._per_page, min((self.page + 1) * self._per_page, count))
        if self.zoomed is not None:
            self.page = self.zoomed // self._per_page
            columns, rows, shown = 1, 1, range(self.zoomed, self.zoomed + 1)
        self.styles.grid_size_columns = columns
        rows = max(math.ceil(len(shown) / columns), 1)
        self.styles.grid_size_rows = rows
        used = [self._need_of(shown[row * columns : (row + 1) * columns]) for row in range(rows)]
        first = self.page == 0 and self.zoomed is None
        self.styles.grid_rows = " ".join(map(str, heights(rows, height, used, first)))
        for panel in self._panels:
            panel.display = panel.index in shown
            # The last one takes what is left of its row.
            left = columns - (len(shown) - 1) % columns
            panel.styles.column_span = left if shown and panel.index == shown[-1] else 1
        if self.zoomed is not None and self.screen.focused in self._panels:
            self._panels[self.zoomed].focus()
        self.call_after_refresh(self.post_message, self.Arranged())

    def _need_of(self, panels: Iterable[int]) -> int | None:
        """Rows of cells, with the frame's lower edge, that panels side by side can use."""
        needs = [self._needs[panel] for panel in panels]
        known = [need + 1 for need in needs if need is not None]
        return max(known) if len(known) == len(needs) else None

    def on_resize(self, event: events.Resize) -> None:
        """Make the best of the new size."""
        self.lay_out()

    def on_panel_widget_zoomed(self, message: PanelWidget.Zoomed) -> None:
        """A double click."""
        self.zoom(message.panel.index)

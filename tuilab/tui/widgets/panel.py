"""One panel's picture on the screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

if TYPE_CHECKING:
    from tuilab.panels import Picture

_FRAME = Style(color=Color.from_ansi(240))
_FOCUSED = Style(color=Color.from_ansi(67), bold=True)
_AXIS = 7
"""Cells that a chart's y axis takes, about."""

_TRUE = 0x1000000
"""Bit that marks a colour of a picture as 24-bit RGB."""


class PanelWidget(Widget, can_focus=True):
    """Shows a picture that somebody else drew, in a frame whose upper edge is the picture's own title row."""

    class Zoomed(Message):
        """The user wants to see this panel alone, or all of them again."""

        def __init__(self, panel: PanelWidget) -> None:
            self.panel = panel
            super().__init__()

    class Pointed(Message):
        """The user clicked into the picture, or turned the wheel over it."""

        def __init__(self, place: tuple[int, int, int, int], factor: float | None) -> None:
            self.place, self.factor = place, factor
            super().__init__()

    class Dragged(Message):
        """The user dragged the picture by a share of its width."""

        def __init__(self, share: float) -> None:
            self.share = share
            super().__init__()

    def __init__(self, index: int, title: str) -> None:
        """Show panel number `index` of the recording; the title until there is a picture."""
        super().__init__(id=f"panel-{index}")
        self.index = index
        self._title = title
        self._picture: Picture | None = None
        self._pressed: int | None = None
        self._moved = False

    @property
    def picture(self) -> Picture | None:
        """What is shown."""
        return self._picture

    @property
    def picture_size(self) -> tuple[int, int]:
        """Width and height that a picture has to have."""
        return max(self.size.width - 4, 0), max(self.size.height - 1, 0)

    def show(self, picture: Picture) -> None:
        """Show another picture."""
        self._picture = picture
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """A row of the picture between the frame's edges."""
        width, height = self.size
        frame = _FOCUSED if self.has_focus else _FRAME
        if y == height - 1:
            return Strip([Segment(f"╰{'─' * (width - 2)}╯", frame)], width)
        if self._picture is not None and y < self._picture.height:
            row = _segments(self._picture, y)
        else:
            row = [Segment(self._title if y == 0 else "", _style(-1, -1))]
        inside = Strip(row).adjust_cell_length(max(width - 4, 0), _style(-1, -1))
        if y == 0:
            title = inside.adjust_cell_length(inside.cell_length + 1)
            return Strip([Segment("╭ ", frame), *_ruled(title, frame), Segment("╮", frame)], width)
        return Strip([Segment("│ ", frame), *inside, Segment(" │", frame)], width)

    def on_click(self, event: events.Click) -> None:
        """A click reads values there; a double click zooms."""
        if event.chain == 2:
            self.post_message(self.Zoomed(self))
        elif not self._moved:
            self._point(event.x)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """The beginning of a click or of a drag."""
        self._pressed, self._moved = event.x, False
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """A drag."""
        if self._pressed is not None and event.x != self._pressed:
            moved, self._pressed, self._moved = event.x - self._pressed, event.x, True
            self.post_message(self.Dragged(moved / max(self.size.width - 4 - _AXIS, 1)))

    def on_mouse_up(self) -> None:
        """The end of either."""
        self._pressed = None
        self.release_mouse()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Fewer steps."""
        self._point(event.x, 0.8)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """More steps."""
        self._point(event.x, 1.25)

    def _point(self, x: int, factor: float | None = None) -> None:
        self.post_message(self.Pointed((self.index, x - 2, *self.picture_size), factor))


def _ruled(row: Strip, frame: Style) -> Iterator[Segment]:
    """A title row with lines where there is nothing to read."""
    end = len(row.text.rstrip())
    for text, style, _ in row.crop(0, end):
        for part in re.split("( {3,})", text):
            if part:
                yield _rule(len(part), frame) if part.startswith("   ") else Segment(part, style)
    yield _rule(row.cell_length - end, frame)


def _rule(width: int, frame: Style) -> Segment:
    return Segment(f" {'─' * (width - 2)} "[:width], frame)


def _segments(picture: Picture, y: int) -> list[Segment]:
    """A row as runs of one style; blanks join the run before them, whose ink they do not show."""
    chars, fg, bg = picture.chars[y].tolist(), picture.fg[y].tolist(), picture.bg[y].tolist()
    segments: list[Segment] = []
    start = 0
    for x in range(1, len(chars) + 1):
        if x == len(chars) or bg[x] != bg[start] or (fg[x] != fg[start] and chars[x] != " "):
            segments.append(Segment("".join(chars[start:x]), _style(fg[start], bg[start])))
            start = x
    return segments


@lru_cache(maxsize=4096)
def _style(foreground: int, background: int) -> Style:
    return Style(color=_color(foreground), bgcolor=_color(background))


def _color(code: int) -> Color:
    if code < 0:
        return Color.default()
    if code & _TRUE:
        return Color.from_rgb(code >> 16 & 255, code >> 8 & 255, code & 255)
    return Color.from_ansi(code)

"""The bar below the panels: play and pause, steps, the track with the cursor, speed, the live end."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from tuilab.tui import words


class Transport(Widget):
    """Shows where the cursor stands and turns clicks into wishes."""

    class Pressed(Message):
        """A button was clicked: an action of the run screen."""

        def __init__(self, action: str) -> None:
            self.action = action
            super().__init__()

    class Sought(Message):
        """A place on the track was clicked: a share of the way, 0 to 1."""

        def __init__(self, share: float) -> None:
            self.share = share
            super().__init__()

    def __init__(self) -> None:
        super().__init__(id="transport")
        self._content = Content("")
        self._state: tuple[object, ...] = ()
        self._events: tuple[int, ...] = ()
        self._buttons: list[tuple[int, int, str]] = []
        self._track = (0, 1)

    def show(
        self,
        *,
        step: int,
        last: int,
        steps: int | None,
        following: bool,
        moving: bool,
        growing: bool,
        speed: float,
        events: tuple[int, ...] = (),
    ) -> None:
        """Show a moment.

        Args:
            step: of the cursor.
            last: the last step recorded.
            steps: how many there are to be, if that is known.
            following: whether the cursor stays at the end.
            moving: whether the engine runs (following) or the recording plays.
            growing: whether more steps may come.
            speed: of playback.
            events: the steps at which something happened.
        """
        state = (step, last, steps, following, moving, growing, speed, events, self.size.width)
        if state != self._state:
            self._state = state
            self._events = events
            self._compose_bar(step, last, steps, following, moving, growing, speed)
            self.refresh()

    def _compose_bar(
        self,
        step: int,
        last: int,
        steps: int | None,
        following: bool,
        moving: bool,
        growing: bool,
        speed: float,
    ) -> None:
        live = following and growing
        end = max(last, steps or 0) if growing else last
        number = words.count(max(end, step, 9))
        place = f"{words.count(step):>{len(number)}} / {words.count(end)}"
        left: list[tuple[str, str, str]] = [
            (" ", "", ""),
            (" ‖ " if moving else " ▶ ", "bold", "play"),
            (" ◀ ", words.DIM, "back"),
            (" ▶ ", words.DIM, "forward"),
            (" ", "", ""),
        ]
        if live:
            end_label = ("● LIVE ", f"bold {words.GOOD}", "live")
        else:
            end_label = ("○ live ", words.DIM, "live") if growing else ("", "", "live")
        pace = "" if live else f"{words.speed(speed):>5}  "
        right: list[tuple[str, str, str]] = [(f"  {place}  ", "", "goto"), (pace, words.DIM, ""), end_label]
        room = self.size.width - sum(len(text) for text, _, _ in left + right)
        track = self._track_of(max(room, 3), step, last, end)
        self._buttons = []
        x = 0
        parts: list[Content] = []
        for text, style, action in left:
            self._buttons.append((x, x + len(text), action))
            parts.append(Content.styled(text, style))
            x += len(text)
        self._track = (x, max(room, 3))
        x += self._track[1]
        parts.append(track)
        for text, style, action in right:
            self._buttons.append((x, x + len(text), action))
            parts.append(Content.styled(text, style))
            x += len(text)
        self._content = Content("").join(parts)

    def _track_of(self, width: int, step: int, last: int, end: int) -> Content:
        """Heavy up to the cursor, thin to the last step recorded, dotted to where the run will end.

        Ticks show where something happened.
        """
        span = max(end, 1)
        knob = round(step / span * (width - 1))
        known = max(round(last / span * (width - 1)), knob)
        ticks = {round(min(at / span, 1) * (width - 1)) for at in self._events if at <= last}

        def line(first: int, stop: int, char: str, tick: str, style: str) -> tuple[str, str]:
            return "".join(tick if x in ticks else char for x in range(first, stop)), style

        return Content.assemble(
            line(0, knob, "━", "╋", "ansi_blue"),
            ("●", "bold"),
            line(knob + 1, known + 1, "─", "┼", words.DIM),
            ("┄" * (width - 1 - known), "#585858"),
        )

    def render(self) -> Content:
        """The bar."""
        return self._content

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """A click on a button or on the track; the track can be dragged along."""
        start, width = self._track
        if start <= event.x < start + width:
            self.capture_mouse()
            self._seek(event.x)
        for first, stop, action in self._buttons:
            if action and first <= event.x < stop:
                self.post_message(self.Pressed(action))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Dragging along the track."""
        if self.app.mouse_captured is self:
            self._seek(event.x)

    def on_mouse_up(self) -> None:
        """The drag's end."""
        self.release_mouse()

    def _seek(self, x: int) -> None:
        start, width = self._track
        self.post_message(self.Sought(min(max((x - start) / max(width - 1, 1), 0.0), 1.0)))

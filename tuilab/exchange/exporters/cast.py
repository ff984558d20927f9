"""A replay as asciicast, version 2 or 3, for asciinema and web pages; events are its chapter marks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from tuilab.exchange.exporters.screen import Screen
from tuilab.panels import Picture, View, changed_spans
from tuilab.panels.colors import DEFAULT
from tuilab.printable import printable
from tuilab.recording import Event, Readable

Told = Callable[[int, int], None]

FRAMES_A_SECOND = 10
COLORS = 256
_LAST_SECONDS = 2.0
"""How long the last picture stands."""

_MOST_MARKS = 200


def write_cast(
    recording: Readable, path: Path, screen: Screen, pace: float, told: Told, version: int = 2
) -> None:
    """The replay of a recording.

    Args:
        recording: what is played.
        path: the file.
        screen: what is drawn, and how large.
        pace: steps a second.
        told: is told how many of how many pictures are drawn.
        version: of asciicast.
    """
    title = recording.header.get("scenario")
    name = printable(str(title.get("title", ""))) if isinstance(title, dict) else ""
    created = recording.header.get("created")
    when = int(created) if isinstance(created, int | float) else 0
    header: dict[str, object] = {"version": version}
    if version == 2:
        header |= {"width": screen.width, "height": screen.height, "env": {"TERM": "xterm-256color"}}
    else:
        header |= {"term": {"cols": screen.width, "rows": screen.height, "type": "xterm-256color"}}
    header |= {"timestamp": when, "title": name}
    with path.open("w") as file:
        file.write(json.dumps(header) + "\n")
        before = 0.0
        for at, code, data in _events(recording, screen, pace, told):
            shown = at if version == 2 else at - before
            file.write(json.dumps([round(shown, 3), code, data], ensure_ascii=False) + "\n")
            before += round(at - before, 3)


def _events(recording: Readable, screen: Screen, pace: float, told: Told) -> Iterator[tuple[float, str, str]]:
    first, last = max(recording.first_step, 0), max(recording.last_step, 0)
    pictures = max(1, min(last - first, round((last - first) / pace * FRAMES_A_SECOND)))
    steps = np.unique(np.linspace(first, last, pictures + 1).round().astype(np.int64)).tolist()
    marks = [event for event in recording.events() if event.kind not in ("started", "finished")][:_MOST_MARKS]
    shown = Picture.blank(screen.width, screen.height)
    yield 0.0, "o", "\x1b[?25l\x1b[0m\x1b[2J"
    at = 0.0
    for number, step in enumerate(steps, 1):
        at = (step - first) / pace
        while marks and marks[0].step <= step:
            yield at, "m", _label(marks.pop(0))
        picture = screen.draw(recording, View(step=step)).reduced(COLORS)
        if changed := _changed(shown, picture):
            yield at, "o", changed
        shown = picture
        told(number, len(steps))
    yield at + _LAST_SECONDS, "o", f"\x1b[{screen.height};1H\x1b[0m\x1b[?25h"


def _label(event: Event) -> str:
    return printable(f"{event.arm} {event.kind}" if event.arm else event.kind)


def _changed(old: Picture, new: Picture) -> str:
    """What turns one picture into the other on a terminal."""
    parts = []
    for y, x, width in changed_spans(old, new):
        cells = (slice(y, y + 1), slice(x, x + width))
        span = Picture(new.chars[cells], new.fg[cells], new.bg[cells])
        blank = (span.chars[0] == " ") & (span.bg[0] == DEFAULT)
        ending = width if blank.all() else int(blank[::-1].argmin())
        parts.append(f"\x1b[{y + 1};{x + 1}H{span.ansi(COLORS)}{' ' * ending}")
    return "".join(parts)

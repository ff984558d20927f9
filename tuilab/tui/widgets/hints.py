"""The last line: which keys matter now, or what the user has just to be told."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widget import Widget

from tuilab.runs import State
from tuilab.tui import words

Keys = Sequence[tuple[str, str]]
"""Keys with what they do, the most important first."""

_ALWAYS: Keys = (("?", "keys"), ("q", "quit"))


class Hints(Widget):
    """As many keys as there is room for; a sentence takes their place."""

    def __init__(self, keys: Keys = ()) -> None:
        super().__init__(id="hints")
        self._keys: Keys = keys
        self._said: tuple[str, str] | None = None

    def show(self, keys: Keys) -> None:
        """Offer other keys."""
        if keys != self._keys:
            self._keys = keys
            self.refresh()

    def say(self, sentence: str, color: str = words.BAD) -> None:
        """Say a sentence; an empty one brings the keys back."""
        said = (" ".join(sentence.split()), color) if sentence else None
        if said != self._said:
            self._said = said
            self.refresh(layout=True)  # a sentence may take more than one line

    def render(self) -> Content:
        """The line."""
        width = max(self.size.width, 1)
        if self._said is not None:
            sentence, color = self._said
            return Content.styled(sentence, color)
        room = width - sum(len(key) + len(what) + 3 for key, what in _ALWAYS)
        shown = []
        for key, what in self._keys:
            room -= len(key) + len(what) + 3
            if room < 0:
                break
            shown.append((key, what))
        parts = [Content.assemble((key, "bold"), (f" {what}", words.DIM)) for key, what in [*shown, *_ALWAYS]]
        return Content("  ").join(parts)


def keys_for(state: State, live: bool, playing: bool, growing: bool, pages: bool) -> Keys:
    """The keys of a run that matter now, the most important first."""
    if state is State.STARTING:
        keys = []
    elif live:
        does = "pause" if state is State.RUNNING else "resume"
        keys = [("space", f"{does} the engine"), (".", "step it"), ("<>", "pace"), ("t", "turn")]
    else:
        keys = [("space", "pause" if playing else "play"), ("←→", "step"), ("<>", "speed")]
        keys += [("end", "live")] if growing else []
    return [
        *keys,
        *([("[]", "pages")] if pages else []),
        ("z", "zoom"),
        ("g", "go to"),
        ("f", "fork"),
        ("l", "log"),
        ("a", "arms"),
        ("e", "events"),
        ("d", "in words"),
        ("c", "read values"),
        ("↑↓", "fewer, more steps"),
        ("s", "smooth"),
        ("o", "one arm"),
        ("/", "any series"),
        ("pn", "from event to event"),
    ]

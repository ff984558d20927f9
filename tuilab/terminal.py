"""What a terminal can show, as its environment tells, and how to outlive one that vanishes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from tuilab.panels.view import Glyphs


def colors(stream: TextIO | None) -> int:
    """How many colours a stream shows: 0, 16, 256 or 2**24.

    None where there is no terminal, where it says that it is dumb, and where the user wants none:
    `$NO_COLOR` set and not empty (https://no-color.org).
    """
    kind = os.environ.get("TERM", "")
    if stream is None or not stream.isatty() or kind in ("", "dumb") or os.environ.get("NO_COLOR"):
        return 0
    if os.environ.get("COLORTERM") in ("truecolor", "24bit") or kind.endswith("-direct"):
        return 2**24
    return 256 if "256" in kind or "kitty" in kind else 16


def glyphs(stream: TextIO | None) -> Glyphs:
    """The finest marks that a stream carries: `$TUILAB_GLYPHS`, else what encoding and terminal suggest."""
    match os.environ.get("TUILAB_GLYPHS"):
        case ("braille" | "block" | "ascii") as chosen:
            return chosen
    if stream is None or "utf" not in (stream.encoding or "").lower():
        return "ascii"
    kind = os.environ.get("TERM", "") if stream.isatty() else "a file"
    if kind in ("", "dumb"):
        return "ascii"
    # The fonts of the Linux console hold 256 or 512 characters, none of them braille.
    return "block" if kind == "linux" else "braille"


def vanished(descriptor: int) -> bool:
    """Whether the terminal behind a file descriptor is gone: closed, or its connection lost."""
    import termios

    try:
        termios.tcgetattr(descriptor)
    except termios.error:
        return True
    return False


class Lasting:
    """A stream that goes on without a reader: what can't be written any more is dropped.

    A run must not fail because the terminal that shows its progress was closed.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or drop the text."""
        try:
            return self._stream.write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        """Flush what there is still somebody to read."""
        try:
            self._stream.flush()
        except OSError:
            return

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

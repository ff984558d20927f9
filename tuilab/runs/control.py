"""The control file: what people ask of an engine, a line each, appended by viewers, read by the engine."""

from __future__ import annotations

import os
from pathlib import Path

COMMANDS = ("pause", "resume", "step", "pace", "set", "checkpoint", "stop")
"""The first words that an engine obeys: `pace 20`, `set sgd/optimizer.lr 0.01`; the others stand alone."""

_LONGEST = 65_536


def append(path: Path, words: tuple[str, ...]) -> None:
    """Add one command, whole or not at all: a single append that concurrent viewers cannot tear."""
    if not words or words[0] not in COMMANDS or any(not w or w.split() != [w] for w in words):
        raise ValueError(f"{' '.join(words)!r} is no command; there are {', '.join(COMMANDS)}")
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, (" ".join(words) + "\n").encode())
    finally:
        os.close(descriptor)


class ControlFile:
    """The engine's end: hands out each complete line once.

    Args:
        path: the file; it may not exist yet.
        fresh: hand out only what is asked from now on.
    """

    def __init__(self, path: Path, fresh: bool = False) -> None:
        self.path = path
        self._offset = path.stat().st_size if fresh and path.exists() else 0

    def read(self) -> list[list[str]]:
        """The commands since the last call, each as its words; costs one stat when there are none."""
        try:
            if self.path.stat().st_size <= self._offset:
                return []
            with self.path.open("rb") as file:
                file.seek(self._offset)
                text = file.read(_LONGEST)
        except OSError:
            return []
        whole = text.rfind(b"\n") + 1
        if not whole and len(text) == _LONGEST:
            whole = len(text)
        self._offset += whole
        return [
            words for line in text[:whole].decode(errors="replace").splitlines() if (words := line.split())
        ]

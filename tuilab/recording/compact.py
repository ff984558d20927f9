"""Compaction: a recording rewritten in large blocks, with an index at its end."""

from __future__ import annotations

from pathlib import Path

from tuilab.recording.errors import RecordingError


def compact(path: Path) -> None:
    """Not yet."""
    raise RecordingError(f"{path}: not yet")

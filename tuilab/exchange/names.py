"""How foreign names become the names of series and frames: in this one place."""

from __future__ import annotations

from pathlib import PurePath

from tuilab.recording import SeriesName

ENGINE = "engine"
"""The arm of the clock readings; a foreign run of this name gets another."""


def recorded_name(arm: str, tag: str) -> str:
    """The series or frame that a log's `tag` of an arm is recorded as."""
    return str(SeriesName(arm, tag))


def arm_name(*parts: str) -> str:
    """An arm's name from a run's name or the folders it lies in; arms hold no slash."""
    name = ".".join(piece for part in parts for piece in PurePath(part).parts if piece not in (".", "/"))
    return f"{name}-run" if name == ENGINE else name or "run"

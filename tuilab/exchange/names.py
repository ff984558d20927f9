"""How foreign names become the names of series and frames: in this one place."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from tuilab.recording import SeriesName

ENGINE = "engine"
"""The arm of the clock readings; a foreign run of this name gets another."""


def recorded_name(arm: str, tag: str) -> str:
    """The series or frame that a log's `tag` of an arm is recorded as."""
    return str(SeriesName(arm, tag))


def text(from_log: str) -> str:
    """Text from a log without what UTF-8 can't hold (JSON may name half of a character)."""
    return from_log.encode(errors="replace").decode()


def texts(value: Any) -> Any:
    """Plain JSON from a log with every text in it made such."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        return {text(str(key)): texts(item) for key, item in value.items()}
    return [texts(item) for item in value] if isinstance(value, list | tuple) else value


def arm_name(*parts: str) -> str:
    """An arm's name from a run's name or the folders it lies in; arms hold no slash."""
    name = ".".join(piece for part in parts for piece in PurePath(part).parts if piece not in (".", "/"))
    return f"{name}-run" if name == ENGINE else text(name) or "run"

"""What can be read: a recording, live or finished, and whatever else answers the same questions."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from tuilab.recording.format import Floats, Ints
from tuilab.recording.names import Series, SeriesName
from tuilab.recording.results import Event, Frame, Gap, Overview

Extent = tuple[tuple[object, int], ...]
"""The parts that a series is kept in, each with its last step, -1 while it is empty."""


@runtime_checkable
class Readable(Protocol):
    """What panels, the doctor, exchange and the lab take: never the concrete class behind it."""

    @property
    def header(self) -> dict[str, Any]:
        """What was recorded: the scenario, its arms, metrics and panels."""

    @property
    def first_step(self) -> int:
        """The smallest step of anything recorded, -1 while there is nothing."""

    @property
    def last_step(self) -> int:
        """The greatest step of anything recorded, -1 while there is nothing."""

    @property
    def finished(self) -> bool:
        """Whether nothing will be added any more, as far as the files say."""

    @property
    def gaps(self) -> list[Gap]:
        """Damaged parts that were skipped."""

    @property
    def revision(self) -> int:
        """Greater whenever there is something new: what was derived at the same revision still holds."""

    def refresh(self) -> bool:
        """Look for what was added since; True if there was anything."""

    def series(self, *globs: str) -> list[str]:
        """Names of series that match one of the globs (all without one), in order of first appearance."""

    def has(self, name: str) -> bool:
        """Whether there is a series of exactly this name."""

    def identity(self, name: str) -> SeriesName:
        """The arm, the metric and the layer of a series or a frame, as they were recorded."""

    def describe(self, name: str) -> Series:
        """What a series is of, in what unit, and what that means; empty text where nobody said."""

    def extent(self, name: str) -> Extent:
        """How far a series or the frames of a name go; KeyError without either.

        While its parts are the same objects, they are what they were up to the last steps that they had.
        """

    def frames(self, *globs: str) -> list[str]:
        """Names of frames that match one of the globs (all without one), in order of first appearance."""

    def read(self, name: str, start: int | None = None, stop: int | None = None) -> tuple[Ints, Floats]:
        """Steps (n,), increasing, and values (n,) of a series in [start, stop); KeyError without one."""

    def times(self, name: str, start: int | None = None, stop: int | None = None) -> tuple[Ints, Floats]:
        """Steps (n,), increasing, and when each was measured (n,), in seconds since 1970, where known."""

    def at(self, name: str, step: int) -> float | None:
        """The value at the last recorded step at or before `step`; None if there is none."""

    def overview(self, name: str, start: int | None, stop: int | None, columns: int) -> Overview:
        """A series in at most `columns` equal spans of [start, stop)."""

    def frame(self, name: str, step: int) -> Frame | None:
        """The last frame of this name at or before `step`."""

    def frame_steps(self, name: str) -> Ints:
        """The steps (n,) at which frames of this name were recorded."""

    def events(self, start: int | None = None, stop: int | None = None) -> list[Event]:
        """The events of [start, stop), by step; of one step as they were written."""

    def close(self) -> None:
        """Let go of the files; safe to call twice."""

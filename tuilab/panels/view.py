"""How a recording is looked at, and what looks at it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from tuilab.panels.picture import Picture
from tuilab.recording import Readable

Glyphs = Literal["braille", "block", "ascii"]

PIXELS: dict[Glyphs, tuple[int, int]] = {"braille": (2, 4), "block": (2, 2), "ascii": (1, 1)}
"""Pixels in a cell, across and up."""


@dataclass(frozen=True, slots=True)
class View:
    """The moment and the manner.

    Attributes:
        step: The moment shown; nothing after it is drawn.
        live: The recording grows: a column of cells is drawn once it is complete and then left alone.
        hidden: Arms left out.
        log: Whether axes are logarithmic; None leaves it to each panel.
        glyphs: The richest characters the terminal shows.
        color: False draws without any colour.
        focus: The arm that is drawn last and alone keeps its colour; None for all alike.
        smooth: The weight, 0 to below 1, of what came before in smoothed lines; None smooths noisy ones.
        window: First and last step shown by panels over steps; None for all.
        log_steps: Whether panels over steps have a logarithmic step axis.
        mark: A step up to the moment at which panels over steps read their values; None reads at the moment.
    """

    step: int
    live: bool = False
    hidden: frozenset[str] = frozenset()
    log: bool | None = None
    glyphs: Glyphs = "braille"
    color: bool = True
    focus: str | None = None
    smooth: float | None = None
    window: tuple[int, int] | None = None
    log_steps: bool = False
    mark: int | None = None

    @property
    def at(self) -> int:
        """The step whose values panels over steps say."""
        return self.step if self.mark is None else min(self.mark, self.step)

    def logarithmic(self, own: bool) -> bool:
        """Whether a panel that would draw logarithmic axes, or not, by itself does."""
        return own if self.log is None else self.log


class Panel(Protocol):
    """Recording × view × size → picture; and the same thing in a sentence."""

    @property
    def title(self) -> str:
        """What the panel shows, in a few words."""

    @property
    def over_steps(self) -> bool:
        """Whether the picture goes by the step itself, as one with a step axis does."""

    def needs(self, header: Mapping[str, Any]) -> int | None:
        """How many rows of cells it can use, its title's with them; None for as many as it gets."""

    def sources(self, recording: Readable, view: View) -> Iterable[str]:
        """The series and frames that the picture is made of."""

    def draw(self, recording: Readable, view: View, width: int, height: int) -> Picture:
        """The picture, exactly height × width, whatever the recording holds.

        Raises:
            ValueError: Width or height is below 1.
        """

    def step_at(self, recording: Readable, view: View, width: int, height: int, x: int) -> int | None:
        """The step that column x of cells of the picture shows; None where there is no axis of steps."""

    def describe(self, recording: Readable, view: View) -> str:
        """One or two sentences with the numbers, for screen readers, logs and tests."""

"""What the worker hands to the screen: everything shown of one moment, never to change again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tuilab.runs import State
from tuilab.tui.player import Timeline

if TYPE_CHECKING:
    from tuilab.doctor import Finding, Outcome, Reveal
    from tuilab.panels import Picture
    from tuilab.panels.view import Glyphs
    from tuilab.recording import Event


@dataclass(frozen=True)
class Look:
    """How the user wants panels to be drawn; each as in `panels.View`."""

    hidden: frozenset[str] = frozenset()
    log: bool | None = None
    log_steps: bool = False
    focus: str | None = None
    smooth: float | None = None
    window: tuple[int, int] | None = None
    mark: int | None = None


@dataclass(frozen=True)
class Wanted:
    """What the screen would like to show: which moment, which panels and how."""

    step: int | None = None
    """None is the live end."""
    sizes: tuple[tuple[int, int, int], ...] = ()
    """(panel, width, height) of each panel on the screen."""
    look: Look = Look()
    glyphs: Glyphs = "braille"
    color: bool = True
    told: int | None = None
    """The panel to be put into words."""
    pointed: tuple[int, int, int, int] | None = None
    """A panel, a column of cells in it, and its width and height: which step is there?"""
    added: tuple[str, ...] = ()
    """Globs of series for whose sake there is a panel that the recording does not declare."""


@dataclass(frozen=True)
class ArmLabel:
    """An arm's name with the mark and the xterm colour that it has everywhere."""

    name: str
    mark: str
    color: int


@dataclass(frozen=True)
class Snapshot:
    """One moment of a recording, drawn."""

    wanted: Wanted
    state: State = State.STARTING
    header: Mapping[str, Any] = field(default_factory=dict)
    titles: tuple[str, ...] = ()
    needs: tuple[int | None, ...] = ()
    """How many rows of cells each panel can use; None for as many as it gets."""
    series: Sequence[str] = ()
    """The names of all that is recorded so far."""
    arms: tuple[ArmLabel, ...] = ()
    first: int = 0
    last: int = 0
    step: int = 0
    pictures: Mapping[int, Picture] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    findings: tuple[Finding, ...] = ()
    tunables: Mapping[str, float] = field(default_factory=dict)
    """The numbers that can be turned, as they are at this moment."""
    lr: float | None = None
    """The learning rate at this moment, where all arms have the same."""
    costs: Mapping[str, str] = field(default_factory=dict)
    """What the engine measured of its own speed, in words."""
    reveals: tuple[Reveal, ...] = ()
    """How the predictions came out, once the run is over."""
    timeline: Timeline = field(default_factory=Timeline)
    problem: str = ""
    told: str = ""
    """The panel that was to be put into words."""
    pointed: int | None = None
    """The step at the place that was pointed at; None where the panel has no axis of steps."""
    error: Exception | None = None
    """Why the recording can't be opened at all."""

    @property
    def alive(self) -> bool:
        """Whether an engine is at work on it."""
        return self.state.alive

    @property
    def growing(self) -> bool:
        """Whether it may get longer."""
        return self.state.growing

    @property
    def title(self) -> str:
        """The scenario's title."""
        scenario = self.header.get("scenario")
        return " ".join(str(scenario.get("title", "")).split()) if isinstance(scenario, dict) else ""

    @property
    def own(self) -> tuple[str, ...]:
        """The user's own parts that take part."""
        from tuilab.panels.palette import own_of

        return tuple(own_of(self.header))

    @property
    def steps(self) -> int | None:
        """How many steps the run is to have."""
        steps = self.header.get("steps")
        return steps if isinstance(steps, int) and 0 <= steps < 2**62 else None

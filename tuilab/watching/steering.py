"""What people ask of a run while it goes on: obeyed between two steps, and answered by an event."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from tuilab.runs import Command, ControlFile, State
from tuilab.watching.until import Condition, condition

_LOOK = 0.02
"""Seconds between two looks at the control file while steps are quick."""
_REST = 0.05
"""Seconds of sleep while paused or waiting for room."""
_FASTEST = 1e6
"""Steps a second that make sense as a pace."""


class Steered(Protocol):
    """What can be changed about a run while it goes on."""

    def tunables(self) -> Mapping[str, Any]:
        """The numbers that `set` may change, and their values."""

    def tune(self, key: str, value: float) -> None:
        """Change one of them, from the next step on; raises KeyError or ValueError."""

    def patch(self, at: str, changes: Mapping[str, Any]) -> Mapping[str, Any]:
        """Change several settings of one place, all or none; returns what they were.

        Raises:
            KeyError: there is no such place, or no such setting.
            ValueError: a value is out of bounds.
        """

    def checkpoint(self) -> tuple[str, dict[str, Any]]:
        """Make a checkpoint; returns the event that says so. Raises ValueError where there are none."""


class Answers(Protocol):
    """Where events go: a recorder."""

    def event(self, step: int, kind: str, arm: str | None = None, **data: Any) -> None:
        """Record that something happened."""

    def poll(self) -> None:
        """Write out what is due."""

    def flush(self) -> None:
        """Write out everything."""


class Peers(Protocol):
    """The processes that are steered together; see `tuilab.experiments.world.World`."""

    @property
    def leader(self) -> bool:
        """Whether this is the process that reads what people ask."""

    def broadcast(self, value: Any) -> Any:
        """What the leader says."""

    def gather_first(self, text: str) -> str:
        """The first text that is not empty."""

    def any(self, wants: bool) -> bool:
        """Whether any process wants it."""


class Alone:
    """One process, its own leader."""

    leader = True

    def broadcast(self, value: Any) -> Any:
        """What it says itself."""
        return value

    def gather_first(self, text: str) -> str:
        """Its own."""
        return text

    def any(self, wants: bool) -> bool:
        """Whether it does."""
        return wants


class Steering:
    """Reads a run's control file and does what is asked.

    Several processes are steered together and stay in step: the first one reads the commands and keeps the
    pace; any may be asked to stop.

    Args:
        path: the control file.
        steered: what can be changed.
        say: told how the run is from now on.
        pace: steps a second; None for as fast as they come.
        told: told what is waited for.
        peers: the processes.
        refuses: why nothing at all is obeyed; "" where it is.
        scheduled: commands that are obeyed after certain steps, as somebody once gave them, in their order.
    """

    def __init__(
        self,
        path: Path,
        steered: Steered,
        say: Callable[[State], None],
        *,
        pace: float | None = None,
        told: Callable[[str], None] = lambda waiting: None,
        peers: Peers | None = None,
        refuses: str = "",
        scheduled: Sequence[tuple[int, Command]] = (),
    ) -> None:
        self.asked = ""
        """Why this process was asked to stop; a signal may set it at any time."""
        self.ending: dict[str, Any] = {}
        """What is to be said of the end once all processes know: why the run stops, and by which command."""
        self.rested = 0.0
        """Seconds that went into waiting."""
        self._steered, self._say, self._told = steered, say, told
        self._peers: Peers = peers or Alone()
        self._refuses = refuses
        self._control = ControlFile(path)
        self._unheeded: deque[Command] = deque()
        """Commands that were read while nothing could be done about them, or whose time has come."""
        self._scheduled = deque(scheduled)
        self._until: tuple[Condition, Command] | None = None
        self._pace = pace
        self._paused = self._without_room = False
        self._steps_granted = 0
        self._looked = 0.0
        self._due = time.monotonic()

    @property
    def state(self) -> State:
        """PAUSED or RUNNING."""
        return State.PAUSED if self._paused else State.RUNNING

    def between_steps(
        self, answers: Answers, step: int, figures: Mapping[str, float] = MappingProxyType({})
    ) -> bool:
        """Obey, and rest until the next step is due and nobody holds it back; False once it is to end.

        Args:
            answers: where events go.
            step: the last one.
            figures: what was measured of it, which a run may be to go on until.
        """
        if self._without_room:
            self._without_room = False
            self._say(self.state)
        now = time.monotonic()
        self._due = max(self._due + 1 / self._pace, now) if self._pace else 0.0
        self._come_due(step, figures)
        idle = not self._paused and not self._due and not self._unheeded
        quick = idle and now - self._looked < _LOOK
        if not self._peers.any(bool(self.asked) or (self._peers.leader and not quick)):
            return True
        while not (reason := self._peers.gather_first(self.asked)):
            self._looked = time.monotonic()
            answers.poll()
            for command in self._peers.broadcast([*self._unheeded, *self._control.read()]):
                self._obey(command, answers, step)
            self._unheeded.clear()
            if self.ending:
                return False
            if self._paused and self._steps_granted:
                self._steps_granted -= 1
                return True
            wait = self._peers.broadcast(_REST if self._paused else min(self._due - time.monotonic(), _REST))
            if wait <= 0:
                return True
            answers.flush()
            if self._paused:
                self._told("paused")
            self._rest(wait)
        self.ending = {"reason": reason}
        return False

    def begin(self, answers: Answers, step: int) -> bool:
        """Before the first step: obey what is scheduled for the step that the run goes on from."""
        due = self._peers.any(bool(self._scheduled) and self._scheduled[0][0] <= step)
        return self.between_steps(answers, step) if due else True

    def _come_due(self, step: int, figures: Mapping[str, float]) -> None:
        """What is to be done after this step, without anybody asking for it now."""
        while self._scheduled and self._scheduled[0][0] <= step:
            self._unheeded.append(self._scheduled.popleft()[1])
        if self._until is not None and self._until[0](step, figures):
            self._unheeded.append(self._until[1])
            self._until = None

    def wait_for_room(self) -> bool:
        """Rest while the disk is full; False once somebody wants the run stopped."""
        self._told("the disk is full: waiting for room")
        if not self._without_room:
            self._without_room = True
            self._say(State.DISK_FULL)
        for command in self._control.read():
            if command.get("do") == "stop":
                self.asked = "asked to"
            self._unheeded.append(command)
        self._rest(_REST)
        return not self.asked

    def close(self, answers: Answers, step: int) -> None:
        """Refuse what comes too late, and let go of the control file."""
        for command in [*self._unheeded, *self._control.read()]:
            answers.event(step, "refused", **_refusal(command, "the run is at its end"))
        self._unheeded.clear()
        self._control.close()

    def _obey(self, command: Command, answers: Answers, step: int) -> None:
        """Do it, and answer with an event that carries its id."""
        try:
            kind, data = self._done(command)
        except (KeyError, ValueError) as error:
            why = str(error.args[0]) if error.args else type(error).__name__
            kind, data = "refused", _refusal(command, why)
        if kind:
            answers.event(step, kind, **({"id": command["id"]} | data))

    def _done(self, command: Command) -> tuple[str, dict[str, Any]]:
        """Do what is asked; returns the kind and the data of the answer, no kind when it is given at the end.

        Raises:
            KeyError, ValueError: it can't be done, with why.
        """
        _check(not self._refuses, self._refuses)
        match command:
            case {"why": why}:
                raise ValueError(why)
            case {"do": "pause"}:
                _check(not self._paused, "it is paused already")
                self._paused, self._until = True, None
                self._say(State.PAUSED)
                return "paused", {"because": command["because"]} if "because" in command else {}
            case {"do": "resume"}:
                _check(self._paused, "it is not paused")
                self._paused, self._steps_granted = False, 0
                self._say(State.RUNNING)
                return "resumed", {}
            case {"do": "step"}:
                _check(self._paused, "it is not paused")
                self._steps_granted += 1
                return "stepped", {}
            case {"do": "pace", "value": value}:
                fits = value is None or 0 < value <= _FASTEST
                _check(fits, "pace wants a number of steps a second above 0, or null for as fast as it can")
                self._pace = value
                return "pace", {"steps_per_second": value}
            case {"do": "set", "key": key, "value": value}:
                was = self._steered.tunables().get(key)
                self._steered.tune(key, value)
                return "set", {"key": key, "value": value, "was": was}
            case {"do": "patch", "at": at, "with": changes}:
                return "patched", {"at": at, "with": changes, "was": self._steered.patch(at, changes)}
            case {"do": "until", "condition": text}:
                self._until = condition(text), {"id": command["id"], "do": "pause", "because": text}
                return "until", {"condition": text}
            case {"do": "checkpoint"}:
                return self._steered.checkpoint()
            case {"do": "stop"}:
                _check(not self.ending, "it is stopping already")
                self.asked = "asked to"
                self.ending = {"reason": self.asked, "id": command["id"]}
                return "", {}
            case _:
                raise ValueError("no such command")

    def _rest(self, seconds: float) -> None:
        """Sleep, and keep it out of the run's own time."""
        began = time.perf_counter()
        time.sleep(seconds)
        self.rested += time.perf_counter() - began


def _check(fits: bool, why: str) -> None:
    if not fits:
        raise ValueError(why)


def _refusal(command: Command, why: str) -> dict[str, Any]:
    """The answer to what can't be done: what it was, and why not."""
    words = [str(value) for key, value in command.items() if key != "id"]
    return {"id": command["id"], "command": command.get("command", " ".join(words))[:200], "why": why[:500]}

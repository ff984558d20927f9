"""The engine's one loop: take the next observation, write it, obey the control file, checkpoint when due."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import closing
from typing import Any

from tuilab.engine import checkpoints
from tuilab.engine.heartbeat import Heartbeat
from tuilab.engine.recorder import Recorder
from tuilab.experiments import ALONE, Experiment, World
from tuilab.runs import Command, ControlFile, Run, State

_LOOK = 0.02
"""Seconds between two looks at the control file while steps are quick."""
_REST = 0.05
"""Seconds of sleep while paused or waiting for room."""
CHECKPOINT_EVERY = 60.0
"""Seconds between two checkpoints, unless the run's options say otherwise."""
_FASTEST = 1e6
"""Steps a second that make sense as a pace."""


class Loop:
    """Runs an experiment step by step; a command takes effect between two steps and is answered by an event.

    Several processes run it together in step: the first one reads the commands, keeps the pace and makes the
    checkpoints; any may be asked to stop.

    Args:
        run: the run's folder.
        experiment: what to run.
        on_step: told about every step.
        heartbeat: told how the run is.
        step: the last step that was observed before.
        seconds: the time that was spent before.
        world: the processes that run it together.
    """

    def __init__(
        self,
        run: Run,
        experiment: Experiment,
        on_step: Callable[[int, int, str], None],
        heartbeat: Heartbeat,
        step: int = 0,
        seconds: float = 0.0,
        world: World = ALONE,
    ) -> None:
        self.step = step
        self.asked = ""
        """Why this process was asked to stop; a signal may set it at any time."""
        self.ending: dict[str, Any] = {}
        """What is to be said of the end once all processes know: why the run stops, and by which command."""
        self._world = world
        self._run = run
        self._experiment = experiment
        self._pace: float | None = run.options.get("pace")
        kept = run.scenario.get("checkpoints", True)
        self._checkpoint_every = run.options.get("checkpoint", CHECKPOINT_EVERY) if kept else 0
        self._saved = time.monotonic()
        self._on_step = on_step
        self._heartbeat = heartbeat
        self._control = ControlFile(run.path / "control")
        self._unheeded: deque[Command] = deque()
        """Commands that were read while nothing could be done about them."""
        self._paused = self._without_room = False
        self._steps_granted = 0
        self._looked = 0.0
        self._seconds = seconds
        self._rested = -seconds

    def run(self, recorder: Recorder) -> State:
        """Until the last step or a wish to stop; returns FINISHED or STOPPED."""
        with closing(self._control):
            self._take_steps(recorder)
            for command in [*self._unheeded, *self._control.read()]:
                recorder.event(self.step, "refused", **_refusal(command, "the run is at its end"))
        if self._checkpoint_every:
            self._save(recorder)
        stopped = "reason" in self.ending and self.step < self._experiment.steps
        return State.STOPPED if stopped else State.FINISHED

    def wait_for_room(self) -> bool:
        """Rest while the disk is full; False once somebody wants the run stopped."""
        self._on_step(self.step, self._experiment.steps, "the disk is full: waiting for room")
        if not self._without_room:
            self._without_room = True
            self._heartbeat.say(State.DISK_FULL)
        for command in self._control.read():
            if command.get("do") == "stop":
                self.asked = "asked to"
            self._unheeded.append(command)
        self._rest(_REST)
        return not self.asked

    def _take_steps(self, recorder: Recorder) -> None:
        began = time.perf_counter()
        due = time.monotonic()
        for observation in self._experiment:
            self.step = observation.step
            self._seconds = time.perf_counter() - began - self._rested
            recorder.observation(observation, self._seconds)
            self._heartbeat.note(observation)
            self._on_step(self.step, self._experiment.steps, "")
            if self._checkpoint_every and time.monotonic() - self._saved > self._checkpoint_every:
                self._save(recorder)
            if self._without_room:
                self._without_room = False
                self._heartbeat.say(State.PAUSED if self._paused else State.RUNNING)
            if self.step >= self._experiment.steps:
                return
            due = max(due + 1 / self._pace, time.monotonic()) if self._pace else 0.0
            self._between_steps(recorder, due)
            if self.ending:
                return

    def _between_steps(self, recorder: Recorder, due: float) -> None:
        """Obey, and rest until the next step is due and nobody holds it back."""
        quick = not self._paused and not due and time.monotonic() - self._looked < _LOOK
        if not self._world.any(bool(self.asked) or (self._world.leader and not quick)):
            return
        while not (reason := self._world.gather_first(self.asked)):
            self._looked = time.monotonic()
            recorder.poll()
            for command in self._world.broadcast([*self._unheeded, *self._control.read()]):
                self._obey(command, recorder)
            self._unheeded.clear()
            if self.ending:
                return
            if self._paused and self._steps_granted:
                self._steps_granted -= 1
                return
            wait = self._world.broadcast(_REST if self._paused else min(due - time.monotonic(), _REST))
            if wait <= 0:
                return
            recorder.flush()
            if self._paused:
                self._on_step(self.step, self._experiment.steps, "paused")
            self._rest(wait)
        self.ending = {"reason": reason}

    def _obey(self, command: Command, recorder: Recorder) -> None:
        """Do it, and answer with an event that carries its id."""
        try:
            kind, data = self._done(command, recorder)
        except (KeyError, ValueError) as error:
            why = str(error.args[0]) if error.args else type(error).__name__
            kind, data = "refused", _refusal(command, why)
        if kind:
            recorder.event(self.step, kind, **({"id": command["id"]} | data))

    def _done(self, command: Command, recorder: Recorder) -> tuple[str, dict[str, Any]]:
        """Do what is asked; returns the kind and the data of the answer, no kind when it is given at the end.

        Raises:
            KeyError, ValueError: it can't be done, with why.
        """
        match command:
            case {"why": why}:
                raise ValueError(why)
            case {"do": "pause"}:
                _check(not self._paused, "it is paused already")
                self._paused = True
                self._heartbeat.say(State.PAUSED)
                return "paused", {}
            case {"do": "resume"}:
                _check(self._paused, "it is not paused")
                self._paused, self._steps_granted = False, 0
                self._heartbeat.say(State.RUNNING)
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
                was = self._experiment.tunables().get(key)
                self._experiment.tune(key, value)
                return "set", {"key": key, "value": value, "was": was}
            case {"do": "checkpoint"}:
                return self._saved_now(recorder)
            case {"do": "stop"}:
                _check(not self.ending, "it is stopping already")
                self.asked = "asked to"
                self.ending = {"reason": self.asked, "id": command["id"]}
                return "", {}
            case _:
                raise ValueError("no such command")

    def _save(self, recorder: Recorder) -> None:
        """Make a checkpoint, and say so."""
        kind, data = self._saved_now(recorder)
        if kind:
            recorder.event(self.step, kind, **data)

    def _saved_now(self, recorder: Recorder) -> tuple[str, dict[str, Any]]:
        """Make a checkpoint; returns the event that says so. Where it can't be written the run goes on."""
        if not self._world.leader:
            return "", {}
        began = time.perf_counter()
        # Before the checkpoint: what it goes on from has to be there when it is.
        recorder.sync()
        facts = {"file": recorder.file, "events": recorder.events, "seconds": self._seconds}
        try:
            checkpoints.save(self._run.path / "checkpoints", self._experiment, self.step, facts)
        except OSError as error:
            return "checkpoint-failed", {"why": error.strerror or str(error)}
        finally:
            self._saved = time.monotonic()
            self._rested += time.perf_counter() - began
        return "checkpoint", {}

    def _rest(self, seconds: float) -> None:
        """Sleep, and keep it out of the run's own time."""
        began = time.perf_counter()
        time.sleep(seconds)
        self._rested += time.perf_counter() - began


def _check(fits: bool, why: str) -> None:
    if not fits:
        raise ValueError(why)


def _refusal(command: Command, why: str) -> dict[str, Any]:
    """The answer to what can't be done: what it was, and why not."""
    words = [str(value) for key, value in command.items() if key != "id"]
    return {"id": command["id"], "command": command.get("command", " ".join(words))[:200], "why": why[:500]}

"""The engine's one loop: take the next observation, write it, obey the control file, checkpoint when due."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress

from tuilab.engine import checkpoints
from tuilab.engine.recorder import Recorder
from tuilab.experiments import ALONE, Experiment, World
from tuilab.runs import ControlFile, Run, State

_LOOK = 0.02
"""Seconds between two looks at the control file while steps are quick."""
_REST = 0.05
"""Seconds of sleep while paused or waiting for room."""
_HEARTBEAT = 5.0
CHECKPOINT_EVERY = 60.0
"""Seconds between two checkpoints, unless the run's options say otherwise."""


class Loop:
    """Runs an experiment step by step; commands take effect between two steps and are recorded as events.

    Several processes run it together in step: the first one reads the commands, keeps the pace and makes the
    checkpoints; any may be asked to stop.

    Args:
        run: the run's folder.
        experiment: what to run.
        on_step: told about every step.
        resumed: whether another engine went before.
        step: the last step that was observed before.
        seconds: the time that was spent before.
        world: the processes that run it together.
    """

    def __init__(
        self,
        run: Run,
        experiment: Experiment,
        on_step: Callable[[int, int, str], None],
        *,
        resumed: bool = False,
        step: int = 0,
        seconds: float = 0.0,
        world: World = ALONE,
    ) -> None:
        self.step = step
        self.asked = ""
        """Why this process was asked to stop; a signal may set it at any time."""
        self.stop_reason = ""
        """Why the run stops, once all processes know."""
        self._world = world
        self._run = run
        self._experiment = experiment
        options = run.facts.get("options", {})
        self._pace: float | None = options.get("pace")
        kept = run.scenario.get("checkpoints", True)
        self._checkpoint_every = options.get("checkpoint", CHECKPOINT_EVERY) if kept else 0
        self._saved = time.monotonic()
        self._on_step = on_step
        # What was asked of an engine that is gone was obeyed, or died with it.
        self._control = ControlFile(run.path / "control", fresh=resumed)
        self._paused = False
        self._steps_granted = 0
        self._looked = self._beat = 0.0
        self._rested = -seconds

    def run(self, recorder: Recorder) -> State:
        """Until the last step or a wish to stop; returns FINISHED or STOPPED."""
        began = time.perf_counter()
        due = time.monotonic()
        for observation in self._experiment:
            self.step = observation.step
            recorder.observation(observation, time.perf_counter() - began - self._rested)
            self._on_step(self.step, self._experiment.steps, "")
            if self._checkpoint_every and time.monotonic() - self._saved > self._checkpoint_every:
                self._save(recorder)
            if self.step >= self._experiment.steps:
                break
            due = max(due + 1 / self._pace, time.monotonic()) if self._pace else 0.0
            self._between_steps(recorder, due)
            if self.stop_reason:
                break
        if self._checkpoint_every:
            self._save(recorder)
        return State.STOPPED if self.stop_reason and self.step < self._experiment.steps else State.FINISHED

    def wait_for_room(self) -> bool:
        """Rest while the disk is full; False once somebody wants the run stopped."""
        self._on_step(self.step, self._experiment.steps, "the disk is full: waiting for room")
        self._heartbeat()
        for words in self._control.read():
            if words == ["stop"]:
                self.asked = "asked to"
        self._rest(_REST)
        return not self.asked

    def _between_steps(self, recorder: Recorder, due: float) -> None:
        """Obey, and rest until the next step is due and nobody holds it back."""
        quick = not self._paused and not due and time.monotonic() - self._looked < _LOOK
        if not self._world.any(bool(self.asked) or (self._world.leader and not quick)):
            return
        while not (reason := self._world.gather_first(self.asked)):
            self._looked = time.monotonic()
            self._heartbeat()
            recorder.poll()
            for words in self._world.broadcast(self._control.read()):
                self._obey(words, recorder)
            if self.stop_reason:
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
        self.stop_reason = reason

    def _obey(self, words: list[str], recorder: Recorder) -> None:
        try:
            match words:
                case ["pause"]:
                    if not self._paused:
                        recorder.event(self.step, "paused")
                    self._paused = True
                case ["resume"]:
                    if self._paused:
                        recorder.event(self.step, "resumed")
                    self._paused, self._steps_granted = False, 0
                case ["step"]:
                    if self._paused:
                        self._steps_granted += 1
                        recorder.event(self.step, "stepped")
                case ["pace", number]:
                    self._pace = _positive_or_none(number)
                    recorder.event(self.step, "pace", steps_per_second=self._pace)
                case ["set", key, number]:
                    was = self._experiment.tunables().get(key)
                    self._experiment.tune(key, float(number))
                    recorder.event(self.step, "set", key=key, value=float(number), was=was)
                case ["checkpoint"]:
                    self._save(recorder)
                case ["stop"]:
                    self.stop_reason = self.asked = "asked to"
                case _:
                    raise ValueError("no such command")
        except (KeyError, ValueError) as error:
            why = str(error.args[0]) if error.args else type(error).__name__
            recorder.event(self.step, "refused", command=" ".join(words), why=why)

    def _save(self, recorder: Recorder) -> None:
        """Make a checkpoint; one that can't be written is an event, and the run goes on."""
        if not self._world.leader:
            return
        began = time.perf_counter()
        try:
            recorder.flush()
            checkpoints.save(self._run.path / "checkpoints", self._experiment, self.step, {})
            recorder.event(self.step, "checkpoint")
        except OSError as error:
            recorder.event(self.step, "checkpoint-failed", why=error.strerror or str(error))
        self._saved = time.monotonic()
        self._rested += time.perf_counter() - began

    def _rest(self, seconds: float) -> None:
        """Sleep, and keep it out of the run's own time."""
        began = time.perf_counter()
        time.sleep(seconds)
        self._rested += time.perf_counter() - began

    def _heartbeat(self) -> None:
        now = time.monotonic()
        if self._world.leader and now - self._beat > _HEARTBEAT:
            self._beat = now
            with suppress(OSError):
                os.utime(self._run.path / "engine.json")


def _positive_or_none(text: str) -> float | None:
    """`max` or a number of steps a second."""
    if text == "max":
        return None
    number = float(text)
    if not 0 < number <= 1e6:
        raise ValueError("pace wants a number of steps a second above 0, or max")
    return number

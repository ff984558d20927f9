"""The engine's one loop: take the next observation, write it, obey what is asked, checkpoint when due."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tuilab.engine import checkpoints
from tuilab.experiments import ALONE, Experiment, World
from tuilab.runs import Command, State
from tuilab.watching.session import Session
from tuilab.watching.steering import Steering

CHECKPOINT_EVERY = 60.0
"""Seconds between two checkpoints, unless the run's options say otherwise."""


class Loop:
    """Runs an experiment step by step; a command takes effect between two steps.

    Several processes run it together in step: the first one makes the checkpoints.

    Args:
        session: records it.
        experiment: what to run.
        on_step: told about every step.
        seconds: the time that was spent before.
        world: the processes that run it together.
        scheduled: see `Steering`.
        begun: whether the experiment was taken to a step already.
    """

    def __init__(
        self,
        session: Session,
        experiment: Experiment,
        on_step: Callable[[int, int, str], None],
        seconds: float = 0.0,
        world: World = ALONE,
        scheduled: Sequence[tuple[int, Command]] = (),
        begun: bool = False,
    ) -> None:
        run = session.run
        self._session, self._experiment, self._world = session, experiment, world
        self._on_step = on_step
        kept = run.scenario.get("checkpoints", True)
        self._checkpoint_every = run.options.get("checkpoint", CHECKPOINT_EVERY) if kept else 0
        self._saved = time.monotonic()
        self._seconds = seconds
        self._before = seconds
        self._begun = begun
        self._saving = 0.0
        self.steering = Steering(
            run.path / "control",
            self,
            session.heartbeat.say,
            pace=run.options.get("pace"),
            told=lambda waiting: on_step(session.step, experiment.steps, waiting),
            peers=world,
            scheduled=scheduled,
        )

    def run(self) -> State:
        """Until the last step or a wish to stop; returns FINISHED or STOPPED."""
        session = self._session
        self._take_steps()
        self.steering.close(session.recorder, session.step)
        if self._checkpoint_every:
            self._save()
        stopped = "reason" in self.steering.ending and session.step < self._experiment.steps
        return State.STOPPED if stopped else State.FINISHED

    def _take_steps(self) -> None:
        began, session = time.perf_counter(), self._session
        if self._begun and not self.steering.begin(session.recorder, session.step):
            return
        for observation in self._experiment:
            waited = self.steering.rested + self._saving
            self._seconds = self._before + time.perf_counter() - began - waited
            session.observe(observation, self._seconds)
            self._on_step(session.step, self._experiment.steps, "")
            if self._checkpoint_every and time.monotonic() - self._saved > self._checkpoint_every:
                self._save()
            if session.step >= self._experiment.steps:
                return
            if not self.steering.between_steps(session.recorder, session.step, observation.values):
                return

    def tunables(self) -> Mapping[str, float]:
        """See `Steered`."""
        return self._experiment.tunables()

    def tune(self, key: str, value: float) -> None:
        """See `Steered`."""
        self._experiment.tune(key, value)

    def patch(self, at: str, changes: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `Steered`: `at` is a place of the scenario, such as `arms.sgd.optimizer`."""
        return self._experiment.patch(at, changes)

    def checkpoint(self) -> tuple[str, dict[str, Any]]:
        """Make a checkpoint; returns the event that says so. Where it can't be written the run goes on."""
        if not self._world.leader:
            return "", {}
        began, recorder = time.perf_counter(), self._session.recorder
        # Before the checkpoint: what it goes on from has to be there when it is.
        recorder.sync()
        facts = {"file": recorder.file, "events": recorder.events, "seconds": self._seconds}
        folder = self._session.run.path / "checkpoints"
        try:
            checkpoints.save(folder, self._experiment, self._session.step, facts)
        except OSError as error:
            return "checkpoint-failed", {"why": error.strerror or str(error)}
        finally:
            self._saved = time.monotonic()
            self._saving += time.perf_counter() - began
        return "checkpoint", {}

    def _save(self) -> None:
        """Make a checkpoint, and say so."""
        kind, data = self.checkpoint()
        if kind:
            self._session.recorder.event(self._session.step, kind, **data)

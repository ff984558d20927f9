"""A sweep from where it stands to its end: asks for points, has them run, writes down what they came to."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import numpy as np

from tuilab import runs
from tuilab.recording import RecordingError
from tuilab.runs import Lock, Run, RunError, State
from tuilab.studies.board import Board
from tuilab.studies.journal import Trial
from tuilab.studies.search import Proposer, proposer
from tuilab.studies.study import StudyError
from tuilab.studies.sweep import LOCK, Sweep, series_in
from tuilab.studies.workers import Ended, Workers

_LOOK = 0.5
"""Seconds between two looks at trials that run."""
_TRIES = 3
"""How often a trial is begun whose worker is lost."""
_FEWEST = 3
"""Trials that have come further, before any is stopped for being worse."""
_POINTS = 1000
"""Points that are kept of an ended trial's course."""

Resolve = Callable[[Trial], dict[str, Any]]
"""The scenario of a trial as plain data."""


@dataclass(frozen=True)
class SweepProgress:
    """How far a sweep is.

    Attributes:
        told: Trials that are over.
        wanted: Trials in all.
        best: The best value so far.
        problems: What engines said went wrong, by the trial's number.
        halted: Whether somebody has stopped a trial, and so wanted no others begun.
    """

    told: int
    wanted: int
    best: float | None
    problems: dict[int, str]
    halted: bool = False


def conduct_sweep(
    sweep: Sweep,
    workers: Workers,
    resolve: Resolve,
    on_progress: Callable[[SweepProgress], None] = lambda progress: None,
) -> SweepProgress:
    """Bring every trial to its end; those that are over are left alone, those that were begun go on.

    Where somebody stops a trial no others are begun, and it is gone on with by another call.

    On Ctrl-C, SIGTERM and on errors the trials at work are asked to stop, which they do between two steps,
    and the exception goes on: another call goes on with the sweep.

    Raises:
        StudyError: the search needs a package that is not there, or somebody is at work on the sweep.
    """
    lock = Lock.acquire(sweep.path / LOCK)
    if lock is None:
        raise StudyError(f"{sweep.name}: another `tuilab` is at work on it")
    with lock:
        return _conduct(_Work(sweep, workers, resolve), workers, sweep.plan.early, on_progress)


def _conduct(
    work: _Work, workers: Workers, early: bool, on_progress: Callable[[SweepProgress], None]
) -> SweepProgress:
    try:
        while work.more:
            work.fill()
            for ended in workers.wait(_LOOK):
                work.end(ended)
            work.look_elsewhere()
            if early:
                work.stop_early()
            on_progress(work.progress())
    except BaseException:
        work.stop()
        raise
    finally:
        work.close()
    return work.progress()


class _Work:
    """What a coordinator keeps in mind; all of it can be found again in the folder."""

    def __init__(self, sweep: Sweep, workers: Workers, resolve: Resolve) -> None:
        self._sweep, self._workers, self._resolve = sweep, workers, resolve
        self._trials = {trial.number: trial for trial in sweep.trials()}
        self._left = [trial for trial in self._trials.values() if not trial.told]
        self._proposer: Proposer = proposer(sweep, list(self._trials.values()))
        self._running: dict[Run, Trial] = {}
        self._elsewhere: dict[Run, Trial] = {}
        """At which engines of a coordinator that was killed are still at work."""
        self._tries: dict[int, int] = {}
        self._problems: dict[int, str] = {}
        self._behind: set[int] = set()
        self._halted = False
        self._courses: dict[int, tuple[Any, Any]] = {}
        self._board = Board(sweep)

    @property
    def more(self) -> bool:
        if self._halted:
            return bool(self._running)
        waited_for = self._running or self._elsewhere or self._left
        return bool(waited_for) or len(self._trials) < self._sweep.wanted

    def fill(self) -> None:
        """Begin as many trials as there are workers for, those counted that others are still at."""
        while (
            not self._halted
            and self._workers.idle > len(self._elsewhere)
            and (trial := self._next()) is not None
        ):
            run = self._sweep.run(trial.number)
            there = (run.path / "run.json").is_file()
            if there and run.engine_lives():
                self._elsewhere[run] = trial
                continue
            if there and run.glance().state is State.FINISHED:
                self._tell(self._sweep.outcome(trial))
                continue
            if self._sweep.plan.program:
                if there:
                    runs.delete(run)  # a program begins anew, and makes its run itself
            elif not there:
                self._create(run, trial)
            self._running[run] = trial
            self._tries[trial.number] = self._tries.get(trial.number, 0) + 1
            self._workers.begin(run, bool(run.recordings()))

    def look_elsewhere(self) -> None:
        """Take back the trials that no engine is at any more: they are over, or are gone on with."""
        for run in [run for run in self._elsewhere if not run.engine_lives()]:
            self._left.insert(0, self._elsewhere.pop(run))

    def _next(self) -> Trial | None:
        """The next trial: first those that were begun before, then another one, which is written down."""
        if self._left:
            return self._left.pop(0)
        number = len(self._trials)
        if number >= self._sweep.wanted:
            return None
        trial = self._proposer.ask(number)
        self._sweep.journal.ask(trial)
        self._trials[number] = trial
        return trial

    def _create(self, run: Run, trial: Trial) -> None:
        run.discard()  # half of a folder, from a coordinator that was killed
        plan = self._sweep.plan
        scenario = self._resolve(trial)
        runs.create(self._sweep.path, plan.source, scenario, plan.options, run.name, plan.own)

    def end(self, ended: Ended) -> None:
        """A run is over, or its worker is lost."""
        trial = self._running.pop(ended.run)
        if ended.lost and self._tries[trial.number] < _TRIES:
            self._left.insert(0, trial)
            return
        if ended.problem:
            self._problems[trial.number] = ended.problem
        outcome = self._sweep.outcome(trial)
        if outcome.state == State.STOPPED and trial.number not in self._behind:
            self._halted = True
            return
        early = trial.number in self._behind and outcome.state != State.FINISHED
        self._tell(replace(outcome, early=early))

    def _tell(self, trial: Trial) -> None:
        self._sweep.journal.tell(trial)
        self._trials[trial.number] = trial
        self._proposer.tell(trial)
        self._board.show(trial)

    def stop_early(self) -> None:
        """Stop trials that are worse than the median of the others were at the same step.

        The median stopping rule: the best value until step s against the median of the means until s of the
        trials that came further (Golovin et al. 2017, "Google Vizier", section 3.2.2).
        """
        for run, trial in self._running.items():
            if trial.number in self._behind:
                continue
            steps, values = self._course(run)
            if not len(steps):
                continue
            others = [self._mean(each, int(steps[-1])) for each in self._trials.values() if each.told]
            means = [mean for mean in others if mean is not None]
            sign = -1.0 if self._sweep.plan.maximize else 1.0
            if len(means) >= _FEWEST and np.isfinite(values).any():
                best = sign * np.nanmin(np.where(np.isfinite(values), sign * values, np.nan))
                if sign * best > sign * median(means):
                    self._behind.add(trial.number)
                    run.send("stop")

    def _mean(self, trial: Trial, step: int) -> float | None:
        """The mean of an ended trial's values until a step; None if it did not come that far."""
        if trial.number not in self._courses:
            self._courses[trial.number] = _means(*self._course(self._sweep.run(trial.number)))
        steps, means = self._courses[trial.number]
        if not len(steps) or steps[-1] < step:
            return None
        place = int(np.searchsorted(steps, step, "right")) - 1
        return float(means[place]) if place >= 0 else None

    def _course(self, run: Run) -> tuple[Any, Any]:
        """The metric of a run as it was recorded so far."""
        plan = self._sweep.plan
        with contextlib.suppress(RunError, RecordingError, KeyError), run.open() as recording:
            return recording.read(series_in(recording, plan))
        return np.empty(0, np.int64), np.empty(0)

    def progress(self) -> SweepProgress:
        told = [trial for trial in self._trials.values() if trial.told]
        values = [trial.value for trial in told if trial.value is not None]
        best = (max if self._sweep.plan.maximize else min)(values, default=None)
        return SweepProgress(len(told), self._sweep.wanted, best, self._problems, self._halted)

    def stop(self) -> None:
        """Ask all that run to stop."""
        for run in [*self._running, *self._elsewhere]:
            with contextlib.suppress(RunError):
                run.send("stop")

    def close(self) -> None:
        self._workers.close()
        self._board.close()


def _means(steps: Any, values: Any) -> tuple[Any, Any]:
    """The means of the finite values until each of at most so many steps, the last of all among them."""
    finite = np.isfinite(values)
    steps, values = steps[finite], values[finite]
    means = np.cumsum(values) / np.arange(1, len(values) + 1)
    kept = np.unique(np.linspace(0, len(values) - 1, min(len(values), _POINTS)).astype(np.int64))
    return steps[kept], means[kept]

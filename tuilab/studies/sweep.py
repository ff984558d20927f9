"""A sweep: a folder with `sweep.json`, a journal, and trials that are ordinary runs with their parameters."""

from __future__ import annotations

import contextlib
import json
import math
import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import Any, Literal

from tuilab import runs
from tuilab.recording import Readable, Recording, RecordingError
from tuilab.runs import Run, RunError, State, told_by
from tuilab.runs.files import read_json
from tuilab.runs.files import replace as put
from tuilab.runs.lock import is_held
from tuilab.studies.journal import Journal, Trial
from tuilab.studies.space import Point, Space, SpaceError, shown
from tuilab.studies.study import StudyError

_NAME = "sweep.json"
BOARD = "board.tlr"
LOCK = "lock"
_MOST = 2**22
"""Bytes of it."""

Search = Literal["grid", "random", "tpe"]


@dataclass(frozen=True)
class Plan:
    """What a sweep is of.

    Attributes:
        source: The scenario's name.
        scenario: The resolved scenario that every point is laid over, as plain data.
        options: Of every run.
        over: The axes, `KEY=SPEC` each.
        search: How points are chosen.
        points: How many, of a search that draws.
        seeds: Runs a point.
        metric: What is compared, as METRIC or METRIC/LAYER.
        arm: Whose.
        maximize: Whether more of it is better.
        early: Whether trials are stopped that fall behind.
        own: Of every run, as `tuilab.runs.create` takes it.
        program: The user's program and its arguments that is run instead of a scenario; empty for one.
        created: Seconds since 1970; for display only.
    """

    source: str
    scenario: dict[str, Any]
    options: dict[str, Any]
    over: tuple[str, ...]
    search: Search
    points: int
    seeds: int
    metric: str
    arm: str
    maximize: bool
    early: bool
    own: dict[str, str]
    created: float
    program: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ranked:
    """A point with what its trials came to."""

    point: Point
    values: tuple[float, ...]
    trials: tuple[int, ...]
    failed: int
    """Trials that came to nothing: they diverged, or never had the metric."""

    @property
    def mean(self) -> float:
        """Of the values; NaN without any."""
        return fmean(self.values) if self.values else math.nan


@dataclass(frozen=True)
class Sweep:
    """The folder of a sweep."""

    path: Path

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @cached_property
    def plan(self) -> Plan:
        """What `sweep.json` says.

        Raises:
            StudyError: missing, unreadable or not a sweep's.
        """
        from pydantic import TypeAdapter

        try:
            found = TypeAdapter(Plan).validate_python(read_json(self.path / _NAME, _MOST))
            Space.parse(found.over)
            if found.seeds < 1 or found.points < 1:
                raise ValueError("seeds and points count from 1")
            return found
        except (OSError, ValueError, SpaceError) as error:
            why = error.strerror if isinstance(error, OSError) else " ".join(str(error).split())
            raise StudyError(f"{self.path}: not a sweep, its {_NAME} can't be read ({why})") from None

    @cached_property
    def space(self) -> Space:
        """Its axes."""
        return Space.parse(self.plan.over)

    @cached_property
    def _grid(self) -> list[Point]:
        return self.space.grid()

    @property
    def journal(self) -> Journal:
        """What was asked and told."""
        return Journal(self.path)

    @property
    def without_engine(self) -> str:
        """Always "": it can be gone on with."""
        return ""

    @property
    def busy(self) -> bool:
        """Whether somebody is at work on it."""
        return is_held(self.path / LOCK)

    def recordings(self) -> list[Path]:
        """What the lab shows of it: see `board`."""
        return [path for path in [self.path / BOARD] if path.is_file()]

    def open(self) -> Recording:
        """The sweep as a recording.

        Raises:
            StudyError: nothing is recorded yet.
            RecordingError: it can't be read.
        """
        paths = self.recordings()
        if not paths:
            raise StudyError(f"{self.name}: nothing is recorded yet; `tuilab resume` goes on with it")
        return Recording.open(paths)

    def state(self, recording: Readable | None = None) -> State:
        """How the sweep is: at work while somebody is, paused if all its engines are; else as it ended."""
        if self.busy:
            states = {run.glance().state for run in self._at_work()}
            return State.PAUSED if states == {State.PAUSED} else State.RUNNING
        told = State.STARTING if recording is None else told_by(recording.events())
        return State.STOPPED if told.alive else told

    def send(self, do: str, **arguments: Any) -> None:
        """Ask the engines of all trials at work, as `Run.send` does."""
        for run in self._at_work():
            run.send(do, **arguments)

    def _at_work(self) -> list[Run]:
        """The runs that engines are at now."""
        begun = [self.run(trial.number) for trial in self.trials() if not trial.told]
        return [run for run in begun if run.engine_lives()]

    def trials(self) -> list[Trial]:
        """Those that the journal tells of, in order; what cannot be a point of the space is left out."""
        return [trial for trial in self.journal.read() if self.space.holds(trial.point)]

    @property
    def wanted(self) -> int:
        """How many trials there are to be."""
        plan = self.plan
        points = (
            math.prod(len(axis.values) for axis in self.space.axes) if plan.search == "grid" else plan.points
        )
        return points * plan.seeds

    def trial(self, number: int) -> Trial:
        """The trial of a grid or of a random search with this number; a point's seeds follow each other."""
        plan = self.plan
        place, seed = divmod(number, plan.seeds)
        first = int(plan.scenario.get("seed", 0))
        point = self._grid[place] if plan.search == "grid" else self.space.draw(place, first)
        return Trial(number, point, first + seed)

    def run(self, number: int) -> Run:
        """The run of a trial, whether or not it is there yet; a program puts the time behind its name."""
        name = f"trial-{number:04d}"
        made = (
            sorted(path for path in self.path.glob(f"{name}-*") if path.is_dir()) if self.plan.program else []
        )
        return Run(made[-1] if made else self.path / name)

    def outcome(self, trial: Trial) -> Trial:
        """The trial with what its run came to: the last value of the metric, if it is finite."""
        run = self.run(trial.number)
        summary = run.glance()
        plan, value = self.plan, None
        with contextlib.suppress(RunError, RecordingError, KeyError), run.open() as recording:
            found = recording.at(series_in(recording, plan), recording.last_step)
            value = found if found is not None and math.isfinite(found) else None
        return replace(trial, told=True, value=value, state=str(summary.state), step=summary.step)

    def ranked(self, trials: Iterable[Trial] | None = None) -> list[Ranked]:
        """The points whose trials are over, the best first, those without any value last.

        Args:
            trials: those of the journal, where the caller has read it.
        """
        by_point: dict[tuple[str, ...], list[Trial]] = {}
        for trial in self.trials() if trials is None else trials:
            if trial.told:
                point = tuple(shown(trial.point[key]) for key in self.space.keys)
                by_point.setdefault(point, []).append(trial)
        found = [
            Ranked(
                trials[0].point,
                tuple(trial.value for trial in trials if trial.value is not None),
                tuple(trial.number for trial in trials),
                sum(trial.value is None for trial in trials),
            )
            for trials in by_point.values()
        ]
        sign = -1 if self.plan.maximize else 1
        # A point of which one seed diverged is not to be trusted, whatever its other seeds say.
        return sorted(
            found,
            key=lambda each: (bool(each.failed), not each.values, sign * each.mean if each.values else 0),
        )

    def importance(self, trials: Iterable[Trial] | None = None) -> dict[str, float]:
        """For each parameter the share of the variance of the ranks that it explains by itself, 0 to 1.

        The correlation ratio η² of the ranks (Kruskal and Wallis 1952): the variance of their means over the
        parameter's values, of all variance. Ranks, since of two settings that diverged one may have come to
        1e10 and the other to 1e300. Ranges of a search that draws are cut into as many equal parts as the
        root of the number of points. NaN while there are fewer than three values, or all are the same.
        `trials` as `ranked` takes them.
        """
        ranked = [each for each in self.ranked(trials) if each.values]
        order = sorted(each.mean for each in ranked)
        values = [(bisect_left(order, each.mean) + bisect_right(order, each.mean)) / 2 for each in ranked]
        mean = fmean(values) if values else 0.0
        total = sum((value - mean) ** 2 for value in values)
        if len(values) < 3 or not total > 0:
            return dict.fromkeys(self.space.keys, math.nan)
        parts = max(round(math.sqrt(len(values))), 2)
        found = {}
        for axis in self.space.axes:
            groups: dict[object, list[float]] = {}
            for each, value in zip(ranked, values, strict=True):
                at = each.point[axis.key]
                drawn = axis.ends is not None and self.plan.search != "grid"
                place = min(int(axis.share(at) * parts), parts - 1) if drawn else shown(at)
                groups.setdefault(place, []).append(value)
            between = sum(len(group) * (fmean(group) - mean) ** 2 for group in groups.values())
            found[axis.key] = min(between / total, 1.0)
        return found


def create(root: Path, plan: Plan, name: str | None = None) -> Sweep:
    """A new sweep's folder.

    Args:
        root: the folder of runs, where sweeps lie too; made when missing.
        plan: what it is of.
        name: the folder's name; without one, the scenario's name and the time.

    Raises:
        RunError: the name is taken or unfit, or the folder can't be made.
        StudyError: it can't be written.
    """
    path = runs.new_folder(root, f"{plan.source}-sweep", name)
    try:
        put(path / _NAME, json.dumps(asdict(replace(plan, created=time.time())), indent=1).encode())
    except OSError as error:
        with contextlib.suppress(OSError):
            path.rmdir()
        raise StudyError(f"{path}: can't write there ({error.strerror}); choose another --runs") from None
    return Sweep(path)


def series_in(recording: Readable, plan: Plan) -> str:
    """The series that is compared; of a program, whose arms are its own, the first one of this metric.

    Raises:
        KeyError: there is none.
    """
    if not plan.program:
        return f"{plan.arm}/{plan.metric}"
    found = recording.series(f"*/{plan.metric}")
    if not found:
        raise KeyError(plan.metric)
    return found[0]


def find_sweep(root: Path, name: str) -> Sweep | None:
    """The sweep of that name or path, None where there is none."""
    for path in (root / name, Path(name)):
        with contextlib.suppress(PermissionError):
            if (path / _NAME).is_file():
                return Sweep(path)
    return None

"""Engines killed at random moments and resumed: what was flushed stays, and history comes out the same."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.campaign.history import History, differences, history
from tests.campaign.nursery import Nursery, nursery
from tests.campaign.subjects import SUBJECTS, Subject
from tuilab.recording import RecordingError
from tuilab.runs import Run, RunError, State

MOST = 6
"""Kills that one run meets before it is left alone to finish."""


@dataclass
class Kills:
    """What the campaign found."""

    kills: int = 0
    runs: int = 0
    resumed: int = 0
    """Times that an engine went on from a checkpoint, and not from the start."""
    values: int = 0
    """Values seen by a reader just before a kill."""
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def kill(
    root: Path,
    wanted: int,
    seed: int,
    subjects: tuple[Subject, ...] = SUBJECTS,
    progress: Callable[[int], None] = lambda count: None,
) -> Kills:
    """Kill engines `wanted` times over all subjects, with and without checkpoints."""
    found, draw = Kills(), random.Random(seed)
    order = draw.sample(subjects, len(subjects))
    references: dict[Subject, tuple[History, float]] = {}
    with nursery() as engines:
        while found.kills < wanted:
            subject = order[found.runs % len(order)]
            if subject not in references:
                references[subject] = _reference(root, subject, engines)
            checkpoint = draw.choice((0, 0.02, 0.1, 0.5))
            run = subject.prepare(root, f"{subject.name}-{found.runs}", checkpoint)
            _one(
                run,
                engines,
                references[subject],
                draw,
                min(draw.randint(1, MOST), wanted - found.kills),
                found,
            )
            found.runs += 1
            progress(found.kills)
    return found


def _reference(root: Path, subject: Subject, engines: Nursery) -> tuple[History, float]:
    """The uninterrupted run's history, and the seconds that it took."""
    run = subject.prepare(root, f"{subject.name}-reference", 0)
    began = time.monotonic()
    engines.start(run, resume=False)
    assert engines.wait() == 0, f"{subject.name} does not even run undisturbed"
    with run.open() as recording:
        return history(recording), time.monotonic() - began


def _one(
    run: Run,
    engines: Nursery,
    reference: tuple[History, float],
    draw: random.Random,
    kills: int,
    found: Kills,
) -> None:
    wanted, seconds = reference
    for attempt in range(kills):
        engines.start(run, resume=attempt > 0)
        time.sleep(draw.uniform(0, 1.1 * seconds))
        files, before = run.recordings(), _flushed(run)
        code = engines.kill()
        found.kills += 1
        if run.recordings() != files:  # an engine that began in between goes on from before what was seen
            before = {}
        after = _flushed(run)
        found.values += sum(len(values) for _, values in before.values())
        found.lost += [
            f"{run.name}: {name} up to step {steps[-1]} is gone after kill {attempt + 1}"
            for name, (steps, values) in before.items()
            if not _holds(after.get(name), steps, values)
        ]
        if code == 0:
            break
        if (state := run.state()) is not State.DIED:
            found.wrong.append(f"{run.name}: killed, and {state}")
    if run.state() is not State.FINISHED:
        engines.start(run, resume=True)
        if engines.wait() != 0:
            found.wrong.append(f"{run.name}: could not be resumed")
            return
    with run.open() as recording:
        said = differences(wanted, history(recording))
        found.resumed += sum(event.kind == "resumed-from" and event.step > 0 for event in recording.events())
    if said:
        found.wrong.append(f"{run.name}: {'; '.join(said[:3])}")


Flushed = dict[str, tuple[list[int], "np.ndarray[tuple[int], np.dtype[np.float64]]"]]


def _flushed(run: Run) -> Flushed:
    """What a reader sees now, where there is something to read."""
    try:
        with run.open() as recording:
            read = {name: recording.read(name) for name in recording.series()}
    except (RunError, RecordingError):
        return {}
    return {name: (steps.tolist(), values) for name, (steps, values) in read.items() if len(steps)}


def _holds(after: tuple[list[int], object] | None, steps: list[int], values: object) -> bool:
    """Whether what was seen is still there, followed by no more than later rows."""
    if after is None:
        return False
    count = len(steps)
    return after[0][:count] == steps and np.array_equal(after[1][:count], values, equal_nan=True)  # type: ignore[index,arg-type]

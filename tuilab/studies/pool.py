"""Engines side by side, working through the trials of a study."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tuilab.recording import RecordingError
from tuilab.runs import Run, RunError, State, launch
from tuilab.runs.launch import last_words
from tuilab.studies.study import Study

_LOOK = 0.1
"""Seconds between two looks at the engines."""


@dataclass
class Progress:
    """How far a study is."""

    done: int = 0
    """Steps, of all trials."""
    steps: int = 0
    """Steps in all, as far as it is known."""
    states: dict[int, State] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    """What the engines said of trials that could not be run."""


def conduct(
    study: Study, side_by_side: int, on_progress: Callable[[Progress], None] = lambda progress: None
) -> Progress:
    """Bring every trial to its end, so many at a time; those that are finished are left alone.

    A trial that was begun goes on from its newest checkpoint. On Ctrl-C the engines are asked to stop, which
    they do between two steps, and KeyboardInterrupt goes on: calling this again goes on with the study.

    Args:
        study: with its trials.
        side_by_side: how many engines at a time, at least 1.
        on_progress: told about every look.
    """
    progress = Progress()
    waiting = [seed for seed, state in study.states().items() if state is not State.FINISHED]
    trials = study.trials
    running: dict[int, subprocess.Popen[bytes]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < side_by_side:
                seed = waiting.pop(0)
                running[seed] = launch(trials[seed], resume=bool(trials[seed].recordings()))
            time.sleep(_LOOK)
            for seed, engine in list(running.items()):
                if engine.poll() is not None:
                    del running[seed]
                    if engine.returncode:
                        progress.failed[seed] = last_words(trials[seed])
            _look(study, progress)
            on_progress(progress)
    except KeyboardInterrupt:
        for seed in running:
            trials[seed].send("stop")
        for engine in running.values():
            engine.wait()
        raise
    return progress


def _look(study: Study, progress: Progress) -> None:
    counts = [_steps(run) for run in study.trials.values()]
    known = [steps for _, steps in counts if steps]
    progress.done = sum(done for done, _ in counts)
    progress.steps = sum(known) * len(counts) // len(known) if known else 0
    progress.states = study.states()


def _steps(run: Run) -> tuple[int, int]:
    """The last step recorded, and the last step there will be; zeros while there is nothing."""
    try:
        with run.open() as recording:
            steps = recording.header.get("steps")
            return max(recording.last_step, 0), steps if isinstance(steps, int) else 0
    except (RunError, RecordingError):
        return 0, 0

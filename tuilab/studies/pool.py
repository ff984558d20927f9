"""Engines side by side, working through the trials of a study."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tuilab.runs import State, launch
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
    study: Study,
    side_by_side: int,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    trust: bool = False,
) -> Progress:
    """Bring every trial to its end, so many at a time; those that are finished are left alone.

    A trial that was begun goes on from its newest checkpoint. On Ctrl-C, SIGTERM and when an engine can't be
    started those at work are asked to stop, which they do between two steps, and the exception goes on:
    another call goes on with the study.

    Args:
        study: with its trials.
        side_by_side: how many engines at a time, at least 1.
        on_progress: told about every look.
        trust: let the engines run the code of own parts that the scenario names.
    """
    progress = Progress()
    waiting = [seed for seed, found in study.glances().items() if found.state is not State.FINISHED]
    trials = study.trials
    running: dict[int, subprocess.Popen[bytes]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < side_by_side:
                seed = waiting.pop(0)
                running[seed] = launch(trials[seed], bool(trials[seed].recordings()), trust)
            time.sleep(_LOOK)
            for seed, engine in list(running.items()):
                if engine.poll() is not None:
                    del running[seed]
                    if engine.returncode:
                        progress.failed[seed] = trials[seed].last_words()
                    elif trials[seed].state() is State.STOPPED:
                        waiting.clear()  # somebody has stopped it, and wants no others begun
            _look(study, progress)
            on_progress(progress)
    except BaseException:
        for seed in running:
            trials[seed].send("stop")
        for engine in running.values():
            engine.wait()
        raise
    return progress


def _look(study: Study, progress: Progress) -> None:
    seen = study.glances()
    known = [found.steps for found in seen.values() if found.steps]
    progress.done = sum(max(found.step, 0) for found in seen.values())
    progress.steps = sum(known) * len(seen) // len(known) if known else 0
    progress.states = {seed: found.state for seed, found in seen.items()}

"""SIGKILL at random moments: everything that was flushed is there, and no future that did not come."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from tests.engine.conftest import Prepare
from tests.engine.history import as_read, history
from tuilab.engine import conduct
from tuilab.runs import Run, State

# Importing torch takes seconds, so one process imports it once and forks an engine for each run it is told.
NURSERY = """
import os, sys
from pathlib import Path
from tuilab.engine import conduct
from tuilab.runs import Run
print("ready", flush=True)
for line in sys.stdin:
    path, resume = line.split()
    pid = os.fork()
    if not pid:
        conduct(Run(Path(path)), resume=resume == "True")
        os._exit(0)
    print(pid, flush=True)
    os.waitpid(pid, 0)
    print("gone", flush=True)
"""

KILLS = 16

Engine = Callable[..., None]


@pytest.fixture(scope="module")
def nursery() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", NURSERY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        assert process.stdin is not None
        process.stdin.close()


@contextmanager
def killed(nursery: subprocess.Popen[str], run: Run, resume: bool = False) -> Iterator[int]:
    """An engine that is killed in the end, if it hasn't come to its own."""
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    nursery.stdin.write(f"{run.path} {resume}\n")
    nursery.stdin.flush()
    pid = int(nursery.stdout.readline())
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGKILL)
        assert nursery.stdout.readline() == "gone\n"


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.001)


def recorded(run: Run, more_than: int = 0) -> bool:
    """Whether there are more recordings than that, and steps in the last."""
    if len(run.recordings()) <= more_than:
        return False
    with run.open() as recording:
        return recording.last_step >= 0


def rows(run: Run) -> tuple[Any, Any]:
    """Steps and values of one series, as far as it is recorded."""
    with run.open() as recording:
        return recording.read("adam/x") if recording.series("adam/x") else (np.empty(0), np.empty(0))


def test_a_killed_engine_loses_at_most_what_was_not_flushed(
    prepare: Prepare, nursery: subprocess.Popen[str]
) -> None:
    reference = prepare("steps=5000", name="reference")
    conduct(reference)
    with reference.open() as recording:
        expected = recording.read("adam/x")[1]
    moments = random.Random(0)
    survived = []
    for number in range(KILLS):
        run = prepare("steps=1000000000", name=f"killed-{number}")
        with killed(nursery, run):
            until(lambda run=run: run.recordings(), "it records")
            time.sleep(moments.uniform(0, 0.4))
            flushed = len(rows(run)[0])
        with run.open() as recording:
            assert not recording.finished
            steps, values = rows(run)
            assert np.array_equal(steps, np.arange(len(steps)))
            assert len(steps) >= flushed
            shared = min(len(values), len(expected))
            assert np.array_equal(values[:shared], expected[:shared])
            survived.append(len(steps))
        assert run.state() is State.DIED
    assert max(survived) > 100, "the kills all came too early to prove anything"


def test_a_run_killed_again_and_again_comes_to_the_same(
    prepare: Prepare, nursery: subprocess.Popen[str]
) -> None:
    steps = "steps=2000"
    whole, run = prepare(steps), prepare(steps, checkpoint=0.05, pace=2000)
    conduct(whole)
    moments = random.Random(1)
    for kill in range(4):
        with killed(nursery, run, resume=kill > 0):
            until(lambda kill=kill: len(run.recordings()) > kill, "it records")
            time.sleep(moments.uniform(0.05, 0.3))
        assert run.state() is State.DIED
    run.options["pace"] = None
    assert conduct(run, resume=True) is State.FINISHED
    assert as_read(run) == history(run) == history(whole)


def test_what_a_dead_engine_did_after_its_checkpoint_did_not_happen(
    prepare: Prepare, nursery: subprocess.Popen[str]
) -> None:
    """It took steps too large and diverged: gone on with from before, the run knows nothing of it."""
    steps = "steps=2000"
    whole, run = prepare(steps), prepare(steps, checkpoint=3600, pace=200)
    conduct(whole)

    def kinds() -> set[str]:
        with run.open() as recording:
            return {event.kind for event in recording.events()}

    with killed(nursery, run):
        until(lambda: recorded(run), "it records")
        run.send("checkpoint")
        until(lambda: "checkpoint" in kinds(), "there is a checkpoint")
        run.send("set", key="sgd/optimizer.lr", value=50)
        run.send("pace", value=None)
        until(lambda: "diverged" in kinds(), "it diverges")
    run.options["pace"] = None
    assert conduct(run, resume=True) is State.FINISHED
    series, happened = history(run)
    assert as_read(run) == (series, happened) == history(whole)
    assert not {"set", "pace", "diverged"} & {kind for _, kind, _ in happened}

"""SIGKILL at random moments: everything that was flushed is there, and nothing else."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np

from tests.engine.conftest import Prepare
from tuilab.engine import conduct
from tuilab.runs import State

# Importing torch takes seconds, so one process imports it once and forks an engine for each run it is told.
NURSERY = """
import os, sys
from pathlib import Path
from tuilab.engine import conduct
from tuilab.runs import Run
print("ready", flush=True)
for line in sys.stdin:
    pid = os.fork()
    if not pid:
        conduct(Run(Path(line.strip())))
        os._exit(0)
    print(pid, flush=True)
    os.waitpid(pid, 0)
    print("gone", flush=True)
"""

KILLS = 24


def test_a_killed_engine_loses_at_most_what_was_not_flushed(prepare: Prepare) -> None:
    reference = prepare("steps=20000", name="reference")
    conduct(reference)
    with reference.open() as recording:
        expected = recording.read("adam/x")[1]
    moments = random.Random(0)
    with subprocess.Popen(
        [sys.executable, "-c", NURSERY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as nursery:
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        assert nursery.stdout.readline() == "ready\n"
        survived = []
        for number in range(KILLS):
            run = prepare("steps=1000000000", name=f"killed-{number}")
            nursery.stdin.write(f"{run.path}\n")
            nursery.stdin.flush()
            pid = int(nursery.stdout.readline())
            while not run.recordings():
                time.sleep(0.001)
            time.sleep(moments.uniform(0, 0.4))
            with run.open() as recording:
                flushed = recording.last_step
            os.kill(pid, signal.SIGKILL)
            assert nursery.stdout.readline() == "gone\n"
            with run.open() as recording:
                assert recording.last_step >= flushed
                assert not recording.finished
                steps, values = recording.read("adam/x")
                assert np.array_equal(steps, np.arange(len(steps)))
                assert len(steps) >= flushed + 1 if flushed >= 0 else True
                shared = min(len(values), len(expected))
                assert np.array_equal(values[:shared], expected[:shared])
                survived.append(len(steps))
            assert run.state() is State.DIED
        nursery.stdin.close()
    assert max(survived) > 100, "the kills all came too early to prove anything"

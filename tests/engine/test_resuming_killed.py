"""Runs of the command line, killed and resumed: the same bit for bit as one that was left in peace."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tuilab.runs import Run
from tuilab.scenario.schema import KINDS

# Importing torch takes seconds, so one process imports it once and forks all that are asked of it.
NURSERY = """
import json, os, sys
import torch._dynamo  # torch.optim imports it when it is first used
from tuilab.cli import main
import tuilab.cli.app, tuilab.experiments.training, tuilab.experiments.descent
print("ready", flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    pid = os.fork()
    if not pid:
        out = os.open(asked["out"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(out, 1); os.dup2(out, 2)
        sys.argv = ["tuilab", *asked["words"]]
        try:
            main()
        except SystemExit as end:
            os._exit(end.code or 0)
        os._exit(0)
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""

LEARNING = """
kind = "training"
steps = 150
evaluate = 1
data = { name = "spirals", train = 100, validation = 40 }
batch = 20
network = { name = "mlp", width = 8, depth = 2, norm = "batch", dropout = 0.3 }
augment = { noise = 0.05, mixup = 0.3 }
probes = { every = 3, budget = 1.0 }
tests = { sampled = { mode = "sampled", fused = true, passes = 2 } }
[arms.network]
optimizer = { name = "rmsprop", lr = 0.01 }
average = { name = "swa", start = 0.1, every = 3 }
members = 2
[arms.adam]
optimizer = { name = "adam", lr = 0.01 }
average = { name = "ema" }
early_stopping = { patience = 40 }
"""
WALKING = """
kind = "descent"
steps = 250
surface = { name = "himmelblau" }
noise = { std = 0.5, batch = 2 }
start = [1, 1]
[arms.nesterov]
optimizer = { name = "nesterov", lr = 0.01 }
crowd = { name = "random", n = 50, every = 7 }
[arms.newton]
optimizer = { name = "damped_newton" }
crowd = { name = "grid", side = 5, every = 11 }
"""
AVERAGING = """
kind = "normalization"
steps = 200
[arms.batch]
norm = { name = "batch" }
[arms.fused]
norm = { name = "batch" }
kernel = 3
side = 4
"""


class Nursery:
    """Runs the command line in processes of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-c", NURSERY],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "TUILAB_RUNS": str(folder)},
        )
        assert self._read() == "ready"

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def start(self, *words: str) -> int:
        """The process's number."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"words": words, "out": str(self.folder / "out")}) + "\n")
        self._process.stdin.flush()
        return int(self._read())

    def code(self) -> int:
        """Wait for its end."""
        return int(self._read())

    def close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait()


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    found = Nursery(tmp_path_factory.mktemp("killed"))
    yield found
    found.close()


def checkpoints(run: Run) -> set[str]:
    return {path.name for path in (run.path / "checkpoints").glob("0*")}


def recorded(run: Run) -> dict[str, Any]:
    """All that a recording holds but for the clock's readings and what the engine says of itself."""
    scenario = KINDS[run.scenario["kind"]].model_validate(run.scenario)
    clocks = {name for name, metric in scenario.metrics.items() if metric.clock}
    found: dict[str, Any] = {}
    with run.open() as recording:
        for name in recording.series():
            identity = recording.identity(name)
            if identity.arm != "engine" and identity.metric not in clocks:
                steps, values = recording.read(name)
                found[name] = steps.tolist(), values.tobytes()
        for name in recording.frames():
            for step in recording.frame_steps(name).tolist():
                frame = recording.frame(name, step)
                assert frame is not None
                found[f"{name} at {step}"] = frame.array.tobytes(), repr(frame.meta)
        found["events"] = [
            (event.step, event.kind, event.arm, event.data) for event in recording.events() if event.arm
        ]
    return found


@pytest.mark.parametrize("text", [LEARNING, WALKING, AVERAGING], ids=["training", "descent", "normalization"])
def test_killed_twice_and_resumed_it_comes_to_the_same(text: str, nursery: Nursery) -> None:
    kind = text.split('"')[1]
    file = nursery.folder / f"{kind}.toml"
    file.write_text(f'title = "t"\nquestion = "q"\n{text}')
    nursery.start("run", str(file), "--name", f"{kind}-whole", "--threads", "1", "--json")
    assert nursery.code() == 0, (nursery.folder / "out").read_text()
    run, moments = Run(nursery.folder / f"{kind}-killed"), random.Random(0)
    begin = ["run", str(file), "--name", run.name, "--threads", "1", "--checkpoint", "0.05", "--pace", "200"]
    for words in (begin, ["resume", run.name]):
        before = checkpoints(run)
        pid = nursery.start(*words, "--json")
        deadline = time.monotonic() + 60
        while not checkpoints(run) - before:
            assert time.monotonic() < deadline, (nursery.folder / "out").read_text()
            time.sleep(0.005)
        time.sleep(moments.uniform(0, 0.3))
        os.kill(pid, signal.SIGKILL)
        assert nursery.code() == -signal.SIGKILL, "it was still at work"
    nursery.start("resume", run.name, "--json")
    assert nursery.code() == 0, (nursery.folder / "out").read_text()
    found, expected = recorded(run), recorded(Run(nursery.folder / f"{kind}-whole"))
    assert found.keys() == expected.keys()
    assert [name for name in expected if found[name] != expected[name]] == []

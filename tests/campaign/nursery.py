"""Engines that start at once: one process imports torch, and every engine is forked from it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tuilab.runs import Run

_CODE = """
import os, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from tuilab.engine import EngineError, conduct
import tuilab.experiments.training, tuilab.experiments.descent, tuilab.experiments.propagation
import tuilab.experiments.slice, tuilab.experiments.costs, tuilab.experiments.functions
import tuilab.experiments.data, tuilab.experiments.normalization
from tuilab.runs import Run
print("ready", flush=True)
while line := sys.stdin.readline():
    how, place = line.rstrip("\\n").split(" ", 1)
    pid = os.fork()
    if not pid:
        code = 1
        try:
            conduct(Run(Path(place)), resume=how == "resume")
            code = 0
        except EngineError as error:
            print(error, file=sys.stderr, flush=True)
            code = 2
        finally:
            os._exit(code)
    print(pid, flush=True)
    sys.stdin.readline()  # not before it is asked for: until then the number is no other process's
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


class Nursery:
    """One engine at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Use `nursery`."""
        assert process.stdin is not None
        assert process.stdout is not None
        self._asked, self._told = process.stdin, process.stdout
        assert self._told.readline() == "ready\n"
        self._pid = 0

    def start(self, run: Run, resume: bool) -> None:
        """An engine begins on the run, or goes on with it."""
        self._asked.write(f"{'resume' if resume else 'start'} {run.path}\n")
        self._asked.flush()
        self._pid = int(self._told.readline())

    def kill(self) -> int:
        """SIGKILL; the engine's exit code, which is 0 if it was quicker."""
        os.kill(self._pid, signal.SIGKILL)
        return self.wait()

    def wait(self) -> int:
        """Until the engine has ended; its exit code."""
        self._asked.write("wait\n")
        self._asked.flush()
        return int(self._told.readline())


@contextmanager
def nursery() -> Iterator[Nursery]:
    """A process that forks engines, for as long as it takes."""
    with subprocess.Popen(
        [sys.executable, "-P", "-c", _CODE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as process:
        made = Nursery(process)
        try:
            yield made
        finally:
            made._asked.close()

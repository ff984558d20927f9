"""Other processes that hold a run's lock."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOLD = """
import os, sys, time
from pathlib import Path
from tuilab.runs import Run
lock = Run(Path(sys.argv[1])).claim()
child = 0
if "spawn" in sys.argv:
    import subprocess
    child = subprocess.Popen(["sleep", "600"], stdout=subprocess.DEVNULL).pid
if "fork" not in sys.argv:
    print(child, flush=True)
elif not os.fork():  # only the child knows that it has let go
    print(os.getpid(), flush=True)
time.sleep(600)
"""


@contextmanager
def holding(run: Path, how: str = "alone") -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process that has claimed a run, and the number of the child that it may have."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(run), how], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        try:
            yield process, child
        finally:
            process.kill()

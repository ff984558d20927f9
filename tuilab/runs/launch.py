"""An engine as a process of its own: in its own session, so that it outlives the shell and the connection."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from tuilab.runs.folder import Run, RunError

QUIET_THREADS = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0"}
"""Environment that keeps torch's idle threads from spinning and starving a viewer on the same cores."""


def launch(run: Run, resume: bool = False) -> subprocess.Popen[bytes]:
    """Start an engine on a prepared run, or one that goes on with it; what it says goes to the run's log.

    Raises:
        RunError: the process can't be started or the log can't be written.
    """
    try:
        with run.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tuilab.engine", str(run.path), *(["resume"] if resume else [])],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=os.environ | QUIET_THREADS,
            )
    except OSError as error:
        raise RunError(f"{run.path}: can't start an engine there ({error.strerror})") from None


def wait_until_started(
    run: Run, process: subprocess.Popen[bytes], before: int = 0, timeout: float = 120.0
) -> None:
    """Return once the engine records, in one recording more than the `before` that were there.

    Raises:
        RunError: it ended before; says the last line of its log.
    """
    deadline = time.monotonic() + timeout
    while len(run.recordings()) <= before:
        if process.poll() is not None and len(run.recordings()) <= before:
            raise RunError(last_words(run))
        if time.monotonic() > deadline:
            raise RunError(
                f"{run.name}: the engine has not started recording within {timeout:.0f} s; see {run.log}"
            )
        time.sleep(0.05)


def last_words(run: Run) -> str:
    """The last line of the engine's log, or that there is none."""
    try:
        lines = run.log.read_text(errors="replace").split("\n")
    except OSError:
        lines = []
    said = [line.strip() for line in lines if line.strip()]
    return said[-1] if said else f"{run.name}: the engine ended without a word"

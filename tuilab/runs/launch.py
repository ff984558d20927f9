"""An engine as a process of its own: in its own session, so that it outlives the shell and the connection."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from tuilab.runs.errors import RunError
from tuilab.runs.files import PRIVATE
from tuilab.runs.folder import Run
from tuilab.runs.state import State

CHILDREN = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0", "PYTHONSAFEPATH": "1"}
"""Environment of an engine and of all that it starts.

torch's idle threads don't spin, which would starve a viewer on the same cores; and Python imports nothing
from the folder that happens to be the working one.
"""


def launch(run: Run, resume: bool = False, trust: bool = False) -> subprocess.Popen[bytes]:
    """Start an engine on a prepared run, or one that goes on with it; what it says goes to the run's log.

    The engine is given the run's lock, so that there is no moment at which two could have it.

    Args:
        run: the prepared run.
        resume: go on with it.
        trust: let it run the code of own parts that the scenario names.

    Raises:
        RunError: another engine is at work on it, the process can't be started or the log can't be written.
    """
    with run.claim(resume) as lock:
        command = [sys.executable, "-P", "-m", "tuilab.engine", str(run.path), "--lock", str(lock.fd)]
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            with os.fdopen(os.open(run.log, flags, PRIVATE), "ab") as log:
                return subprocess.Popen(
                    [*command, *(["--resume"] if resume else []), *(["--trust"] if trust else [])],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    pass_fds=[lock.fd],
                    env=os.environ | CHILDREN,
                )
        except OSError as error:
            raise RunError(f"{run.path}: can't start an engine there ({error.strerror})") from None


def wait_until_started(run: Run, process: subprocess.Popen[bytes], timeout: float = 120.0) -> State:
    """Wait until the engine records, and say how the run is then.

    Raises:
        RunError: it ended before; says the last line of its log.
    """
    deadline = time.monotonic() + timeout
    while True:
        ended = process.poll()
        state = run.state()
        if ended:
            raise RunError(run.last_words())
        if ended == 0 or (state.alive and state is not State.STARTING):
            return state
        if time.monotonic() > deadline:
            raise RunError(
                f"{run.name}: the engine has not started recording within {timeout:.0f} s; see {run.log}"
            )
        time.sleep(0.05)

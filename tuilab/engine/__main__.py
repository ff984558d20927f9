"""An engine as a process of its own: `python -m tuilab.engine RUN_FOLDER`."""

from __future__ import annotations

import argparse
import signal
import sys
import traceback
from pathlib import Path

from tuilab.runs import Lock, Run, RunError


def main() -> int:
    """Conduct the run; what goes wrong is the log's last line."""
    parser = argparse.ArgumentParser(prog="python -m tuilab.engine")
    parser.add_argument("run", type=Path, help="a prepared run's folder")
    parser.add_argument("--resume", action="store_true", help="go on from its newest checkpoint")
    parser.add_argument("--trust", action="store_true", help="run the code of own parts that it names")
    parser.add_argument("--lock", type=int, help="descriptor of the run's lock, if the caller has it")
    asked = parser.parse_args()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # it outlives whatever it was started from
    run = Run(asked.run)
    try:
        # The lock comes before torch, which takes seconds.
        lock = run.claim(asked.resume) if asked.lock is None else Lock.adopt(asked.lock)
    except RunError as error:
        print(error, flush=True)
        return 2
    from tuilab.engine import EngineError, conduct

    try:
        conduct(run, resume=asked.resume, lock=lock, trust=asked.trust)
    except (EngineError, RunError) as error:
        if error.__cause__ is not None:
            traceback.print_exception(error.__cause__)
        print(error, flush=True)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

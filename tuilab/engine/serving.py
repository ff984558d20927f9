"""A warm engine: `python -m tuilab.engine.serving` runs one run after another, and imports torch once.

It reads a JSON object a line: `{"run": PATH, "resume": false, "trust": false}`, and answers each with one:
`{"run": PATH, "problem": ""}`. It ends when its input does, after the run at hand.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from pathlib import Path

from tuilab.runs import Run, RunError
from tuilab.runs.files import PRIVATE


def main() -> int:
    """Serve until the input ends."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What libraries print goes to the run's log; the answers have a descriptor of their own.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        for line in sys.stdin:
            asked = json.loads(line)
            problem = _serve(Run(Path(asked["run"])), bool(asked["resume"]), bool(asked["trust"]))
            answers.write(json.dumps({"run": asked["run"], "problem": problem}) + "\n")
            answers.flush()
    return 0


def _serve(run: Run, resume: bool, trust: bool) -> str:
    """Conduct one run; what went wrong, or nothing."""
    from tuilab.engine import EngineError, conduct

    log = os.open(run.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    try:
        conduct(run, resume=resume, trust=trust)
    except (EngineError, RunError) as error:
        if error.__cause__ is not None:
            traceback.print_exception(error.__cause__)
        print(error, flush=True)
        return str(error)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return ""


if __name__ == "__main__":
    sys.exit(main())

"""A file with somebody's answer to an exercise, run and compared in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_PRINTED, _LINES = 4_000, 20
"""Characters and lines kept of what a file printed."""
_VERDICTS = ("right", "differs", "not written", "fails")


@dataclass(frozen=True)
class Answer:
    """What came of it."""

    verdict: str
    """`right`, `differs`, `not written` or `fails`."""
    said: list[str] = field(default_factory=list)
    printed: str = ""
    exercise: dict[str, str] = field(default_factory=dict)
    """Its `family`, `part` and `attribute`, where the comparison came so far."""

    @property
    def facts(self) -> dict[str, Any]:
        """As plain data."""
        return {"verdict": self.verdict, "said": self.said}


def answer_of(name: str, file: Path, limit: float) -> Answer:
    """Run a file and compare its part with ours; whatever it does ends with its process.

    Args:
        name: of the exercise.
        file: the file; its code runs with all rights of the user.
        limit: seconds after which it is ended, with all that it started.
    """
    from tuilab.runs import CHILDREN

    with tempfile.TemporaryDirectory(prefix="tuilab-exercise-") as folder:
        result, log = Path(folder) / "result.json", Path(folder) / "printed"
        command = [sys.executable, "-P", "-m", "tuilab.exercises", name, str(file.resolve()), str(result)]
        with log.open("wb") as out:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                env=os.environ | CHILDREN | {"OMP_NUM_THREADS": "1"},
            )
            try:
                code = process.wait(limit)
            except subprocess.TimeoutExpired:
                code = None
            finally:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        with log.open(errors="replace") as out:
            printed = "\n".join(out.read(_PRINTED).strip().split("\n")[:_LINES])
        if code is None:
            return Answer("fails", [f"not done after {limit:g} s"], printed)
        try:
            found = json.loads(result.read_text())
            verdict, said = found["verdict"], [str(line) for line in found["said"]]
            exercise = {str(key): str(value) for key, value in dict(found["exercise"]).items()}
        except (OSError, ValueError, KeyError, TypeError):
            return Answer("fails", [f"ended its process by itself (exit code {code})"], printed)
        return Answer(verdict if verdict in _VERDICTS else "fails", said, printed, exercise)

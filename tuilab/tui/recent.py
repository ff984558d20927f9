"""The runs there are, for the library: looked at again and again, opened only when something changed."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tuilab.tui import words

if TYPE_CHECKING:
    from tuilab.recording import Recording
    from tuilab.runs import Run

MOST = 50
"""Runs listed, the newest."""


@dataclass(frozen=True)
class RunFacts:
    """One run at a glance."""

    path: Path
    source: str
    title: str
    question: str
    state: str
    step: int
    steps: int | None
    age: str
    problem: str = ""

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name


class RecentRuns:
    """Looks at a folder of runs. Not thread-safe; heavy imports happen on first use."""

    def __init__(self) -> None:
        self._over: dict[Path, tuple[RunFacts, float]] = {}
        """Runs that have ended, which do not change any more, and when they were made."""
        self._open: dict[Path, Recording] = {}

    def look(self) -> list[RunFacts]:
        """The newest runs as they are now.

        Raises:
            RunError: the folder can't be listed.
        """
        from tuilab.runs import listing, runs_folder

        runs = listing(runs_folder())[:MOST]
        for path in self._open.keys() - {run.path for run in runs}:
            self._open.pop(path).close()
        return [self._facts(run) for run in runs]

    def close(self) -> None:
        """Let go of the recordings."""
        for recording in self._open.values():
            recording.close()
        self._open.clear()

    def _facts(self, run: Run) -> RunFacts:
        if run.path in self._over:
            facts, created = self._over[run.path]
            return dataclasses.replace(facts, age=words.age(time.time() - created))
        from tuilab.recording import RecordingError
        from tuilab.runs import RunError, State

        try:
            facts = self._look_at(run)
        except (RunError, RecordingError, OSError) as error:
            return RunFacts(run.path, "", "", "", "unreadable", 0, None, "", " ".join(str(error).split()))
        if not State(facts.state).alive:
            self._over[run.path] = facts, float(run.facts.get("created", 0.0))
            if run.path in self._open:
                self._open.pop(run.path).close()
        return facts

    def _look_at(self, run: Run) -> RunFacts:
        from tuilab.runs.launch import last_words

        recording = self._open.get(run.path)
        if recording is not None:
            recording.refresh()
        elif run.recordings():
            recording = self._open[run.path] = run.open()
        state = str(run.state(recording))
        scenario = run.scenario
        steps = recording.header.get("steps") if recording is not None else None
        return RunFacts(
            run.path,
            run.source,
            str(scenario.get("title", "")),
            str(scenario.get("question", "")),
            state,
            max(recording.last_step, 0) if recording is not None else 0,
            steps if isinstance(steps, int) else None,
            words.age(time.time() - float(run.facts.get("created", 0.0))),
            last_words(run) if state in ("died", "failed") else "",
        )

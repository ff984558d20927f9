"""The runs there are, for the library: looked at again and again, read only when something changed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuilab.runs import Run, State, Summary, listing, runs_folder
from tuilab.tui import words

MOST = 50
"""Runs listed, the newest."""


@dataclass(frozen=True)
class RunFacts:
    """One run at a glance."""

    path: Path
    source: str
    title: str
    question: str
    state: State
    step: int
    steps: int | None
    age: str
    problem: str = ""

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name


class RecentRuns:
    """Looks at a folder of runs. Not thread-safe."""

    def __init__(self) -> None:
        self._over: dict[Path, tuple[tuple[Any, ...], Summary]] = {}
        """Runs without an engine, and what their files looked like: until those change, nothing does."""

    def look(self) -> list[RunFacts]:
        """The newest runs as they are now.

        Raises:
            RunError: the folder can't be listed.
        """
        runs = listing(runs_folder())[:MOST]
        before, self._over = self._over, {}
        return [self._facts(run, before.get(run.path)) for run in runs]

    def _facts(self, run: Run, before: tuple[tuple[Any, ...], Summary] | None) -> RunFacts:
        stamp = run.stamp()
        about = before[1] if before is not None and before[0] == stamp else run.glance()
        if not about.state.alive:
            self._over[run.path] = stamp, about
        return RunFacts(
            run.path,
            about.source,
            about.title,
            about.question,
            about.state,
            about.step,
            about.steps,
            words.age(time.time() - about.created) if about.created else "",
            about.problem,
        )

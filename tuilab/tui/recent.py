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

    run: Run
    about: Summary
    age: str

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self.run.path

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.run.name

    @property
    def source(self) -> str:
        """The name that the scenario was run by."""
        return self.about.source

    @property
    def state(self) -> State:
        """How it is."""
        return self.about.state

    @property
    def step(self) -> int:
        """How far it has come."""
        return self.about.step

    @property
    def steps(self) -> int | None:
        """How far it is to come."""
        return self.about.steps

    @property
    def label(self) -> str:
        """Its name; the scenario's, where the run has none but that and its date."""
        return self.source if self.source and self.name.startswith(f"{self.source}-20") else self.name


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
        return RunFacts(run, about, words.age(time.time() - about.created) if about.created else "")

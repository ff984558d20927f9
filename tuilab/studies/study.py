"""A study: a folder with `study.json` and its trials, each an ordinary run in a folder of its own."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tuilab import runs
from tuilab.recording import Readable
from tuilab.recording.spread import Spread
from tuilab.runs import Run, State, Summary
from tuilab.runs.files import read_json, replace

_NAME = "study.json"
_MOST = 2**20
"""Bytes of it."""


class StudyError(Exception):
    """A study that can't be made, found or read: one clear sentence."""


@dataclass(frozen=True)
class Study:
    """The folder of a study over seeds."""

    path: Path

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What `study.json` says: `source`, `seeds`, `created`.

        Raises:
            StudyError: missing, unreadable or not a study's.
        """
        try:
            facts = read_json(self.path / _NAME, _MOST)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise StudyError(f"{self.path}: not a study, its {_NAME} can't be read ({why})") from None
        seeds = facts.get("seeds")
        if not isinstance(seeds, list) or not seeds or not all(type(seed) is int for seed in seeds):
            raise StudyError(f"{self.path}: its {_NAME} holds no list of seeds")
        return facts

    @property
    def without_engine(self) -> str:
        """Always "": engines can go on with every trial."""
        return ""

    @property
    def seeds(self) -> list[int]:
        """The seeds, a trial each."""
        return list(self.facts["seeds"])

    @property
    def trials(self) -> dict[int, Run]:
        """The run of each seed; all were made with the study."""
        return {seed: Run(self.path / f"seed-{seed}") for seed in self.seeds}

    def glances(self) -> dict[int, Summary]:
        """How each trial is."""
        return {seed: run.glance() for seed, run in self.trials.items()}

    def state(self, recording: Readable | None = None) -> State:
        """How the study is: at work while a trial is, finished when all are; else as the first other one."""
        states = [summary.state for summary in self.glances().values()]
        alive = [state for state in states if state.alive]
        unfinished = [state for state in states if state is not State.FINISHED]
        return next(iter(alive or unfinished), State.FINISHED)

    def recordings(self) -> list[Path]:
        """The recordings of all trials."""
        return [path for run in self.trials.values() for path in run.recordings()]

    def send(self, do: str, **arguments: Any) -> None:
        """Ask the engines of all trials at work, as `Run.send` does."""
        for run in self.trials.values():
            if run.engine_lives():
                run.send(do, **arguments)

    def open(self) -> Spread:
        """The trials that have recorded something, read as one.

        Raises:
            StudyError: none has yet.
            RecordingError: one can't be read.
        """
        begun = {seed: run.open() for seed, run in self.trials.items() if run.recordings()}
        if not begun:
            raise StudyError(f"{self.name}: nothing is recorded yet")
        return Spread(begun)


def create(
    root: Path,
    source: str,
    scenario: dict[str, Any],
    options: dict[str, Any],
    seeds: Sequence[int],
    name: str | None = None,
    own: Mapping[str, str] | None = None,
) -> Study:
    """A new study's folder, its trials ready for engines.

    Args:
        root: the folder of runs, where studies lie too; made when missing.
        source: the scenario's name.
        scenario: the resolved scenario as plain data; its seed gives way to each of `seeds`.
        options: of every run.
        seeds: a trial each.
        name: the folder's name; without one, the scenario's name and the time.
        own: of every run, as `tuilab.runs.create` takes it.

    Raises:
        RunError: the name is taken or unfit, or the folder can't be written: then nothing stays.
    """
    facts = {"source": source, "seeds": list(seeds), "created": time.time()}
    path = runs.new_folder(root, f"{source}-{len(seeds)}-seeds", name)
    made: list[Run] = []
    try:
        for seed in seeds:
            made.append(runs.create(path, source, {**scenario, "seed": seed}, options, f"seed-{seed}", own))
        # Last: a folder that has it has all its trials.
        replace(path / _NAME, json.dumps(facts, indent=1).encode())
    except BaseException as error:
        for run in made:
            run.discard()
        with contextlib.suppress(OSError):
            path.rmdir()
        if isinstance(error, OSError):
            raise StudyError(f"{path}: can't write there ({error.strerror}); choose another --runs") from None
        raise
    return Study(path)


def find(root: Path, name: str) -> Study | None:
    """The study of that name or path, None where there is none."""
    for path in (root / name, Path(name)):
        with contextlib.suppress(PermissionError):  # somebody else's run, most likely
            if (path / _NAME).is_file():
                return Study(path)
    return None

"""Runs beside one another: what was set otherwise, and where their curves part."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tuilab.recording import Readable
from tuilab.recording.comparison import Comparison
from tuilab.recording.spread import Spread
from tuilab.runs import Run, RunError, State

_NOT_COMPARED = {
    "title",
    "question",
    "notes",
    "expect",
    "predict",
    "panels",
    "chapter",
    "lecture",
    "changed",
    "pace",
}


class Parting(NamedTuple):
    """Where a curve of one run leaves that of another.

    Attributes:
        step: the first that both have and at which they differ; None where they never do.
        name: of the series, as recorded.
        layer: which layer's it is, None for none.
        last: the last values of both.
    """

    step: int | None
    name: str
    layer: str | None
    last: tuple[float, float]


class Compared:
    """Runs that are looked at together, read as one `Comparison`.

    Those that differ in nothing but their seed are one member of it, their mean and spread.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        """Compare `runs`, two at least.

        Raises:
            RunError: there are fewer, or one is no run.
        """
        if len({run.path.resolve() for run in runs}) < 2:
            raise RunError("a comparison wants two runs at least")
        self.runs = list(runs)
        self.groups = _grouped(runs)

    @property
    def name(self) -> str:
        """What is compared."""
        return " against ".join(self.groups)

    @property
    def path(self) -> Path:
        """The first one's folder."""
        return self.runs[0].path

    def recordings(self) -> list[Path]:
        """The recordings of all, and of what they were forked from."""
        return [path for run in self.runs for each in (run, *run.ancestry()) for path in each.recordings()]

    def state(self, recording: Readable | None = None) -> State:
        """At work while any is; else as the first."""
        states = [run.state() for run in self.runs]
        return next((state for state in states if state.alive), states[0])

    def send(self, do: str, **arguments: Any) -> None:
        """Nothing is asked of several runs at once; raises RunError."""
        raise RunError(f"several runs are compared here; `tuilab watch {self.runs[0].name}` steers one")

    def open(self) -> Comparison:
        """All of them.

        Raises:
            RunError: one has recorded nothing yet.
            RecordingError: one can't be read.
        """
        members: dict[str, Readable] = {}
        for label, seeds in self.groups.items():
            opened = {seed: run.open() for seed, run in seeds.items()}
            members[label] = Spread(opened) if len(opened) > 1 else next(iter(opened.values()))
        return Comparison(members)

    def settings(self) -> dict[str, list[Any]]:
        """What was set otherwise: each setting's dotted name, and its value in each member, or None."""
        tables = [_settings(next(iter(seeds.values()))) for seeds in self.groups.values()]
        names = dict.fromkeys(name for table in tables for name in table)
        found = {name: [table.get(name) for table in tables] for name in names}
        return {name: values for name, values in found.items() if any(value != values[0] for value in values)}


def partings(one: Readable, other: Readable) -> list[Parting]:
    """Where the curves that both have part, the first ones first; those that never do come last."""
    found = []
    for name in one.series():
        if not other.has(name) or name.startswith("engine/"):
            continue
        (mine, x), (theirs, y) = one.read(name), other.read(name)
        steps, at, there = np.intersect1d(mine, theirs, return_indices=True)
        if len(steps):
            apart = np.flatnonzero(~((x[at] == y[there]) | (np.isnan(x[at]) & np.isnan(y[there]))))
            step = int(steps[apart[0]]) if len(apart) else None
            found.append(Parting(step, name, one.identity(name).layer, (float(x[-1]), float(y[-1]))))
    return sorted(found, key=lambda parting: (parting.step is None, parting.step or 0))


def _grouped(runs: Sequence[Run]) -> dict[str, dict[int, Run]]:
    """By what each member is called, its runs by their seeds."""
    found: dict[str, dict[int, Run]] = {}
    alike: dict[str, str] = {}
    for run in {run.path.resolve(): run for run in runs}.values():
        scenario = run.scenario
        seed = scenario.get("seed")
        kept = {key: value for key, value in scenario.items() if key not in _NOT_COMPARED | {"seed"}}
        form = json.dumps(kept, sort_keys=True, default=str)
        label = alike.get(form)
        if (
            isinstance(seed, int)
            and label is not None
            and seed not in found[label]
            and "parent" not in run.facts
        ):
            found[label][seed] = run
            continue
        alike.setdefault(form, run.name)
        found[run.name] = {seed if isinstance(seed, int) else 0: run}
    return {
        label if len(seeds) == 1 else f"{label} and {len(seeds) - 1} more seeds": seeds
        for label, seeds in found.items()
    }


def _settings(run: Run) -> dict[str, Any]:
    scenario = run.scenario
    kept = {key: value for key, value in scenario.items() if key not in _NOT_COMPARED}
    options = {f"--{key}": value for key, value in run.options.items() if key in ("device", "threads")}
    return dict(_flat(kept)) | options


def _flat(table: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(table, Mapping) and table:
        for key, value in table.items():
            yield from _flat(value, f"{path}.{key}" if path else str(key))
    else:
        yield path, table

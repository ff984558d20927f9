"""A sweep as a recording whose steps are the trials that are over: the lab shows it as it shows any run."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tuilab.recording import Writer
from tuilab.studies.journal import Trial
from tuilab.studies.space import Axis, Value, shown
from tuilab.studies.sweep import Sweep

NAME = "board.tlr"
BEST, REST = "best tenth", "others"
_PARTS = 12
"""Parts of a range that a search draws from, on the map."""
_COLUMNS = 64
"""Points of a line across the parameters."""
_LINES = 60


class Board:
    """Writes `board.tlr` anew in a sweep's folder and keeps it up to date."""

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep
        self._axes = sweep.space.axes
        path = sweep.path / NAME
        path.unlink(missing_ok=True)  # it says nothing that the journal does not
        self._writer = Writer.create(path, self._header(), flush_every=0.2)
        self._values = self._writer.table(["sweep/value", "sweep/best"])
        self._importance = self._writer.table([f"{axis.key}/importance" for axis in self._axes])
        self._shown = 0
        told = [trial for trial in sweep.trials() if trial.told]
        for count in range(1, len(told) + 1):
            self._step(told[:count], told[count - 1], last=count == len(told))

    def show(self, trials: Sequence[Trial], latest: Trial) -> None:
        """Show that another one is over, in the order in which they end."""
        self._step([trial for trial in trials if trial.told], latest, last=True)

    def close(self) -> None:
        """It is all there."""
        with contextlib.suppress(OSError):
            self._writer.event(
                max(self._shown, 0), "finished" if self._shown >= self._sweep.wanted else "stopped"
            )
            self._writer.close()

    def _header(self) -> dict[str, Any]:
        plan = self._sweep.plan
        scale = "linear" if plan.maximize else "log"  # losses of what diverged reach far
        panels: list[dict[str, Any]] = [
            {
                "type": "curves",
                "title": f"{plan.arm} {plan.metric}, trial by trial",
                "series": ["sweep/*"],
                "scale": scale,
            }
        ]
        if len(self._axes) > 1:
            best = "highest" if plan.maximize else "lowest"
            panels.append({"type": "map", "title": f"{best} {plan.metric}", "frame": "map", "scale": scale})
            names = ", ".join(axis.key for axis in self._axes)
            panels.append({"type": "family", "title": f"across {names}", "frame": "across"})
        panels.append({"type": "values", "title": "share explained", "series": ["*/importance"]})
        return {
            "scenario": {
                "title": f"Sweep of {plan.source} over {', '.join(self._sweep.space.keys)}",
                "kind": "sweep",
            },
            "panels": panels,
            "arms": ["sweep", *self._sweep.space.keys, BEST, REST],
            "steps": self._sweep.wanted,
        }

    def _step(self, told: Sequence[Trial], latest: Trial, last: bool) -> None:
        """One more trial. What is drawn of all together is recorded for the latest alone."""
        self._shown = step = len(told)
        values = [trial.value for trial in told if trial.value is not None]
        best = (max if self._sweep.plan.maximize else min)(values, default=math.nan)
        value = latest.value
        self._values.append(step, [math.nan if value is None else value, best])
        if last:
            self._importance.append(step, list(self._sweep.importance().values()))
            if len(self._axes) > 1:
                self._writer.frame("sweep/map", step, *self._map(told))
                for arm, lines in self._across(told).items():
                    if len(lines):
                        self._writer.frame(
                            f"{arm}/across",
                            step,
                            lines,
                            {
                                "x": [1, len(self._axes)],
                                "x_name": "parameter",
                                "names": ["trial"] * len(lines),
                            },
                        )
            self._writer.flush()

    def _map(self, told: Sequence[Trial]) -> tuple[np.ndarray[Any, Any], dict[str, Any]]:
        """The best value for each pair of values of the first two parameters, whatever the others are."""
        across, up = self._axes[:2]
        labels = [self._labels(axis) for axis in (up, across)]
        found = np.full((len(labels[0]), len(labels[1])), np.nan)
        better = np.fmax if self._sweep.plan.maximize else np.fmin
        for trial in told:
            if trial.value is not None:
                place = self._place(up, trial), self._place(across, trial)
                found[place] = better(found[place], trial.value)
        return found, {
            "x_name": across.key,
            "y_name": up.key,
            "x_labels": labels[1],
            "y_labels": labels[0],
        }

    def _labels(self, axis: Axis) -> list[str]:
        if self._gridded(axis):
            return [_label(value) for value in axis.values]
        return [_label(axis.value((part + 0.5) / _PARTS)) for part in range(_PARTS)]

    def _place(self, axis: Axis, trial: Trial) -> int:
        value = trial.point[axis.key]
        if self._gridded(axis):
            return [shown(each) for each in axis.values].index(shown(value))
        return min(int(axis.share(value) * _PARTS), _PARTS - 1)

    def _gridded(self, axis: Axis) -> bool:
        return axis.ends is None or self._sweep.plan.search == "grid"

    def _across(self, told: Sequence[Trial]) -> dict[str, np.ndarray[Any, Any]]:
        """Parallel coordinates: each trial a line through its parameters, each from 0 to 1 over its axis."""
        sign = -1 if self._sweep.plan.maximize else 1
        ranked = sorted(
            (trial for trial in told if trial.value is not None), key=lambda each: sign * (each.value or 0)
        )
        count = max(len(ranked) // 10, 1)
        at = np.linspace(0, len(self._axes) - 1, _COLUMNS)
        lines = [
            np.interp(at, range(len(self._axes)), [axis.share(trial.point[axis.key]) for axis in self._axes])
            for trial in ranked
        ]
        return {REST: np.array(lines[count : count + _LINES]), BEST: np.array(lines[:count][:_LINES])}


def _label(value: Value) -> str:
    """A value in a few cells: 0.25, 4e-3, adam."""
    if not isinstance(value, float):
        return shown(value)
    if value and not 0.01 <= abs(value) < 1e4:
        mantissa, _, power = f"{value:.0e}".partition("e")
        return f"{mantissa}e{int(power)}"
    return f"{value:.2g}"


def board_of(sweep: Sweep) -> Path:
    """Where the sweep's board lies."""
    return sweep.path / NAME

"""A sweep as a recording whose steps are the trials that are over: the lab shows it as it shows any run."""

from __future__ import annotations

import contextlib
import math
import time
from typing import Any

import numpy as np

from tuilab.recording import Writer
from tuilab.studies.journal import Trial
from tuilab.studies.space import Axis, Value, shown
from tuilab.studies.sweep import BOARD, Sweep

BEST, REST = "best tenth", "others"
_PARTS = 12
"""Parts of a range that a search draws from, on the map."""
_COLUMNS = 64
"""Points of a line across the parameters."""
_LINES = 60
_EVERY = 0.5
"""Seconds between two drawings of all trials together."""


class Board:
    """Writes `board.tlr` anew in a sweep's folder and keeps it up to date."""

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep
        self._axes = sweep.space.axes
        self._places = {
            axis.key: {shown(value): place for place, value in enumerate(axis.values)} for axis in self._axes
        }
        path = sweep.path / BOARD
        path.unlink(missing_ok=True)  # it says nothing that the journal does not
        self._writer = Writer.create(path, self._header(), flush_every=0.2)
        self._values = self._writer.table(["sweep/value", "sweep/best"])
        self._importance = self._writer.table([f"{axis.key}/importance" for axis in self._axes])
        self._told: list[Trial] = []
        self._best, self._drawn, self._due = math.nan, 0, 0.0
        self._writer.event(0, "started")
        for trial in sorted(sweep.trials(), key=lambda trial: trial.place):
            if trial.told:
                self._add(trial)
        self._draw()

    def show(self, trial: Trial) -> None:
        """Show that another one is over."""
        self._add(trial)
        if time.monotonic() >= self._due:
            self._draw()

    def close(self) -> None:
        """It is all there."""
        with contextlib.suppress(OSError):
            self._draw()
            done = len(self._told) >= self._sweep.wanted
            self._writer.event(len(self._told), "finished" if done else "stopped")
            self._writer.close()

    def _add(self, trial: Trial) -> None:
        self._told.append(trial)
        value = math.nan if trial.value is None else trial.value
        better = np.fmax if self._sweep.plan.maximize else np.fmin
        self._best = float(better(self._best, value))
        self._values.append(len(self._told), [value, self._best])

    def _draw(self) -> None:
        """What is drawn of all trials together."""
        step = len(self._told)
        if step > self._drawn:
            self._drawn, self._due = step, time.monotonic() + _EVERY
            self._importance.append(step, list(self._sweep.importance(self._told).values()))
            if len(self._axes) > 1:
                self._writer.frame("sweep/map", step, *self._map())
                for arm, lines in self._across().items():
                    if len(lines):
                        names = ["trial"] * len(lines)
                        meta = {"x": [1, len(self._axes)], "x_name": "parameter", "names": names}
                        self._writer.frame(f"{arm}/across", step, lines, meta)
        self._writer.flush()

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

    def _map(self) -> tuple[np.ndarray[Any, Any], dict[str, Any]]:
        """The best value for each pair of values of the first two parameters, whatever the others are."""
        across, up = self._axes[:2]
        labels = [self._labels(axis) for axis in (up, across)]
        found = np.full((len(labels[0]), len(labels[1])), np.nan)
        better = np.fmax if self._sweep.plan.maximize else np.fmin
        for trial in self._told:
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
            return self._places[axis.key][shown(value)]
        return min(int(axis.share(value) * _PARTS), _PARTS - 1)

    def _gridded(self, axis: Axis) -> bool:
        return axis.ends is None or self._sweep.plan.search == "grid"

    def _across(self) -> dict[str, np.ndarray[Any, Any]]:
        """Parallel coordinates: each trial a line through its parameters, each from 0 to 1 over its axis."""
        sign = -1 if self._sweep.plan.maximize else 1
        ranked = sorted(
            (trial for trial in self._told if trial.value is not None),
            key=lambda each: sign * (each.value or 0),
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

"""The engine's sign of life: the run's summary, written now and then by a thread of its own."""

from __future__ import annotations

import dataclasses
import os
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from tuilab.probes.observation import Observation
from tuilab.recording.names import SeriesName
from tuilab.runs import Run, State, Summary

EVERY = 2.0
"""Seconds between two summaries; a change of state is written at once."""
FIGURES = ("train.loss", "train.accuracy", "validation.loss", "validation.accuracy", "loss")
"""What a summary holds of each arm, if it is measured."""


class Heartbeat:
    """Says how the run is, however long a step takes: a thread that sleeps, and takes no part in it.

    Args:
        run: claimed by this engine. None for a process that leaves this to another: nothing is written.
    """

    def __init__(self, run: Run | None) -> None:
        self.figures = set(FIGURES)
        """The metrics that the summary has the last values of."""
        self._run = run
        self._summary = Summary()
        self._step = -1
        self._seen: dict[int, dict[str, float]] = {}
        """The last values of each cadence (every step, probes …), told apart by how many they are."""
        self._writing = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="tuilab-heartbeat", daemon=True)

    def __enter__(self) -> Self:
        if self._run is not None:
            left = Summary.read(self._run.path) or Summary()
            self._summary = dataclasses.replace(left, pid=os.getpid(), host=socket.gethostname())
            self._write()
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def note(self, observation: Observation) -> None:
        """Remember what was measured, for the next summary."""
        self._step = observation.step
        values = observation.values
        # What is measured again moves to the end: later values win.
        self._seen.pop(len(values), None)
        self._seen[len(values)] = values

    def say(self, state: State, **about: Any) -> None:
        """Say how the run is now; `about` are other fields of the summary that have become known."""
        self._summary = dataclasses.replace(self._summary, state=state, was=None, **({"problem": ""} | about))
        self._write()

    def _beat(self) -> None:
        while not self._ended.wait(EVERY):
            self._write()

    def _write(self) -> None:
        if self._run is None:
            return
        with self._writing, suppress(OSError):  # a full disk does not concern the experiment
            said = self._summary
            if self._step >= 0:
                said = dataclasses.replace(said, step=self._step, figures=self._figures())
            said.write(self._run.path)

    def _figures(self) -> dict[str, dict[str, float]]:
        found: dict[str, dict[str, float]] = {}
        for values in list(self._seen.values()):
            for name, value in values.items():
                arm, metric, layer = SeriesName.parse(name)
                if metric in self.figures and layer is None:
                    found.setdefault(arm, {})[metric] = float(value)
        return found

"""How what is seen of a watched loop gets into its recording: gathered, handed to a thread, ended."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from tuilab.printable import printable
from tuilab.probes.observation import Observation
from tuilab.recording import Writer
from tuilab.runs import State
from tuilab.watching.buffer import Buffer
from tuilab.watching.recorder import NO_ROOM
from tuilab.watching.session import Session

PATIENCE = 10.0
"""Seconds that the end waits for what is still to be written."""
_LATEST = 0.25
"""Seconds after which figures leave the device, where they are on one."""
_REST = 0.05
"""Seconds between two tries while the disk is full."""


class Writing:
    """A session whose recording is written by a thread, so that the loop never waits for the disk.

    Args:
        session: entered.
        state: how the run is, as long as it can be written.

    Attributes:
        trouble: what has ended the writing, for the loop to see.
    """

    def __init__(self, session: Session, state: Callable[[], State]) -> None:
        self.session, self._state = session, state
        self.trouble: Exception | None = None
        self.begun = False
        self._full = self._broken = False
        self._rows: list[tuple[Observation, float]] = []
        self._sent = time.monotonic()
        self._buffer = Buffer(self._observe, self._event, self._poll, self._broke)

    def begin(self, header: dict[str, Any], logged: Iterable[str]) -> None:
        """Have the recording begun; what was added before waits for it."""
        self.begun = True
        self.session.heartbeat.figures.update(logged)
        self._buffer.start(partial(self._create, header))
        self.flush()

    def add(self, observation: Observation, seconds: float) -> None:
        """Have a complete step written. Its figures may be tensors, which come from their device together."""
        if observation.values or observation.frames or observation.events:
            self._rows.append((observation, seconds))
        on_device = any(isinstance(v, Tensor) for o, _ in self._rows for v in o.values.values())
        if not on_device or observation.frames or time.monotonic() - self._sent > _LATEST:
            self.flush()

    def event(self, step: int, kind: str, arm: str | None = None, **data: Any) -> None:
        """Have an event written."""
        self._buffer.event(step, kind, arm, **data)

    def poll(self) -> None:
        """Nothing: the thread does so by itself."""

    def flush(self) -> None:
        """Hand over all complete steps."""
        if not self.begun:
            return
        rows: list[dict[str, Any]] = [observation.values for observation, _ in self._rows]
        waiting = [(row, name) for row in rows for name, value in row.items() if isinstance(value, Tensor)]
        if waiting:
            figures = [row[name] for row, name in waiting]
            together = torch.stack([figure.double().to(figures[0].device) for figure in figures]).tolist()
            for (row, name), number in zip(waiting, together, strict=True):
                row[name] = number
        for observation, seconds in self._rows:
            self._buffer.observation(observation, seconds)
        self._rows, self._sent = [], time.monotonic()

    def close(self, step: int, error: BaseException | None, ending: Mapping[str, Any]) -> None:
        """Write the rest and how it ended.

        Args:
            step: the last one.
            error: what ended the loop, if anything.
            ending: why it was asked to stop, if it was.
        """
        session = self.session
        try:
            self.flush()
            if not self._buffer.close(partial(self._end, step, error, ending), PATIENCE):
                raise TimeoutError
            if self.trouble is not None and self._broken:
                raise self.trouble
        except Exception as wrong:
            late = isinstance(wrong, TimeoutError) or getattr(wrong, "errno", None) in NO_ROOM
            why = "the disk is full or too slow" if late else sentence(wrong)
            say(f"{session.run.name}: {why}; what was still to be written is lost")
            session.heartbeat.say(State.STOPPED)
        finally:
            session.__exit__(None, None, None)
            if not self.begun:
                session.run.discard()

    # In the thread

    def _create(self, header: dict[str, Any]) -> None:
        session = self.session
        writer = Writer.create(session.run.path / "main.tlr", header)
        about = {"steps": header.get("steps"), "device": header["device"]}
        session.begin(writer, self._wait_for_room, state=self._state(), **about)
        session.recorder.event(0, "started")

    def _observe(self, observation: Observation, seconds: float) -> None:
        self.session.observe(observation, seconds)
        self._written()

    def _event(self, step: int, kind: str, arm: str | None = None, **data: Any) -> None:
        self.session.recorder.event(step, kind, arm, **data)
        self._written()

    def _poll(self) -> None:
        self.session.recorder.poll()
        self._written()

    def _written(self) -> None:
        if self._full:
            self._full = False
            self.session.heartbeat.say(self._state())

    def _wait_for_room(self) -> bool:
        """The disk is full: this thread rests, the training does not."""
        if not self._full:
            self._full = True
            self.session.heartbeat.say(State.DISK_FULL)
        time.sleep(_REST)
        return not self._buffer.closing

    def _end(self, step: int, error: BaseException | None, ending: Mapping[str, Any]) -> None:
        session = self.session
        session.step = max(session.step, step)
        if ending:
            session.finish(State.STOPPED, **ending)
        elif isinstance(error, KeyboardInterrupt):
            session.finish(State.STOPPED, reason="SIGINT")
        elif error is not None and not isinstance(error, SystemExit | GeneratorExit):
            session.fail(sentence(error))
        elif self.trouble is not None:
            session.finish(State.STOPPED, reason=f"watching ended: {sentence(self.trouble)}")
        else:
            session.finish(State.FINISHED)

    def _broke(self, error: Exception) -> None:
        self.trouble, self._broken = error, True


def sentence(error: BaseException) -> str:
    """An exception as one line."""
    return (f"{type(error).__name__}: {error}".splitlines() or [""])[0][:500].rstrip(": ")


def say(what: str) -> None:
    """Tell the user, beside whatever the program prints."""
    print(f"tuilab: {printable(what)}", file=sys.stderr, flush=True)


def number_of(value: Any) -> float | Any:
    """A figure as a number; of what is on a device a copy, which waits for nothing."""
    if isinstance(value, Tensor):
        if value.numel() != 1:
            raise TypeError
        value = value.detach()
        return float(value) if value.device.type == "cpu" else value.clone().reshape(())
    return float(value)

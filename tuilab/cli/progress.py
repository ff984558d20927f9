"""Live progress with an ETA: a bar on a terminal, a line now and then in a batch job's log."""

from __future__ import annotations

import time
from contextlib import suppress
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from tuilab.cli.output import say
from tuilab.printable import printable

_EVERY = 10.0
"""Seconds between two lines where there is no terminal."""
_REDRAW = 0.1


def _text(template: str) -> TextColumn:
    """A column of text in which brackets are brackets."""
    return TextColumn(template, markup=False)


def _start(bar: Progress) -> None:
    """Show a bar, which hides the cursor; a signal may come before whoever would stop it has it."""
    try:
        bar.start()
    except BaseException:
        bar.stop()
        raise


class StepProgress:
    """Progress of a run, on standard error; `update` is cheap enough to be called after every step.

    A terminal that has gone is no concern of the run: nothing is shown then, and nothing raised.
    """

    def __init__(self, name: str) -> None:
        self._name = printable(name)
        self._console = Console(stderr=True)
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._began = self._last = time.monotonic()
        self._note = ""

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bar = Progress(
                _text("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                _text("left"),
                TimeRemainingColumn(),
                _text("{task.fields[note]}"),
                console=self._console,
                transient=True,
                refresh_per_second=4,
            )
            self._task = self._bar.add_task(self._name, total=None, note="starting")
            _start(self._bar)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            with suppress(OSError):
                self._bar.stop()

    def update(self, step: int, steps: int, note: str = "") -> None:
        """Say that `step` of `steps` is done; `note` tells what the engine waits for."""
        now = time.monotonic()
        if now - self._last < _REDRAW and step < steps and note == self._note:
            return
        if self._bar is not None and self._task is not None:
            self._last = now
            self._bar.update(self._task, completed=step, total=max(steps, 1), note=printable(note))
        elif now - self._last >= _EVERY or (note and note != self._note):
            self._last = now
            line = f"{self._name}: {self._line(step, steps, now - self._began)}{note and ', ' + note}"
            with suppress(OSError):
                say(line, error=True)
        self._note = note

    @staticmethod
    def _line(step: int, steps: int, elapsed: float) -> str:
        left = f", about {elapsed * (steps - step) / step:.0f} s left" if step else ""
        return f"step {step} of {steps}, {elapsed:.0f} s{left}"


class ByteProgress:
    """Progress of something that comes in bytes or files, on standard error."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bar = Progress(
            _text("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task: TaskID | None = None
        self._what = ""

    def __enter__(self) -> Self:
        _start(self._bar)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def update(self, done: int, total: int | None, what: str) -> None:
        """Say that `done` of `total` bytes of `what` are there."""
        if what != self._what:
            self._what = what
            if not self._console.is_terminal:
                say(what, error=True)
            self._task = self._bar.add_task(printable(what), total=total)
        if self._task is not None:
            self._bar.update(self._task, completed=done, total=total)

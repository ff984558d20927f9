"""Where a recording comes from: the folder of a run, or a file alone."""

from __future__ import annotations

from pathlib import Path
from subprocess import Popen
from typing import TYPE_CHECKING, Any

from tuilab.runs import Run, RunError, State, told_by

if TYPE_CHECKING:
    from tuilab.recording import Recording


class Source:
    """A run or a recording file, and what can be known and asked of it.

    Everything but the name may touch the disk and import numpy: for the worker, not for the screen.
    """

    def __init__(self, place: Path | Run, process: Popen[bytes] | None = None) -> None:
        """Look at `place`; `process` is its engine if this process has made the run and launched it."""
        self.name = place.name
        self._place = place
        self._process = process

    @property
    def run(self) -> Run | None:
        """The run, None for a file alone."""
        if isinstance(self._place, Path):
            return Run(self._place) if self._place.is_dir() else None
        return self._place

    def paths(self) -> list[Path]:
        """The recording's files, none while the engine has not begun."""
        run = self.run
        if run is not None:
            return run.recordings()
        return [self._place] if isinstance(self._place, Path) else []

    def state(self, recording: Recording | None) -> State:
        """How the run is; UNFINISHED for a file that just ends."""
        run = self.run
        if run is not None:
            return run.state(recording)
        told = State.STARTING if recording is None else told_by(recording.events())
        return State.UNFINISHED if told.alive else told

    def problem(self) -> str:
        """What went wrong, as its engine said it."""
        run = self.run
        return "" if run is None else run.glance().problem

    def discard(self) -> None:
        """Remove the folder of a run that was made for this and recorded nothing."""
        run = self.run
        if run is not None and self._process is not None and self._process.poll() is not None:
            run.discard()

    def ask(self, do: str, **arguments: Any) -> None:
        """Ask the engine for something, as `Run.send` does.

        Raises:
            RunError: the control file can't be written, or there is no engine to ask.
        """
        run = self.run
        if run is None:
            raise RunError(f"{self.name}: a recording without an engine can't be asked to {do}")
        run.send(do, **arguments)

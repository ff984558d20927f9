"""Where a recording comes from: the folder of a run, or a file alone."""

from __future__ import annotations

import shutil
from pathlib import Path
from subprocess import Popen
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuilab.recording import Recording
    from tuilab.runs import Run

_ENDS = ("finished", "stopped", "failed")


class Source:
    """A run or a recording file, and what can be known and asked of it.

    Everything but the name may touch the disk and import numpy: for the worker, not for the screen.
    """

    def __init__(self, place: Path | Run, process: Popen[bytes] | None = None) -> None:
        """Look at `place`; `process` is its engine if this process launched it."""
        self.name = place.name
        self._place = place
        self._process = process

    @property
    def run(self) -> Run | None:
        """The run, None for a file alone."""
        from tuilab.runs import Run

        if isinstance(self._place, Path):
            return Run(self._place) if self._place.is_dir() else None
        return self._place

    def paths(self) -> list[Path]:
        """The recording's files, none while the engine has not begun."""
        run = self.run
        if run is not None:
            return run.recordings()
        return [self._place] if isinstance(self._place, Path) else []

    def state(self, recording: Recording | None) -> str:
        """How the run is, in one of the words of `runs.State`; `unfinished` for a file that just ends."""
        run = self.run
        if run is not None:
            if recording is None and self._process is not None and self._process.poll() is not None:
                return "died"
            return str(run.state(recording))
        if recording is None:
            return "unfinished"
        ends = [event.kind for event in recording.events() if event.kind in _ENDS and event.arm is None]
        return ends[-1] if ends else "unfinished"

    def last_words(self) -> str:
        """The last line of the engine's log."""
        from tuilab.runs.launch import last_words

        run = self.run
        return "" if run is None else last_words(run)

    def discard(self) -> None:
        """Remove the folder of a run that was launched from here and recorded nothing."""
        if self._process is not None and self._process.poll() is not None and not self.paths():
            run = self.run
            if run is not None:
                shutil.rmtree(run.path, ignore_errors=True)

    def ask(self, *words: str) -> None:
        """Ask the engine for something.

        Raises:
            RunError: the control file can't be written, or there is no engine to ask.
        """
        from tuilab.runs import RunError

        run = self.run
        if run is None:
            raise RunError(f"{self.name}: a recording without an engine can't be asked to {words[0]}")
        run.send(*words)

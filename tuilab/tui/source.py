"""Where a recording comes from: the folder of a run or of a study, or a file alone."""

from __future__ import annotations

from pathlib import Path
from subprocess import Popen
from typing import TYPE_CHECKING, Any

from tuilab.runs import Run, RunError, State, told_by

if TYPE_CHECKING:
    from tuilab.recording import Readable
    from tuilab.studies import Study
    from tuilab.studies.compared import Compared
    from tuilab.studies.sweep import Sweep


class Source:
    """A run, a study, a sweep, runs compared or a recording file, and what can be known and asked of it.

    Everything but the name may touch the disk and import numpy: for the worker, not for the screen.
    """

    def __init__(
        self, place: Path | Run | Study | Sweep | Compared, process: Popen[bytes] | None = None
    ) -> None:
        """Look at `place`; `process` is its engine if this process has made the run and launched it."""
        self.name = place.name
        self._place = place
        self._process = process

    @property
    def folder(self) -> Run | Study | Sweep | Compared | None:
        """The run, the study, the sweep or what is compared, None for a file alone."""
        if isinstance(self._place, Path):
            return Run(self._place) if self._place.is_dir() else None
        return self._place

    @property
    def run(self) -> Run | None:
        """The run, None for a study or a file alone."""
        folder = self.folder
        return folder if isinstance(folder, Run) else None

    def paths(self) -> list[Path]:
        """The recording's files, none while the engine has not begun."""
        folder = self.folder
        if folder is not None:
            return folder.recordings()
        return [self._place] if isinstance(self._place, Path) else []

    def open(self) -> Readable:
        """The recording, of a study its trials read as one; raises RunError, StudyError or RecordingError."""
        from tuilab.recording import Recording

        folder = self.folder
        return Recording.open(self.paths()) if folder is None else folder.open()

    def state(self, recording: Readable | None) -> State:
        """How the run is; UNFINISHED for a file that just ends."""
        folder = self.folder
        if folder is not None:
            return folder.state(recording)
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
        folder = self.folder
        if folder is None:
            raise RunError(f"{self.name}: a recording without an engine can't be asked to {do}")
        folder.send(do, **arguments)

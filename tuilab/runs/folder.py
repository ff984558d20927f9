"""One run's folder: what lies in it, how the run is, and the right to be its engine."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import os
import shlex
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuilab.runs import condition, control, summary
from tuilab.runs.errors import RunError
from tuilab.runs.files import read_json
from tuilab.runs.lock import Lock, is_held
from tuilab.runs.state import State
from tuilab.runs.summary import Summary

if TYPE_CHECKING:
    from tuilab.recording import Readable, Recording

_MOST = 16 * 2**20
"""Bytes of a run.json."""
_LAST = 8_192
"""Bytes of a log in which its last line is looked for."""
_OPTIONS: dict[str, Callable[[Any], bool]] = {
    "device": lambda value: isinstance(value, str),
    "threads": lambda value: value is None or (type(value) is int and 1 <= value <= 1024),
    "pace": lambda value: value is None or 0 < summary.number(value) <= 1e6,
    "checkpoint": lambda value: value == 0 or summary.number(value) > 0,
    "predicted": lambda value: isinstance(value, list),
}
"""What the options of a run may be."""
_WITHOUT_ENGINE = {
    "watched": "a program of its own trained it, so start that again",
    "imported": "it is another program's log",
}
"""Kinds of runs that no engine can go on with, and why."""
MADE = {"run.json", "control", "lock", "engine.log", summary.NAME}
"""What lies in the folder of a run that has recorded nothing."""


@dataclass(frozen=True)
class Run:
    """One run's folder.

    It holds `run.json` (id, source, scenario, options), `main.tlr` and other recordings, `control`, `lock`
    (held by the engine as long as it lives), `summary.json`, `checkpoints` and `engine.log`.
    """

    path: Path

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What `run.json` says: `id`, `source`, `scenario`, `options`, `created`; of a fork also `parent`.

        Raises:
            RunError: missing, unreadable or not a run's.
        """
        try:
            facts = read_json(self.path / "run.json", _MOST)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise RunError(f"{self.path}: not a run's folder, its run.json can't be read ({why})") from None
        if not isinstance(facts.get("scenario"), dict):
            raise RunError(f"{self.path}: its run.json holds no scenario")
        return facts

    @property
    def scenario(self) -> dict[str, Any]:
        """The resolved scenario."""
        scenario: dict[str, Any] = self.facts["scenario"]
        return scenario

    @property
    def options(self) -> dict[str, Any]:
        """What the engine was asked for: `device`, `threads`, `pace`, `checkpoint`, `predicted`.

        Raises:
            RunError: one of them is of another type than an engine can take.
        """
        options = self.facts.get("options", {})
        if not isinstance(options, dict):
            raise RunError(f"{self.path}: the options in its run.json are no table")
        for key, fits in _OPTIONS.items():
            if key in options and not fits(options[key]):
                raise RunError(f"{self.path}: its run.json has {key} = {options[key]!r:.40}, which can't be")
        return options

    @property
    def source(self) -> str:
        """The name that the scenario was run by."""
        return str(self.facts.get("source", "?"))

    @property
    def without_engine(self) -> str:
        """Why no engine can go on with it; "" where one can."""
        return _WITHOUT_ENGINE.get(str(self.scenario.get("kind")), "")

    @property
    def log(self) -> Path:
        """What the engine said, if it was started in a session of its own."""
        return self.path / "engine.log"

    def last_words(self) -> str:
        """The last line of the log, or that there is none."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(log.seek(0, os.SEEK_END) - _LAST, 0))
                lines = log.read(_LAST).decode(errors="replace").split("\n")
        except OSError:
            lines = []
        said = [line.strip() for line in lines if line.strip()]
        return said[-1] if said else f"{self.name}: the engine ended without a word"

    def recordings(self) -> list[Path]:
        """The recordings, the main one first."""
        return sorted(self.path.glob("*.tlr"), key=lambda path: (path.name != "main.tlr", path.name))

    def parent(self) -> Run | None:
        """The run that this one was forked from; None of one that was not, or whose parent is gone.

        It lies in the same folder of runs, whatever it is called by now.
        """
        try:
            about = self.facts.get("parent")
        except RunError:
            return None
        if not isinstance(about, dict):
            return None
        named = self.path.with_name(Path(str(about.get("name"))).name)
        for path in (named, *self.path.parent.iterdir()):
            run = Run(path)
            with contextlib.suppress(RunError):
                if path != self.path and run.facts.get("id") == about.get("run"):
                    return run
        return None

    def ancestry(self) -> list[Run]:
        """The runs whose recordings this one's goes on from, its parent first."""
        found: list[Run] = []
        run = self.parent()
        while run is not None and run not in found and run != self:
            found.append(run)
            run = run.parent()
        return found

    def open(self) -> Recording:
        """All recordings of the run as one, with those of the runs that it was forked from.

        Raises:
            RunError: there is none yet.
            RecordingError: one can't be read.
        """
        from tuilab.recording import Recording

        paths = self.recordings()
        if not paths:
            raise RunError(f"{self.name}: nothing is recorded yet")
        return Recording.open([*paths, *(path for run in self.ancestry() for path in run.recordings())])

    def send(self, do: str, **arguments: Any) -> str:
        """Ask the engine for something: `send("set", key="sgd/optimizer.lr", value=0.01)`.

        Where not even a command finds room on the disk, `stop` reaches an engine on this host as a signal.

        Returns:
            The command's id, which the event that answers it carries.

        Raises:
            RunError: the control file can't be written, or the run is of a program that only lets it watch.
            ValueError: there is no such command, or it takes something else.
        """
        if self.scenario.get("kind") == "watched" and not self.options.get("control"):
            raise RunError(f"{self.name}: this run only watches; with control=True its program would {do}")
        try:
            return control.append(self.path / "control", do, arguments)
        except OSError as error:
            if do == "stop" and error.errno in (errno.ENOSPC, errno.EDQUOT) and self._terminate():
                return ""
            raise RunError(f"{self.path}: can't ask the engine: {error.strerror}") from None

    def claim(self, resume: bool = False) -> Lock:
        """Become the run's one engine, or let a process that this one starts become it.

        From now on the run is starting, until the engine says something else, or the lock is released.

        Args:
            resume: go on with it: what was asked of engines before was obeyed, or died with them.

        Raises:
            RunError: another engine is at work, there is nothing to go on with, or the folder can't be
                written.
        """
        if (why := self.without_engine) and resume:  # which also says whether there is a run to write into
            raise RunError(f"{self.name}: no engine can go on with it: {why}")
        try:
            lock = Lock.acquire(self.path / "lock")
        except OSError as error:
            raise RunError(
                f"{self.path}: can't lock the run there ({error.strerror}); choose another folder with --runs"
            ) from None
        if lock is None:
            raise RunError(
                f"{self.name}: its engine is at work (it is {self.state()}); "
                f"`tuilab watch {shlex.quote(self.name)}` looks at it"
            )
        with contextlib.ExitStack() as unless_claimed:
            unless_claimed.enter_context(lock)
            left = condition.left(self)
            if resume and left.state is State.FINISHED:
                raise RunError(f"{self.name}: it is finished, there is nothing to go on with")
            was = left.state if self.recordings() else None
            try:
                if resume:
                    control.create(self.path / "control")
                dataclasses.replace(left, state=State.STARTING, was=was, pid=0).write(self.path)
            except OSError as error:
                raise RunError(f"{self.path}: can't write there ({error.strerror})") from None
            unless_claimed.pop_all()
        return lock

    def engine_lives(self) -> bool:
        """Whether an engine is at work on the run, or is being started."""
        return is_held(self.path / "lock")

    def summary(self, recording: Readable | None = None) -> Summary:
        """The run at a glance, as it is now.

        Opens a recording only of a run that an earlier tuilab made, and which left no summary.

        Args:
            recording: the run's, if it is open anyway.

        Raises:
            RunError: it is no run.
            RecordingError: there is no summary, and the recording can't be read.
        """
        return condition.current(self, recording)

    def glance(self) -> Summary:
        """The same of whatever lies in the folder: of what can't be read, `problem` says why."""
        return condition.glance(self)

    def state(self, recording: Readable | None = None) -> State:
        """How the run is: what its engine last said, and whether it lives; `recording` saves opening it."""
        from tuilab.recording import RecordingError

        try:
            return self.summary(recording).state
        except (RunError, RecordingError):
            return State.STARTING if self.engine_lives() else State.DIED

    def stamp(self) -> tuple[Any, ...]:
        """Differs from an earlier one whenever the summary of a run that is over may do so."""
        kept = self.path / summary.NAME
        files = [kept] if kept.exists() else self.recordings()
        return tuple(_stamp(file) for file in (self.path / "run.json", *files))

    def size(self) -> int:
        """Bytes in the folder."""
        return sum(_size(Path(folder, name)) for folder, _, names in os.walk(self.path) for name in names)

    def discard(self) -> None:
        """Remove the folder as `create` made it; one in which anything was recorded, or put by others, stays.

        For who has created the run and could not have it started.
        """
        with contextlib.suppress(OSError):
            lock = Lock.acquire(self.path / "lock")
            if lock is None:
                return
            with lock:
                if {file.name for file in self.path.iterdir()} <= MADE:
                    for name in MADE:
                        (self.path / name).unlink(missing_ok=True)
                    self.path.rmdir()

    def _terminate(self) -> bool:
        """Have the engine stop by a signal; False if it isn't known, or elsewhere."""
        found = Summary.read(self.path)
        if found is None or not found.pid or found.host != socket.gethostname() or not self.engine_lives():
            return False
        with contextlib.suppress(OSError):
            os.kill(found.pid, signal.SIGTERM)
            return True
        return False


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _size(file: Path) -> int:
    try:
        return file.lstat().st_size
    except OSError:
        return 0  # gone since it was listed

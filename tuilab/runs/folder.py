"""Runs as folders: make one, find one, list them, and tell from its files how a run is."""

from __future__ import annotations

import json
import math
import os
import socket
import time
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from tuilab.recording import Event, Recording, RecordingError
from tuilab.runs import control


class RunError(Exception):
    """A run that can't be made, found or used: one clear sentence."""


class State(StrEnum):
    """How a run is."""

    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    DISK_FULL = "disk full"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    DIED = "died"

    @property
    def alive(self) -> bool:
        """Whether an engine is still at work on it."""
        return self in (State.STARTING, State.RUNNING, State.PAUSED, State.DISK_FULL)


_ENDS = {"finished": State.FINISHED, "stopped": State.STOPPED, "failed": State.FAILED}
_START_GRACE = 30.0
"""Seconds that a launched engine has to leave its first sign of life."""
_HEARTBEAT_GRACE = 120.0
"""Seconds without a heartbeat after which an engine on another host counts as dead."""
_FULL = 1 << 20
"""Bytes of free space below which a running engine is taken to be waiting for room."""


@dataclass(frozen=True)
class Run:
    """One run's folder.

    It holds `run.json` (source, scenario, options), `main.tlr` and other recordings, `control`,
    `checkpoints`, `engine.json` (whose modification time is the engine's heartbeat) and `engine.log`.
    """

    path: Path

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What `run.json` says: `source`, `scenario`, `options`, `created`.

        Raises:
            RunError: missing, unreadable or not a run's.
        """
        try:
            facts = json.loads((self.path / "run.json").read_text())
        except (OSError, ValueError) as error:
            raise RunError(f"{self.path}: not a run's folder, its run.json can't be read ({error})") from None
        if not isinstance(facts, dict) or not isinstance(facts.get("scenario"), dict):
            raise RunError(f"{self.path}: its run.json holds no scenario")
        return facts

    @property
    def scenario(self) -> dict[str, Any]:
        """The resolved scenario."""
        scenario: dict[str, Any] = self.facts["scenario"]
        return scenario

    @property
    def source(self) -> str:
        """The name that the scenario was run by."""
        return str(self.facts.get("source", "?"))

    @property
    def log(self) -> Path:
        """What the engine said."""
        return self.path / "engine.log"

    def recordings(self) -> list[Path]:
        """The recordings, the main one first."""
        return sorted(self.path.glob("*.tlr"), key=lambda path: (path.name != "main.tlr", path.name))

    def open(self) -> Recording:
        """All recordings of the run as one.

        Raises:
            RunError: there is none yet.
            RecordingError: one can't be read.
        """
        paths = self.recordings()
        if not paths:
            raise RunError(f"{self.name}: nothing is recorded yet")
        return Recording.open(paths)

    def send(self, *words: str) -> None:
        """Ask the engine for something: `pause`, `resume`, `step`, `stop`, `checkpoint`, `pace`, `set`.

        Raises:
            RunError: the control file can't be written.
            ValueError: no such command.
        """
        try:
            control.append(self.path / "control", words)
        except OSError as error:
            raise RunError(f"{self.path}: can't ask the engine: {error.strerror}") from None

    def state(self, recording: Recording | None = None) -> State:
        """How the run is, from its last events and whether its engine lives; `recording` saves opening it."""
        try:
            if recording is None:
                with self.open() as opened:
                    events = opened.events()
            else:
                events = recording.events()
        except (RunError, RecordingError):
            events = []
        paused = False
        for event in _of_the_last_engine(events):
            if event.kind in _ENDS and event.arm is None:
                return _ENDS[event.kind]
            if event.kind in ("paused", "resumed"):
                paused = event.kind == "paused"
        if not self.engine_lives():
            return State.DIED
        if not events:
            return State.STARTING
        return State.PAUSED if paused else State.DISK_FULL if self._disk_is_full() else State.RUNNING

    def engine_lives(self) -> bool:
        """Whether the engine's process is there, or was only just launched."""
        path = self.path / "engine.json"
        try:
            engine = json.loads(path.read_text())
            beat = path.stat().st_mtime
        except (OSError, ValueError):
            try:
                return time.time() - (self.path / "run.json").stat().st_mtime < _START_GRACE
            except OSError:
                return False
        if engine.get("host") != socket.gethostname():
            return time.time() - beat < _HEARTBEAT_GRACE
        import psutil

        try:
            process = psutil.Process(int(engine["pid"]))
            same = abs(process.create_time() - float(engine["process_started"])) < 2
            return bool(same and process.status() != psutil.STATUS_ZOMBIE)
        except (psutil.Error, KeyError, TypeError, ValueError):
            return False

    def size(self) -> int:
        """Bytes in the folder."""
        return sum(file.stat().st_size for file in self.path.rglob("*") if file.is_file())

    def _disk_is_full(self) -> bool:
        try:
            disk = os.statvfs(self.path)
        except OSError:
            return False
        return disk.f_bavail * disk.f_frsize < _FULL


def _of_the_last_engine(events: list[Event]) -> list[Event]:
    """Without those of engines that another one went on from."""
    resumed = max((event.time for event in events if event.kind == "resumed-from"), default=-math.inf)
    return [event for event in events if event.time >= resumed]


def runs_folder(given: Path | None = None) -> Path:
    """Where runs lie: the folder given, else `$TUILAB_RUNS`, else the user's data folder."""
    if given is not None:
        return given
    if named := os.environ.get("TUILAB_RUNS"):
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_data_dir("tuilab")) / "runs"


def create(
    root: Path, source: str, scenario: dict[str, Any], options: dict[str, Any], name: str | None = None
) -> Run:
    """A new run's folder, ready for an engine.

    Args:
        root: the folder of runs; made when missing.
        source: the scenario's name, which also names the run unless `name` does.
        scenario: the resolved scenario as plain data.
        options: `device`, `threads`, `pace`.
        name: the folder's name.

    Raises:
        RunError: the name is taken or unfit, or the folder can't be written.
    """
    if name is not None and (
        not name or name in (".", "..") or "/" in name or "\0" in name or len(name) > 200
    ):
        raise RunError(f"{name!r} can't name a run: wanted a folder name without slashes")
    stem = name or f"{source}-{time.strftime('%Y%m%d-%H%M%S')}"
    facts = {"source": source, "scenario": scenario, "options": options, "created": time.time()}
    try:
        root.mkdir(parents=True, exist_ok=True)
        path = root / stem
        for attempt in range(2, 1_000):
            try:
                path.mkdir()
                break
            except FileExistsError:
                if name is not None:
                    raise RunError(
                        f"{root}: there is a run named {name!r} already; choose another --name"
                    ) from None
                path = root / f"{stem}-{attempt}"
        (path / "run.json").write_text(json.dumps(facts, indent=1))
    except OSError as error:
        raise RunError(
            f"{root}: can't write runs there ({error.strerror}); choose another folder with --runs"
        ) from None
    return Run(path)


def listing(root: Path) -> list[Run]:
    """The runs in a folder, newest first; an absent folder has none."""
    try:
        found = [(path.stat().st_mtime, path.parent) for path in root.glob("*/run.json")]
    except OSError as error:
        raise RunError(f"{root}: can't list the runs there ({error.strerror})") from None
    return [Run(path) for _, path in sorted(found, key=lambda pair: (-pair[0], pair[1].name))]


def find(root: Path, name: str | None = None) -> Run:
    """A run by its name, its path or its scenario's name (the newest such); by none, the newest of all.

    Raises:
        RunError: there is none.
    """
    if name is not None:
        for path in (root / name, Path(name)):
            if (path / "run.json").is_file():
                return Run(path)
    runs = listing(root)
    for run in runs:
        try:
            if name is None or run.source == name:
                return run
        except RunError:
            continue
    wanted = "are no runs" if name is None else f"is no run {name!r}"
    raise RunError(f"{root}: there {wanted} here; `tuilab runs` lists them, `tuilab run SCENARIO` makes one")

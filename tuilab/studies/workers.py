"""Who runs the trials of a sweep: warm engines on this host, engines on others over SSH, programs."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

from tuilab.runs import CHILDREN, Run

_LOOK = 0.05
"""Seconds between two looks at processes."""

_GRACE = 30.0
"""Seconds that engines are waited for once nobody wants more of them."""


@dataclass(frozen=True)
class Ended:
    """A run that no worker is at any more.

    Attributes:
        run: Which.
        problem: What its engine said went wrong; "" where nothing did.
        lost: Whether the worker itself is gone: the run may be asked for again.
    """

    run: Run
    problem: str = ""
    lost: bool = False


class Workers(Protocol):
    """What every launcher does; the rest a sweep learns from the recordings, whoever writes them."""

    @property
    def idle(self) -> int:
        """How many more runs can be begun now."""

    def begin(self, run: Run, resume: bool) -> None:
        """Have a prepared run conducted."""

    def wait(self, seconds: float) -> list[Ended]:
        """The runs that have ended since the last call; waits so long for the first of them."""

    def close(self) -> None:
        """Wait for the runs that have been asked to stop, and let the workers go."""


@dataclass
class _Warm:
    process: subprocess.Popen[str]
    run: Run | None = None


@dataclass
class LocalWorkers:
    """Engines on this host, each a process that serves many runs: torch is imported once a process.

    Attributes:
        count: How many runs at once.
        trust: Let them run the code of own parts.
    """

    count: int
    trust: bool = False
    _warm: list[_Warm] = field(default_factory=list)

    @property
    def idle(self) -> int:
        """See `Workers.idle`."""
        return self.count - sum(worker.run is not None for worker in self._warm)

    def begin(self, run: Run, resume: bool) -> None:
        """See `Workers.begin`."""
        worker = next((each for each in self._warm if each.run is None), None)
        if worker is None:
            worker = _Warm(self._start())
            self._warm.append(worker)
        worker.run = run
        asked = {"run": str(run.path.absolute()), "resume": resume, "trust": self.trust}
        assert worker.process.stdin is not None
        with contextlib.suppress(OSError):  # it is gone: `wait` says so
            worker.process.stdin.write(json.dumps(asked) + "\n")
            worker.process.stdin.flush()

    def wait(self, seconds: float) -> list[Ended]:
        """See `Workers.wait`."""
        busy = [worker for worker in self._warm if worker.run is not None]
        with selectors.DefaultSelector() as selector:
            for worker in busy:
                assert worker.process.stdout is not None
                selector.register(worker.process.stdout, selectors.EVENT_READ, worker)
            ready = [key.data for key, _ in selector.select(seconds)]
        return [self._answer(worker) for worker in ready]

    def close(self) -> None:
        """See `Workers.close`."""
        for worker in self._warm:
            assert worker.process.stdin is not None
            with contextlib.suppress(OSError):
                worker.process.stdin.close()
        for worker in self._warm:
            try:
                worker.process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                worker.process.terminate()
        self._warm.clear()

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "tuilab.engine.serving"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            bufsize=1,
            start_new_session=True,  # Ctrl-C is the sweep's, which asks them to stop between two steps
            env=os.environ | CHILDREN,
        )

    def _answer(self, worker: _Warm) -> Ended:
        run, worker.run = worker.run, None
        assert run is not None
        assert worker.process.stdout is not None
        line = worker.process.stdout.readline()
        try:
            return Ended(run, str(json.loads(line)["problem"]))
        except (ValueError, KeyError, TypeError):
            worker.process.wait()
            self._warm.remove(worker)
            return Ended(run, "the engine's process is gone", lost=True)


Command = Callable[[Run, int, bool], list[str]]
"""What conducts a run: of the run, the worker's place, and whether it goes on with it."""


@dataclass
class ProcessWorkers:
    """A process a run: engines on other hosts, or programs of the user's own.

    Attributes:
        count: How many runs at once.
        command: What to call.
        lost: The exit codes that say that the worker is lost, and not that the run failed; any signal does.
        output: The folder for what the processes say, a file a run; None to drop it.
    """

    count: int
    command: Command
    lost: tuple[int, ...] = ()
    output: Path | None = None
    _busy: dict[int, tuple[subprocess.Popen[bytes], Run]] = field(default_factory=dict)

    @property
    def idle(self) -> int:
        """See `Workers.idle`."""
        return self.count - len(self._busy)

    def begin(self, run: Run, resume: bool) -> None:
        """See `Workers.begin`."""
        place = next(place for place in range(self.count) if place not in self._busy)
        with self._log(run) as log:
            self._busy[place] = (
                subprocess.Popen(
                    self.command(run, place, resume),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                ),
                run,
            )

    def wait(self, seconds: float) -> list[Ended]:
        """See `Workers.wait`."""
        deadline = time.monotonic() + seconds
        while True:
            ended = [place for place, (process, _) in self._busy.items() if process.poll() is not None]
            if ended or time.monotonic() > deadline:
                return [self._ended(*self._busy.pop(place)) for place in ended]
            time.sleep(_LOOK)

    def close(self) -> None:
        """See `Workers.close`."""
        for process, _ in self._busy.values():
            try:
                process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                process.terminate()
        self._busy.clear()

    def _ended(self, process: subprocess.Popen[bytes], run: Run) -> Ended:
        code = process.returncode
        lost = code < 0 or code in self.lost
        problem = f"its process ended with {code}" if code else ""
        return Ended(run, problem, lost)

    def _log(self, run: Run) -> IO[bytes]:
        return Path(os.devnull if self.output is None else self.output / f"{run.name}.log").open("ab")


def over_ssh(hosts: Sequence[str], trust: bool) -> ProcessWorkers:
    """Engines on hosts that see the same folder; one that stands twice gets two runs at once."""

    def command(run: Run, place: int, resume: bool) -> list[str]:
        asked = [sys.executable, "-P", "-m", "tuilab.engine", str(run.path.absolute())]
        asked += ["--resume"] * resume + ["--trust"] * trust
        return ["ssh", "-o", "BatchMode=yes", "--", hosts[place], shlex.join(asked)]

    return ProcessWorkers(len(hosts), command, lost=(255,))

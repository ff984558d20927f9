"""A million steps with a viewer attached: neither memory nor the number of descriptors grows."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.campaign.hostile import BOWL
from tuilab.runs import create, launch
from tuilab.scenario.load import load

WARM = 0.25
"""Share of the steps after which memory is taken as settled."""
SHORTEST = 8.0
"""Seconds that the steps take at least."""
SETTLED = 60.0
"""Seconds in which the viewer comes up."""


@dataclass
class Soak:
    """Memory in MiB and open descriptors, of the engine and of the viewer, at steps along the way."""

    steps: list[int] = field(default_factory=list)
    engine: list[tuple[float, int]] = field(default_factory=list)
    viewer: list[tuple[float, int]] = field(default_factory=list)
    state: str = ""

    def growth(self, who: str) -> tuple[float, int]:
        """What came on top after the warm-up: MiB, from the median of its first fifth to that of its last."""
        found: list[tuple[float, int]] = getattr(self, who)
        settled = found[int(WARM * len(found)) :]
        fifth = max(1, len(settled) // 5)
        first, last = sorted(settled[:fifth]), sorted(settled[-fifth:])
        return last[len(last) // 2][0] - first[len(first) // 2][0], settled[-1][1] - settled[0][1]


def soak(root: Path, steps: int, progress: Callable[[int], None] = lambda count: None) -> Soak:
    """Run so many steps of a descent in an engine of its own, watched by the lab in a pseudo-terminal."""
    (root / "bowl.toml").write_text(BOWL)
    scenario = load(root / "bowl.toml", [f"steps={steps}"]).model_dump(mode="json")
    options = {"device": "cpu", "threads": 1, "pace": steps / SHORTEST}
    run = create(root / "runs", "bowl", scenario, options, "soak")
    found = Soak()
    engine = psutil.Process(launch(run).pid)
    while not run.recordings():
        time.sleep(0.05)
    run.send("pause")
    with _watched(root) as viewer:
        viewer.drain(SETTLED, until=b"paused")
        run.send("resume")
        while engine.is_running() and engine.status() != psutil.STATUS_ZOMBIE:
            viewer.drain(SHORTEST / 20)
            with contextlib.suppress(psutil.Error):
                seen = _facts(engine), _facts(viewer.process)
                with run.open() as recording:
                    step = recording.last_step
                if step >= steps:  # what ends lets go of what it had
                    break
                found.engine.append(seen[0])
                found.viewer.append(seen[1])
                found.steps.append(step)
                progress(step)
        engine.wait()
    found.state = str(run.state())
    return found


def _facts(process: psutil.Process) -> tuple[float, int]:
    return process.memory_info().rss / 2**20, process.num_fds()


class _Viewer:
    def __init__(self, pid: int, file: int) -> None:
        self.process, self._file = psutil.Process(pid), file

    def drain(self, seconds: float, until: bytes | None = None) -> None:
        """Read what the viewer draws, as a terminal would; no longer once it has drawn `until`."""
        deadline, seen = time.monotonic() + seconds, b""
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self._file], [], [], left)[0]:
                seen = seen[-65_536:] + os.read(self._file, 65_536)
                if until is not None and until in seen:
                    return


@contextlib.contextmanager
def _watched(root: Path) -> Iterator[_Viewer]:
    pid, file = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        own = os.environ | {"TERM": "xterm-256color", "TUILAB_RUNS": str(root / "runs")}
        os.execve(sys.executable, [sys.executable, "-m", "tuilab", "watch", "soak"], own)
    viewer = _Viewer(pid, file)
    try:
        yield viewer
    finally:
        viewer.process.terminate()
        with contextlib.suppress(OSError):
            viewer.drain(2.0)
        os.close(file)
        os.waitpid(pid, 0)

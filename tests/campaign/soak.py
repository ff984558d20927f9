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
    run = create(root / "runs", "bowl", scenario, {"device": "cpu", "threads": 1}, "soak")
    found = Soak()
    engine = psutil.Process(launch(run).pid)
    while not run.recordings():
        time.sleep(0.05)
    with _watched(root) as viewer:
        while engine.is_running() and engine.status() != psutil.STATUS_ZOMBIE:
            viewer.drain(1.0)
            with contextlib.suppress(psutil.Error):
                seen = _facts(engine), _facts(viewer.process)
                found.engine.append(seen[0])
                found.viewer.append(seen[1])
                with run.open() as recording:
                    found.steps.append(recording.last_step)
                progress(found.steps[-1])
    found.state = str(run.state())
    return found


def _facts(process: psutil.Process) -> tuple[float, int]:
    return process.memory_info().rss / 2**20, process.num_fds()


class _Viewer:
    def __init__(self, pid: int, file: int) -> None:
        self.process, self._file = psutil.Process(pid), file

    def drain(self, seconds: float) -> None:
        """Read what the viewer draws, as a terminal would."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self._file], [], [], left)[0]:
                os.read(self._file, 65_536)


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

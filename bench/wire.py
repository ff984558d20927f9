"""Bytes a second that the lab writes to a terminal while it follows a run, and what it costs to.

A feeder writes five series, one of them noisy, at 50 Hz; `tuilab watch` shows them as five panels in a
120×40 pseudo-terminal. Bars: 5 KB/s over the minute after the first paint (W&B LEET, live with five
metrics at 50 Hz, takes 2.3 to 2.5), nothing at all once nothing changes, 15 % of a core.
"""

from __future__ import annotations

import argparse
import fcntl
import math
import os
import pty
import random
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

import psutil
import pyte

BAR, LEET, CPU_BAR = 5_000, 2_400, 15.0
RATE = 50
IDLE = 10.0
NAMES = ["loss", "accuracy", "gradient", "rate", "noise"]
HEADER = {
    "scenario": {"title": "Five series at 50 Hz", "kind": "training"},
    "arms": ["run"],
    "steps": None,
    "panels": [{"type": "curves", "title": name, "series": [f"run/{name}"]} for name in NAMES],
}


def feed(folder: Path) -> None:
    """Act as the run's engine until a line comes in, then pause until the input closes."""
    from tuilab.recording import Writer
    from tuilab.runs import Lock

    lock = Lock.acquire(folder / "lock")
    assert lock is not None
    writer = Writer.create(folder / "main.tlr", HEADER)
    writer.event(0, "started")
    table = writer.table([f"run/{name}" for name in NAMES])
    print("feeding", flush=True)
    began, step = time.monotonic(), 0
    while not select.select([sys.stdin], [], [], max(began + step / RATE - time.monotonic(), 0))[0]:
        t = step / RATE
        row = [math.exp(-t / 20), 1 - math.exp(-t / 15), math.sin(t / 5) / (1 + t / 30), 0.1 / (1 + t / 10)]
        table.append(step, [*row, 2 * math.exp(-t / 30) + random.gauss(0, 0.3)])
        writer.poll()
        step += 1
    sys.stdin.readline()
    writer.event(step, "paused")
    writer.flush()
    sys.stdin.read()


class Viewer:
    """`tuilab watch` in a pseudo-terminal; counts what it writes."""

    def __init__(self, folder: Path) -> None:
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
            for name in ("NO_COLOR", "COLUMNS", "LINES"):
                os.environ.pop(name, None)
            os.environ.update(TERM="xterm-256color", LANG="C.UTF-8")
            os.execv(sys.executable, [sys.executable, "-m", "tuilab", "watch", str(folder)])
        self.process = psutil.Process(self.pid)
        self.screen = pyte.Screen(120, 40)
        self._stream = pyte.ByteStream(self.screen)

    def read_until(self, needle: bytes) -> None:
        seen = b""
        while needle not in seen:
            if not select.select([self.terminal], [], [], 30)[0]:
                sys.exit(f"wire: the lab did not show {needle!r} within 30 s")
            seen += self._read()

    def measure(self, seconds: float) -> tuple[float, float]:
        """Bytes a second and per cent of a core over a time."""
        count = 0
        began, cpu = time.monotonic(), sum(self.process.cpu_times()[:2])
        while (left := began + seconds - time.monotonic()) > 0:
            if select.select([self.terminal], [], [], left)[0]:
                count += len(self._read())
        took = time.monotonic() - began
        return count / took, 100 * (sum(self.process.cpu_times()[:2]) - cpu) / took

    def drawn(self) -> tuple[int, int]:
        """How many of the five panels show their title, and how many cells show a piece of a curve."""
        text = "\n".join(self.screen.display)
        return sum(name in text for name in NAMES), sum("\u2800" < char <= "\u28ff" for char in text)

    def _read(self) -> bytes:
        data = os.read(self.terminal, 65_536)
        self._stream.feed(data)
        return data

    def close(self) -> None:
        os.close(self.terminal)
        os.waitpid(self.pid, 0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to measure")
    parser.add_argument("--feed", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.feed:
        feed(options.feed)
        return 0
    from tuilab.runs import create

    with tempfile.TemporaryDirectory() as root:
        folder = create(Path(root), "wire", HEADER["scenario"], {}).path  # type: ignore[arg-type]
        command = [sys.executable, __file__, "--feed", str(folder)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as feeder:
            assert feeder.stdin is not None
            assert feeder.stdout is not None
            feeder.stdout.readline()
            viewer = Viewer(folder)
            viewer.read_until(b"noise")
            rate, cpu = viewer.measure(options.seconds)
            feeder.stdin.write(b"pause\n")
            feeder.stdin.flush()
            viewer.measure(3)
            idle, idle_cpu = viewer.measure(IDLE)
            panels, cells = viewer.drawn()
            viewer.close()
            feeder.stdin.close()
    print(f"following five series at {RATE} Hz, 120×40: {rate:,.0f} B/s (bar {BAR:,}, LEET {LEET:,})")
    print(f"CPU of the viewer: {cpu:.1f} % of a core (bar {CPU_BAR:g})")
    print(f"when nothing changes: {idle:.0f} B/s (bar 0), {idle_cpu:.1f} % of a core")
    print(f"on its screen at the end: {panels} of 5 panels, {cells} cells of curves")
    print(f"ratio: {rate / BAR:.2f} (bar 1)")
    return int(rate > BAR or idle > 0 or cpu > CPU_BAR or panels < len(NAMES) or cells < 100)


if __name__ == "__main__":
    sys.exit(main())

"""How long the command line and the lab take to start, against bare processes of the same libraries.

`tuilab --help` and `tuilab list` against a process that imports typer; the lab's first paint in a
pseudo-terminal against a Textual app of one widget. Runs alternate; medians are compared.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time

BARE_APP = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("scenarios")
Bare().run()
"""
TYPER = [sys.executable, "-c", "import typer"]
TUILAB = [sys.executable, "-m", "tuilab"]


def lifetime(command: list[str]) -> float:
    """Seconds from start to end."""
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def first_paint(command: list[str]) -> float:
    """Seconds from start until the word `scenarios`, part of the frame, is written to the terminal."""
    began = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        os.environ.update(TERM="xterm-256color", COLUMNS="120", LINES="40")
        os.execv(command[0], command)
    seen = b""
    while b"scenarios" not in seen:
        if not select.select([terminal], [], [], 30)[0]:
            sys.exit(f"startup: {' '.join(command)} painted nothing within 30 s")
        seen += os.read(terminal, 65_536)
    took = time.perf_counter() - began
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(terminal)
    return took


PAIRS = [
    ("tuilab --help", lifetime, [*TUILAB, "--help"], "import typer", TYPER, 1.5),
    ("tuilab list", lifetime, [*TUILAB, "list"], "import typer", TYPER, 2.0),
    (
        "first paint of the lab",
        first_paint,
        TUILAB,
        "bare Textual app",
        [sys.executable, "-c", BARE_APP],
        1.3,
    ),
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="runs of each")
    rounds = parser.parse_args().rounds
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TUILAB_RUNS"] = folder
        for name, measure, ours, peer, theirs, bar in PAIRS:
            measure(ours), measure(theirs)
            times = [(measure(ours), measure(theirs)) for _ in range(rounds)]
            mine, bare = (1_000 * statistics.median(column) for column in zip(*times, strict=True))
            print(f"{name}: {mine:.0f} ms, {peer} {bare:.0f} ms: ratio {mine / bare:.2f} (bar {bar})")
            worst = max(worst, mine / bare / bar)
    print(f"ratio: {worst:.2f} of the bar, at the worst of the three (bar 1)")
    return int(worst > 1)


if __name__ == "__main__":
    sys.exit(main())

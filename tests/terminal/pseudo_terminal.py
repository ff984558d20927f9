"""A real pseudo-terminal with a real `tuilab` in it, read by a terminal emulator."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable

import pyte
import pytest

DEADLINE = 40.0
_QUERIES = re.compile(rb"\x1b\[[<>?][0-9;]*(?:u|\$p)")
"""Questions to the terminal about itself, which pyte does not know."""


class Terminal:
    """Runs `tuilab` as a person would: keys go in, and what the screen shows comes out.

    Or runs other Python: `program` is what stands before the arguments.
    """

    def __init__(
        self,
        *arguments: str,
        size: tuple[int, int] = (120, 40),
        nohup: bool = False,
        program: tuple[str, ...] = ("-m", "tuilab"),
        **environment: str,
    ) -> None:
        self.screen = pyte.Screen(*size)
        self.output = b""
        self._stream = pyte.ByteStream(self.screen)
        self._fed = 0
        self.pid, self._file = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGHUP, signal.SIG_IGN if nohup else signal.SIG_DFL)
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
            own = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
            own |= {"TERM": "xterm-256color", "LANG": "C.UTF-8", **environment}
            # With these variables and no others: readline, which pytest loads, sets COLUMNS and LINES behind
            # Python's back, and execv would hand them on.
            os.execve(sys.executable, [sys.executable, *program, *arguments], own)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()

    @property
    def settings(self) -> list[object]:
        """Echo, line editing, and what else `stty -a` tells."""
        return termios.tcgetattr(self._file)

    @property
    def modes(self) -> set[int]:
        """What escape sequences switched on and not off again: screens, mouse reports, a shown cursor."""
        on = {25}
        for numbers, switch in re.findall(rb"\x1b\[\?([\d;]+)([hl])", self.output):
            for number in map(int, numbers.split(b";")):
                (on.add if switch == b"h" else on.discard)(number)
        return on

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    def sees(self, *texts: str) -> None:
        """Wait until all of these are on the screen at once, wherever their lines are broken."""
        self.until(lambda: all(_within(text, self.text) for text in texts), " and ".join(map(repr, texts)))

    def until(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < deadline, f"waited {DEADLINE:g} s for {what}; there is\n{self.text}"
            assert self._read() or condition(), f"tuilab ended before {what}; there was\n{self.text}"

    def press(self, keys: str) -> None:
        os.write(self._file, keys.encode())

    def resize(self, width: int, height: int) -> None:
        self.screen.resize(height, width)
        # The kernel tells the process.
        fcntl.ioctl(self._file, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def leaves(self) -> int:
        """Wait for the end; the exit code."""
        deadline = time.monotonic() + DEADLINE
        while self._read():
            assert time.monotonic() < deadline, f"tuilab does not end; there is\n{self.text}"
        return self._reap()

    def hang_up(self) -> int | None:
        """Close the terminal, as a lost connection does; the exit code of what had not ended before."""
        if self._file < 0:
            return None
        os.close(self._file)
        self._file = -1
        return self._reap() if self.pid else None

    def _read(self) -> bool:
        """Take in what was written; False at the end."""
        if not select.select([self._file], [], [], 0.1)[0]:
            return True
        try:
            self.output += (new := os.read(self._file, 65_536))
        except OSError:
            return False
        # An escape sequence may come in two parts: what is not whole yet is fed with the rest.
        whole = len(self.output) if b"\x1b" not in new[-12:] else self.output.rfind(b"\x1b")
        if whole > self._fed:
            self._stream.feed(_QUERIES.sub(b"", self.output[self._fed : whole]))
            self._fed = whole
        return bool(new)

    def _reap(self) -> int:
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        pytest.fail("tuilab does not end")


def _within(text: str, screen: str) -> bool:
    return text in screen or text in " ".join(screen.split())

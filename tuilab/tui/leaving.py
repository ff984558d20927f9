"""Leaving when nobody pressed a key: on a signal, or because the terminal has vanished.

Either way the lab ends as it does on `q`: the terminal gets back its screen, its echo and its mouse.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from textual.drivers.linux_driver import LinuxDriver

from tuilab.terminal import Lasting

CHECK_EVERY = 1.0
"""Seconds between two looks at whether the terminal is still there."""


class LastingDriver(LinuxDriver):
    """Writes to the terminal, and into the void once there is none: ending must not wait for it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._file: Any = Lasting(self._file)


@contextmanager
def on_signals(leave: Callable[[int], None]) -> Iterator[None]:
    """While this lasts, SIGINT, SIGTERM and SIGHUP call `leave` with an exit code, 128 and their number.

    A second signal of the same kind ends the process at once. What is ignored stays so: under nohup the
    lab ends when it finds its terminal gone.
    """

    def handle(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        try:
            asyncio.get_running_loop().call_soon_threadsafe(leave, 128 + number)
        except RuntimeError:  # no loop yet, or none any more
            raise SystemExit(128 + number) from None

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, handle)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""Text files line by line, with the offset of each, as far as they are whole; read on when they grow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tuilab.exchange.errors import ExchangeError, RewrittenError

LONGEST = 16 << 20
"""A line of more bytes than this is no line."""

_HEAD = 256


class Lines:
    """A growing text file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.done = 0
        self._head = b""

    def size(self) -> int:
        """Bytes there are now."""
        return self.path.stat().st_size

    def read(self) -> Iterator[tuple[int, bytes]]:
        """Offset and content of each whole line since the last call.

        Raises:
            ExchangeError: it can't be read, or a line is endless.
            RewrittenError: it is shorter than before, or begins otherwise.
        """
        try:
            with self.path.open("rb") as file:
                head = file.read(_HEAD)
                if file.seek(0, 2) < self.done or not head.startswith(self._head):
                    raise RewrittenError(f"{self.path}: it was written anew")
                self._head = head[: min(len(head), max(self.done, 1))]
                file.seek(self.done)
                while line := file.readline(LONGEST):
                    if not line.endswith(b"\n"):
                        if len(line) == LONGEST:
                            raise ExchangeError(f"{self.path}: a line from byte {self.done} on never ends")
                        return
                    at, self.done = self.done, self.done + len(line)
                    yield at, line.rstrip(b"\r\n")
                    self._head = head[: min(self.done, _HEAD)]
        except OSError as error:
            raise ExchangeError(f"{self.path}: can't be read ({error.strerror})") from None

    def last(self) -> tuple[int, bytes] | None:
        """Offset and content of a last line without an end."""
        with self.path.open("rb") as file:
            file.seek(self.done)
            line = file.read(LONGEST)
        return (self.done, line.rstrip(b"\r\n")) if line.strip() else None

"""What logs hold, whoever wrote them: a stream of these items, in the order of the log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Values = NDArray[np.float64] | NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Scalars:
    """Figures of one series.

    Attributes:
        arm: whose.
        tag: what the log calls them.
        steps: (n,) as logged: they may repeat and go back.
        values: (n,) float64 or float32.
        part: which start of the program they are of, counted from 0.
        time: seconds since 1970 at the last of them, 0 where the log does not say.
    """

    arm: str
    tag: str
    steps: Ints
    values: Values
    part: int = 0
    time: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """How many values lie between each edge (k + 1,) and the next: counts (k,)."""

    arm: str
    tag: str
    step: int
    edges: NDArray[np.float64]
    counts: NDArray[np.float64]
    part: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Images:
    """Pictures (n, h, w, 3 or 1) of 8 bits."""

    arm: str
    tag: str
    step: int
    pixels: NDArray[np.uint8]
    part: int = 0


@dataclass(frozen=True, slots=True)
class Config:
    """Settings that the program ran with."""

    arm: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Restart:
    """The program says that it goes on from `step`: what it logged from there on before does not count."""

    arm: str
    step: int
    part: int


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happened, to an arm or (None) to all: a text, an end."""

    arm: str | None
    step: int
    kind: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes of a file that could not be read, and why; of no length: something left out."""

    path: Path
    offset: int
    length: int
    reason: str

    def __str__(self) -> str:
        if not self.length:
            return f"{self.path.name}: {self.reason}"
        return f"{self.path.name}: {self.length} bytes from {self.offset}: {self.reason}"


Item = Scalars | Histogram | Images | Config | Restart | Note | Damage


class Log(Protocol):
    """A log that can be read, and read on when it has grown."""

    @property
    def kind(self) -> str:
        """Whose it is, in words, such as `TensorBoard event files`."""

    @property
    def done(self) -> int:
        """Bytes read so far."""

    def size(self) -> int:
        """Bytes there are now."""

    def read(self) -> Iterator[Item]:
        """What was added since the last call; the first one begins at the start.

        Raises:
            ExchangeError: it can't be read, or was rewritten since the last call (`Rewritten`).
        """

    def rest(self) -> Iterator[Item]:
        """What the log ends with when nothing more will come: an unfinished record, as damage."""

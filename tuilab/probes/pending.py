"""Figures that are still on the device, and what will be made of them once they are on the host."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from torch import Tensor

from tuilab.probes.statistics import fetched

T = TypeVar("T")
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Pending(Generic[T]):
    """One result that waits for its figures, so that many results wait for the device together: `fetch`."""

    figures: tuple[Tensor, ...]
    """On the device."""
    read: Callable[..., T]
    """Takes them as float64 arrays on the host, as many as there are."""

    def then(self, use: Callable[[T], S]) -> Pending[S]:
        """What `use` makes of the result."""
        return Pending(self.figures, lambda *arrays: use(self.read(*arrays)))


def fetch(pending: Iterable[Pending[T]]) -> list[T]:
    """All results, with one transfer for the figures of all."""
    waiting = list(pending)
    arrays = iter(fetched(*(figure for one in waiting for figure in one.figures)))
    return [one.read(*islice(arrays, len(one.figures))) for one in waiting]

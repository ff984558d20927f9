"""Several processes' world in threads of one: each has its share, and all exchange what processes would."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import torch
from torch import Tensor

from tuilab.experiments.world import World

T = TypeVar("T")
PATIENCE = 60.0
"""Seconds that one waits for the others before it is a deadlock."""


class ThreadedWorld(World):
    """One of several, all of which share what they exchange."""

    def __init__(self, rank: int, size: int, table: list[Any], barrier: threading.Barrier) -> None:
        self.rank, self.size = rank, size
        self._table, self._barrier = table, barrier

    def broadcast(self, value: Any) -> Any:
        return self._exchanged(value)[0]

    def broadcast_tensors(self, tensors: Sequence[Tensor]) -> None:
        leaders = self._exchanged([t.detach().clone() for t in tensors])[0]
        with torch.no_grad():
            torch._foreach_copy_(list(tensors), leaders)

    def gather_first(self, text: str) -> str:
        return next(filter(None, self._exchanged(text)), "")

    def any(self, wants: bool) -> bool:
        return any(self._exchanged(wants))

    def all_reduce(self, tensors: Sequence[Tensor]) -> None:
        everybodys = self._exchanged([t.detach().clone() for t in tensors])
        for tensor, *shares in zip(tensors, *everybodys, strict=True):
            tensor.copy_(torch.stack(shares).sum(0))

    def _exchanged(self, value: Any) -> list[Any]:
        self._table[self.rank] = value
        self._barrier.wait(PATIENCE)
        found = list(self._table)
        self._barrier.wait(PATIENCE)
        return found


def together(count: int, act: Callable[[World], T]) -> list[T]:
    """What each of `count` processes comes to; raises what went wrong in one of them."""
    barrier, table = threading.Barrier(count), [None] * count

    def one(rank: int) -> T:
        try:
            return act(ThreadedWorld(rank, count, table, barrier))
        except BaseException:
            barrier.abort()
            raise

    with ThreadPoolExecutor(count) as pool:
        futures = [pool.submit(one, rank) for rank in range(count)]
    errors = [error for future in futures if (error := future.exception())]
    for error in sorted(errors, key=lambda error: isinstance(error, threading.BrokenBarrierError)):
        raise error
    return [future.result() for future in futures]

"""One run in several processes, as `torchrun` starts them: how they find each other and stay in step.

What the processes agree on, they agree on as JSON on the CPU (gloo); gradients travel where they are (gloo on
the CPU, NCCL between GPUs). A process that ends is noticed by the others at their next exchange.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from tuilab.experiments.world import PeerFailed, PeerLost, T, World

PATIENCE = timedelta(minutes=10)
"""How long one process waits for another that is there and does not answer."""

_SHORT = 256
"""Bytes that an exchange of texts takes, unless one of them is longer."""


class TorchWorld(World):
    """The world of torch's process group."""

    def __init__(self) -> None:
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        self.local_rank = int(os.environ.get("LOCAL_RANK", self.rank))

    def broadcast(self, value: Any) -> Any:
        """See `World`."""
        return json.loads(self._gathered(json.dumps(value) if self.leader else "")[0])

    def broadcast_tensors(self, tensors: Sequence[Tensor]) -> None:
        """See `World`. All of them travel as one."""
        self._as_one(tensors, lambda flat: dist.broadcast(flat, 0))

    def gather_first(self, text: str) -> str:
        """See `World`."""
        return next(filter(None, self._gathered(text)), "")

    def any(self, wants: bool) -> bool:
        """See `World`."""
        flag = torch.tensor([int(wants)])
        with _exchanging():
            dist.all_reduce(flag, dist.ReduceOp.MAX)
        return bool(flag.item())

    def all_or_none(self, act: Callable[[], T]) -> T:
        """See `World`."""
        problem, done = "", None
        try:
            done = act()
        except Exception as error:
            if not type(error).__module__.startswith("tuilab."):
                raise
            problem = str(error)
        if problem := self.gather_first(problem):
            raise PeerFailed(problem)
        return done  # type: ignore[return-value]

    def all_reduce(self, tensors: Sequence[Tensor]) -> None:
        """See `World`. All of them travel as one."""
        self._as_one(tensors, dist.all_reduce)

    @torch.no_grad()
    def _as_one(self, tensors: Sequence[Tensor], exchange: Callable[[Tensor], object]) -> None:
        """Exchange the values of some tensors in one go, and put them back."""
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        with _exchanging():
            exchange(flat)
        parts = flat.split([t.numel() for t in tensors])  # type: ignore[no-untyped-call]
        torch._foreach_copy_(list(tensors), [p.view_as(t) for p, t in zip(parts, tensors, strict=True)])

    def _gathered(self, text: str) -> list[str]:
        """Every process's text, by rank: a short one in one exchange, a longer one in two."""
        data = text.encode()
        rows = self._exchanged((len(data).to_bytes(8) + data)[:_SHORT], _SHORT)
        counts = [int.from_bytes(row[:8]) for row in rows]
        if max(counts) > _SHORT - 8:
            return [
                row[:n].decode() for row, n in zip(self._exchanged(data, max(counts)), counts, strict=True)
            ]
        return [row[8 : 8 + n].decode() for row, n in zip(rows, counts, strict=True)]

    def _exchanged(self, data: bytes, size: int) -> list[bytes]:
        own = torch.frombuffer(bytearray(data.ljust(size, b"\0")), dtype=torch.uint8)
        found = [torch.empty(size, dtype=torch.uint8) for _ in range(self.size)]
        with _exchanging():
            dist.all_gather(found, own)
        return [row.numpy().tobytes() for row in found]


@contextmanager
def joined() -> Iterator[World]:
    """This process among those that `torchrun` started, for as long as it takes.

    Raises:
        PeerLost: they did not all come, or one left.
    """
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() and dist.is_nccl_available() else "gloo"
    with _exchanging():
        dist.init_process_group(backend, timeout=PATIENCE)
    yield TorchWorld()
    # After an error nobody is left to take leave of, and asking could take as long as patience lasts.
    dist.destroy_process_group()


@contextmanager
def _exchanging() -> Iterator[None]:
    """An exchange that fails does so because another process is not there."""
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        raise PeerLost("another process of this run has ended, or no longer answers") from error

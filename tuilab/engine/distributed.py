"""One run in several processes, as `torchrun` starts them: how they find each other and stay in step.

What the processes agree on, they agree on as JSON on the CPU (gloo); gradients travel where they are (gloo on
the CPU, NCCL between GPUs). A process that ends is noticed by the others at their next exchange. One that is
busy is waited for: its pulse, a count that a thread of its own keeps raising, says that it lives.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.rendezvous import rendezvous

from tuilab.experiments.world import PeerFailed, PeerLost, T, World

PATIENCE = 600.0
"""Seconds without a pulse after which a process counts as lost."""
BEAT = 5.0
"""Seconds between two beats of a pulse."""
_EVER = timedelta(days=365)
_SHORT = 256
"""Bytes that an exchange of texts takes, unless one of them is longer."""


class Pulse:
    """Says that this process lives for as long as it does, and knows when another has not said so for long.

    Args:
        store: torch's, of all processes: where they count.
        rank: this one's number.
        size: how many there are.
    """

    def __init__(self, store: Any, rank: int, size: int) -> None:
        self._store, self._rank = store, rank
        self._counts = dict.fromkeys(set(range(size)) - {rank}, 0)
        self._heard = dict.fromkeys(self._counts, time.monotonic())
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def __enter__(self) -> Pulse:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join(1.0)  # not longer: the store may have gone with another process

    def lost(self) -> bool:
        """Whether a process has been silent for too long."""
        return time.monotonic() - min(self._heard.values()) > PATIENCE

    def _run(self) -> None:
        # Where the store has gone with its process, nobody is heard of any more.
        with suppress(RuntimeError):
            while not self._over.wait(BEAT):
                self._store.add(f"pulse/{self._rank}", 1)
                for other, known in self._counts.items():
                    if (count := self._store.add(f"pulse/{other}", 0)) != known:
                        self._counts[other], self._heard[other] = count, time.monotonic()


class TorchWorld(World):
    """The world of torch's process group.

    Args:
        pulse: that of all processes.
    """

    def __init__(self, pulse: Pulse) -> None:
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        self.local_rank = int(os.environ.get("LOCAL_RANK", self.rank))
        self._pulse = pulse
        # Tensors on the CPU and plain data: who lives is waited for, however long it takes.
        self._patient = dist.new_group(backend="gloo", timeout=_EVER)

    def broadcast(self, value: Any) -> Any:
        """See `World`."""
        return json.loads(self._gathered(json.dumps(value) if self.leader else "")[0])

    def broadcast_tensors(self, tensors: Sequence[Tensor]) -> None:
        """See `World`. All of them travel as one."""
        self._as_one(tensors, dist.broadcast, src=0)

    def gather_first(self, text: str) -> str:
        """See `World`."""
        return next(filter(None, self._gathered(text)), "")

    def any(self, wants: bool) -> bool:
        """See `World`."""
        flag = torch.tensor([int(wants)])
        self._exchange(dist.all_reduce, flag, op=dist.ReduceOp.MAX)
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
    def _as_one(self, tensors: Sequence[Tensor], exchange: Callable[..., Any], **how: Any) -> None:
        """Exchange the values of some tensors in one go, and put them back."""
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        self._exchange(exchange, flat, **how)
        parts = flat.split([t.numel() for t in tensors])  # type: ignore[no-untyped-call]
        torch._foreach_copy_(list(tensors), [p.view_as(t) for p, t in zip(parts, tensors, strict=True)])

    def _exchange(self, exchange: Callable[..., Any], *tensors: Any, **how: Any) -> None:
        """Let torch exchange tensors, and wait for every process that lives."""
        with _exchanging():
            if tensors[-1].device.type != "cpu":
                exchange(*tensors, **how)
                return
            work = exchange(*tensors, **how, group=self._patient, async_op=True)
            while True:
                try:
                    work.wait(timedelta(seconds=BEAT))
                    return
                except RuntimeError:
                    if work.is_completed() or self._pulse.lost():
                        raise

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
        self._exchange(dist.all_gather, found, own)
        return [row.numpy().tobytes() for row in found]


@contextmanager
def joined() -> Iterator[World]:
    """This process among those that `torchrun` started, for as long as it takes.

    Raises:
        PeerLost: they did not all come, or one left.
    """
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() and dist.is_nccl_available() else "gloo"
    patience = timedelta(seconds=PATIENCE)
    with _exchanging():
        store, rank, size = next(rendezvous("env://", timeout=patience))
        dist.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=patience)
    with Pulse(store, rank, size) as pulse:
        yield TorchWorld(pulse)
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

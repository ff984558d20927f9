"""The processes that run one experiment together, each with its share of every batch; mostly there is one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from torch import Tensor

T = TypeVar("T")


class DistributedError(Exception):
    """What several processes can't do, or can't do any more: one clear sentence."""


class PeerLost(DistributedError):
    """Another process has gone."""


class PeerFailed(DistributedError):
    """What went wrong in one process, and is now said by all of them."""


class World:
    """One process, its own leader: everything is already agreed. `engine.distributed` has the one of many.

    Every process has to call each method as often, and in the same order, as the others.
    """

    rank = 0
    """This process's number."""
    size = 1
    """How many there are."""
    local_rank: int | None = None
    """This process's number on this machine, None for one that is alone."""

    @property
    def leader(self) -> bool:
        """Whether this is the process that judges, decides, and writes what belongs to all."""
        return self.rank == 0

    def broadcast(self, value: Any) -> Any:
        """Broadcast plain data: what the leader says; what the others give is ignored."""
        return value

    def broadcast_tensors(self, tensors: Sequence[Tensor]) -> None:
        """Broadcast tensors: each of them becomes the leader's, in place."""

    def gather_first(self, text: str) -> str:
        """Gather texts, and take the first that is not empty, by rank."""
        return text

    def any(self, wants: bool) -> bool:
        """All-reduce by "or": whether any process wants it."""
        return wants

    def all_or_none(self, act: Callable[[], T]) -> T:
        """Let every process do it; where one of them can't, none goes on.

        Raises:
            PeerFailed: another process could not, or this one, among several.
        """
        return act()

    def all_reduce(self, tensors: Sequence[Tensor]) -> None:
        """All-reduce by sum: each of the tensors becomes its sum over the processes, in place."""

    def shard(self, count: int) -> slice:
        """Shard `count` examples: this process's share, a stretch as long as the others', or one longer."""
        return slice(count * self.rank // self.size, count * (self.rank + 1) // self.size)


ALONE = World()

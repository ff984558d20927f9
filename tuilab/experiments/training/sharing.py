"""One network that several processes learn together, each from its share of every batch.

Gradients add up, and so does a batch's loss. Three things do not, and are here: what batch norm remembers of
a batch; a line search, which branches on what it finds; and whether the weights are the same everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from tuilab.experiments.world import World
from tuilab.parts.normalization import BatchNorm


class SharedStatistics:
    """What batch norms remember of a batch that lies in several processes: as if it lay in one.

    With w the shares of the batch, the mean is ⟨μ⟩ = Σw·μ and the variance Σw·(σ² + (μ − ⟨μ⟩)²): the mean of
    the shares' variances, and the variance of their means.

    Args:
        network: whose batch norms.
        world: the processes.
    """

    def __init__(self, network: nn.Module, world: World) -> None:
        self._world = world
        self._norms = [module for module in network.modules() if isinstance(module, BatchNorm)]
        self._before: list[tuple[Tensor, Tensor]] = []

    @contextmanager
    def of_share(self) -> Iterator[None]:
        """Around a pass: running averages are replaced by the mean and variance of this process's share."""
        momenta = [norm.momentum for norm in self._norms]
        self._before = [(norm.running_mean.clone(), norm.running_var.clone()) for norm in self._norms]
        for norm in self._norms:
            norm.momentum = 1.0
        try:
            yield
        finally:
            for norm, momentum in zip(self._norms, momenta, strict=True):
                norm.momentum = momentum

    def table(self) -> list[Tensor]:
        """What the pass showed, for all processes to be summed up: (processes, 2·channels + 1) a norm.

        A row a process: means, variances, and of how many values.
        """
        tables = []
        for norm in self._norms:
            table = norm.running_mean.new_zeros(self._world.size, 2 * len(norm.running_mean) + 1)
            count = norm.values
            biased = norm.running_var * ((count - 1) / count)
            table[self._world.rank, :-1] = torch.cat([norm.running_mean, biased])
            table[self._world.rank, -1] = count
            tables.append(table)
        return tables

    def settle(self, tables: Sequence[Tensor]) -> None:
        """Move the running averages, as they were before the pass, by the whole batch."""
        for norm, table, (mean, var) in zip(self._norms, tables, self._before, strict=True):
            counts = table[:, -1:]
            total, weights = counts.sum(), counts / counts.sum()
            means, variances = table[:, :-1].chunk(2, 1)
            whole = (weights * means).sum(0)
            spread = (weights * (variances + (means - whole).square())).sum(0)
            norm.running_mean.copy_(mean.lerp(whole, norm.momentum))
            norm.running_var.copy_(var.lerp(spread * total / (total - 1).clamp(min=1), norm.momentum))
        self._before = []


def led(
    world: World,
    parameters: Sequence[Tensor],
    search: Callable[[Callable[[], Tensor]], None],
    look: Callable[[], Tensor],
) -> None:
    """Let the leader search, and every process look wherever it looks.

    A search goes on or ends by what it finds: processes that each decided for themselves would wait for one
    another in vain as soon as the last bit of one's sums differed.

    Args:
        world: the processes.
        parameters: where to look, and at the end where the search came to; in every process the leader's.
        search: moves the parameters, and looks as often as it likes.
        look: finds out about the batch there, of which every process has a share.
    """
    if world.leader:

        def look_together() -> Tensor:
            world.broadcast(True)
            world.broadcast_tensors(parameters)
            return look()

        search(look_together)
        world.broadcast(False)
    else:
        while world.broadcast(None):
            world.broadcast_tensors(parameters)
            look()
    world.broadcast_tensors(parameters)


def checksum(tensors: Sequence[Tensor]) -> Tensor:
    """A number that changes with any bit of any of the tensors, () int64, not waited for."""
    sums = [t.detach().view(torch.int32 if t.element_size() == 4 else torch.int64).sum() for t in tensors]
    places = torch.arange(1, len(sums) + 1, device=sums[0].device)
    return (torch.stack(sums) * places).sum()

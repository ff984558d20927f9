"""Several networks out of one training run: averages of its weights, and snapshots along its way.

Independent networks that vote are the better ensemble and cost as many trainings as they are. These cost one:

    EMA        running mean of the weights, a ← d·a + (1 − d)·w           (Polyak & Juditsky, SIAM J. 1992)
    SWA        plain mean of the weights at regular steps of the last part (Izmailov et al., UAI 2018)
    snapshots  the learning rate falls to 0 and starts anew several times; the networks at the ends of those
               cycles vote                                                 (Huang et al., ICLR 2017)

A mean of weights is one network. It means something because all of them lie in one basin of the loss; weights
of independent networks do not, and their mean is no better than noise. Votes are predicted probabilities.

A mean of weights needs batch-norm statistics of its own: `refresh` finds them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from tuilab.parts.normalization import BatchNorm


class Average(Protocol):
    """What is gathered along the way."""

    networks: list[nn.Module]
    """Those to be asked together; none before anything was gathered."""
    cycles: int
    """How often the learning-rate schedule runs."""

    def gather(self, network: nn.Module, step: int, steps: int) -> None:
        """Look at the network after `step` of `steps` updates."""

    def state(self) -> dict[str, Any]:
        """What was gathered."""

    def restore(self, state: dict[str, Any], like: nn.Module) -> None:
        """Go on from there; `like` is a network of the kind."""


class NoAverage:
    """Gathers nothing."""

    cycles = 1

    def __init__(self) -> None:
        self.networks: list[nn.Module] = []
        self._gathered = 0

    def gather(self, network: nn.Module, step: int, steps: int) -> None:
        """Nothing."""

    def state(self) -> dict[str, Any]:
        """What was gathered."""
        return {"networks": [n.state_dict() for n in self.networks], "gathered": self._gathered}

    def restore(self, state: dict[str, Any], like: nn.Module) -> None:
        """Go on from there; `like` is a network of the kind."""
        self.networks, self._gathered = [copy.deepcopy(like) for _ in state["networks"]], state["gathered"]
        for network, weights in zip(self.networks, state["networks"], strict=True):
            network.load_state_dict(weights)


class EMA(NoAverage):
    """Exponential moving average of the weights, and of running statistics.

    Args:
        decay: d; about the last 1/(1 − d) steps count. At first it is (1 + t)/(10 + t), while that is less.
    """

    def __init__(self, decay: float = 0.999) -> None:
        super().__init__()
        self.decay = decay

    @torch.no_grad()
    def gather(self, network: nn.Module, step: int, steps: int) -> None:
        """One more step of the average."""
        if not self.networks:
            self.networks = [copy.deepcopy(network)]
        share = 1 - min(self.decay, (1 + step) / (10 + step))
        _approach(self.networks[0], network, share)


class SWA(NoAverage):
    """Mean of the weights every so many steps of the last part.

    Args:
        start: where the last part begins, as a share of the steps.
        every: steps between two networks of the mean.
    """

    def __init__(self, start: float = 0.75, every: int = 20) -> None:
        super().__init__()
        self.start, self.every = start, every

    @torch.no_grad()
    def gather(self, network: nn.Module, step: int, steps: int) -> None:
        """Take the network into the mean if it is time."""
        if step < self.start * steps or (step % self.every and step < steps):
            return
        if not self.networks:
            self.networks = [copy.deepcopy(network)]
        self._gathered += 1
        _approach(self.networks[0], network, 1 / self._gathered)


class Snapshots(NoAverage):
    """Copies of the network at the ends of equal cycles.

    Args:
        cycles: how many.
    """

    def __init__(self, cycles: int = 5) -> None:
        super().__init__()
        self.cycles = cycles

    def gather(self, network: nn.Module, step: int, steps: int) -> None:
        """Keep a copy if a cycle has just ended."""
        if step and step * self.cycles // steps > (step - 1) * self.cycles // steps:
            self.networks.append(copy.deepcopy(network))


AVERAGES: dict[str, Callable[..., Average]] = {
    "none": NoAverage,
    "ema": EMA,
    "swa": SWA,
    "snapshots": Snapshots,
}
"""Every way of gathering by the name scenarios use."""


@torch.no_grad()
def refresh(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Batch norms' running statistics as the plain mean over these batches, in place of those they have."""
    norms = [module for module in network.modules() if isinstance(module, BatchNorm)]
    if not norms:
        return
    momenta, training = [norm.momentum for norm in norms], network.training
    network.train()
    for number, batch in enumerate(batches, 1):
        for norm in norms:
            norm.momentum = 1 / number
        network(batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    network.train(training)


def _approach(average: nn.Module, network: nn.Module, share: float) -> None:
    """Move the average by this share of the way to the network, statistics included."""
    mine, theirs = _numbers(average), _numbers(network)
    torch._foreach_lerp_(mine, theirs, share)


def _numbers(network: nn.Module) -> list[Tensor]:
    return [t.detach() for t in (*network.parameters(), *network.buffers()) if t.is_floating_point()]

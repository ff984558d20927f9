"""Dropout: units set to zero at random while learning, so that none can rely on another being there.

With r, 1 where a unit is kept and 0 where it is dropped, of mean 1 − p and variance p(1 − p), *inverted*
dropout hands on

    y = r·x/(1 − p)        E[y] = x        Var(y) = x²·p/(1 − p)

so that nothing needs scaling at test time, when every unit is there: y = x. (The original paper leaves
y = r·x while learning and shrinks the weights by 1 − p at test time: the same function, up to scale.)

Srivastava et al., "Dropout: A simple way to prevent neural networks from overfitting", JMLR 2014.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class Dropout(nn.Module):
    """Inverted dropout, its masks drawn from a generator that it is given.

    Args:
        p: the probability that a unit is dropped, 0 ≤ p < 1.
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p
        self.sampling = False
        """Whether units are dropped at test time too, to average over many such passes."""
        self.generator: torch.Generator | None = None
        """On the inputs' device."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Dropout:
        """A copy, drawing from the same generator: whoever uses it restarts that first."""
        copied = Dropout(self.p).train(self.training)
        copied.sampling, copied.generator = self.sampling, self.generator
        return copied

    def forward(self, x: Tensor) -> Tensor:
        """Output y as above in training mode or when sampling, else x.

        Raises:
            RuntimeError: it has no generator. torch's own, which all of a process shares, would make one
                network's masks depend on what others drew.
        """
        if not self.p or not (self.training or self.sampling):
            return x
        if self.generator is None:
            raise RuntimeError("dropout without a generator has nothing to draw its masks from")
        kept = torch.empty_like(x).bernoulli_(1 - self.p, generator=self.generator)
        return x * (kept / (1 - self.p))

"""Per-parameter learning rates: AdaGrad and RMSProp."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tuilab.parts.optimizers.rule import Number, State, penalised


@dataclass(frozen=True)
class AdaGrad:
    """AdaGrad: s ← s + g², x ← x − lr·g/(√s + ε) (Duchi, Hazan & Singer, JMLR 2011).

    Steep directions are slowed, shallow ones are not. But s only grows: under a constant gradient step t is
    lr/√t, so after T steps the distance is near 2·lr·√T and each step smaller than the one before.
    The lecture has ε = 1e-7, torch 1e-10; both add it outside the root.
    """

    lr: Number
    eps: Number = 1e-10
    weight_decay: Number = 0.0

    def start(self, x: Tensor) -> State:
        """The sum of squared gradients (like x)."""
        return (torch.zeros_like(x),)

    def step(self, x: Tensor, g: Tensor, state: State) -> tuple[Tensor, State]:
        """Step along the gradient, measured in the root of all squares so far."""
        (s,) = state
        g = penalised(g, x, self.weight_decay)
        s = s + g * g
        return x - self.lr * g / (torch.sqrt(s) + self.eps), (s,)


@dataclass(frozen=True)
class RMSProp:
    """RMSProp, a leaky AdaGrad: s ← α·s + (1 − α)·g², x ← x − lr·g/(√s + ε) (Hinton, Coursera 6e, 2012).

    Old squares leak out at the decay rate α, so steps don't die: under a constant gradient they settle at lr.
    s starts at zero and there is no bias correction, so the first step is lr/√(1 − α), ten times lr for
    α = .99 (Adam repairs that). ε is outside the root in the lecture (1e-7) and in torch (1e-8), as here;
    TensorFlow's first version had √(s + ε), which for small gradients is another rule altogether.
    """

    lr: Number
    alpha: Number = 0.99
    eps: Number = 1e-8
    weight_decay: Number = 0.0

    def start(self, x: Tensor) -> State:
        """The running mean of squared gradients (like x)."""
        return (torch.zeros_like(x),)

    def step(self, x: Tensor, g: Tensor, state: State) -> tuple[Tensor, State]:
        """Step along the gradient, measured in the root of the recent squares' mean."""
        (s,) = state
        g = penalised(g, x, self.weight_decay)
        s = self.alpha * s + (1 - self.alpha) * g * g
        return x - self.lr * g / (torch.sqrt(s) + self.eps), (s,)

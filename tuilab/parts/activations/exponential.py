"""Linear where h > 0, an exponential that levels off where h < 0."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from tuilab.parts.activations.base import Activation


class ELU(Activation):
    """φ(h) = h where h > 0, else α(eʰ − 1): mean outputs nearer zero than ReLU's (Clevert et al., ICLR 2016).

    Args:
        alpha: −α is where it levels off.
    """

    high, kinks = 4.0, (0.0,)
    scale = 1.0

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha
        self.low = -self.scale * alpha

    def __call__(self, h: Tensor) -> Tensor:
        """H where h > 0, else α(eʰ − 1); all times the scale."""
        return self.scale * functional.elu(h, self.alpha)

    def derivative(self, h: Tensor) -> Tensor:
        """1 where h > 0, else α·eʰ; all times the scale."""
        return self.scale * torch.where(h > 0, torch.ones_like(h), self.alpha * torch.exp(h.clamp(max=0)))

    def flat(self, x: Tensor) -> Tensor:
        """Within .01 of the bottom: there φ' = x + scale·α < .01."""
        return x < 0.01 - self.scale * self.alpha


class SELU(ELU):
    """λ·ELU, λ and α such that mean 0 and variance 1 are a stable fixed point (Klambauer et al., NIPS 2017).

    For that the weights must have mean 0 and variance 1/fan_in.
    """

    scale = 1.0507009873554805
    high = 4.0 * scale

    def __init__(self) -> None:
        super().__init__(alpha=1.6732632423543772)

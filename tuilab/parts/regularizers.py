"""Regularisers: what a penalty λ·R(W) on large weights does to them.

On the slide's scale, R(W) being a sum over every weight w of every layer (biases and normalisation left out):

    L2            R = Σ w²           gradient 2λ·w: a step shrinks w by the factor 1 − lr·2λ, never to 0
    L1            R = Σ |w|          gradient λ·sign(w): the same force on a small weight as on a large one
    elastic net   R = Σ β·w² + |w|

The force of L1 pulls a small weight across 0 and back again: with plain gradient steps none is ever exactly
0. The *proximal* step, the minimiser of lr·λ|w| + ½(w − v)² near the point v where the loss alone would go,
stops there:

    w = sign(v)·max(|v| − lr·λ, 0)          (soft thresholding)

(Optimisers' `weight_decay` d is L2 with λ = d/2. Adam divides the penalty's gradient by its running size too,
and so hardly shrinks weights by it: AdamW exists because of that.)

    Soft thresholding in gradient descent     Daubechies, Defrise & De Mol, Comm. Pure Appl. Math. 57 (2004)
    Elastic net                               Zou & Hastie, J. R. Statist. Soc. B 67 (2005)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Regularizer(Protocol):
    """A penalty on some weights. Gradient and step are those of plain descent; the rule may scale them."""

    def penalty(self, weights: Sequence[Tensor]) -> Tensor:
        """λ·R(W), a scalar."""

    def add_gradient(self, weights: Sequence[Tensor]) -> None:
        """Add ∂λR/∂w to each weight's `grad`, as far as the penalty acts by its gradient."""

    def settle(self, weights: Sequence[Tensor], lr: float) -> None:
        """The proximal step after the update, as far as the penalty acts by one."""


@dataclass(frozen=True)
class NoRegularizer:
    """No penalty."""

    def penalty(self, weights: Sequence[Tensor]) -> Tensor:
        """0."""
        return weights[0].new_zeros(())

    def add_gradient(self, weights: Sequence[Tensor]) -> None:
        """Nothing."""

    def settle(self, weights: Sequence[Tensor], lr: float) -> None:
        """Nothing."""


@dataclass(frozen=True)
class ElasticNet:
    """λ·Σ (β·w² + |w|).

    Args:
        strength: λ.
        beta: β, the share of L2.
        proximal: whether |w| acts by the proximal step, which makes exact zeros, or by its gradient.
    """

    strength: float = 1e-4
    beta: float = 1.0
    proximal: bool = True

    @torch.no_grad()
    def penalty(self, weights: Sequence[Tensor]) -> Tensor:
        """See the class."""
        squares = torch.stack([weight.square().sum() for weight in weights]).sum()
        sizes = torch.stack([weight.abs().sum() for weight in weights]).sum()
        return self.strength * (self.beta * squares + sizes)

    @torch.no_grad()
    def add_gradient(self, weights: Sequence[Tensor]) -> None:
        """2λβ·w, and λ·sign(w) unless that is left to the proximal step."""
        _add(weights, 2 * self.strength * self.beta, list(weights))
        if not self.proximal:
            _add(weights, self.strength, [weight.sign() for weight in weights])

    @torch.no_grad()
    def settle(self, weights: Sequence[Tensor], lr: float) -> None:
        """Soft thresholding at lr·λ."""
        if self.proximal:
            for weight in weights:
                weight.copy_(soft_threshold(weight, lr * self.strength))


@dataclass(frozen=True)
class L1:
    """λ·Σ |w|: an elastic net without L2.

    Args:
        strength: λ.
        proximal: whether it acts by the proximal step, which makes exact zeros, or by its gradient.
    """

    strength: float = 1e-4
    proximal: bool = True

    def penalty(self, weights: Sequence[Tensor]) -> Tensor:
        """See the class."""
        return self._net.penalty(weights)

    def add_gradient(self, weights: Sequence[Tensor]) -> None:
        """λ·sign(w), unless that is left to the proximal step."""
        self._net.add_gradient(weights)

    def settle(self, weights: Sequence[Tensor], lr: float) -> None:
        """Soft thresholding at lr·λ: w ← sign(w)·max(|w| − lr·λ, 0)."""
        self._net.settle(weights, lr)

    @property
    def _net(self) -> ElasticNet:
        return ElasticNet(self.strength, 0.0, self.proximal)


@dataclass(frozen=True)
class L2(NoRegularizer):
    """λ·Σ w².

    Args:
        strength: λ.
    """

    strength: float = 1e-4

    @torch.no_grad()
    def penalty(self, weights: Sequence[Tensor]) -> Tensor:
        """See the class."""
        return self.strength * torch.stack([weight.square().sum() for weight in weights]).sum()

    def add_gradient(self, weights: Sequence[Tensor]) -> None:
        """2λ·w."""
        _add(weights, 2 * self.strength, list(weights))


REGULARIZERS: dict[str, Callable[..., Regularizer]] = {
    "none": NoRegularizer,
    "l2": L2,
    "l1": L1,
    "elastic_net": ElasticNet,
}
"""Every regulariser by the name scenarios use."""


def soft_threshold(v: Tensor, threshold: float) -> Tensor:
    """sign(v)·max(|v| − threshold, 0): the proximal step of threshold·|w|."""
    return v.sign() * (v.abs() - threshold).clamp(min=0)


@torch.no_grad()
def _add(weights: Sequence[Tensor], factor: float, terms: list[Tensor]) -> None:
    gradients = [weight.grad for weight in weights]
    present = [(g, term) for g, term in zip(gradients, terms, strict=True) if g is not None]
    if present and factor:
        torch._foreach_add_([g for g, _ in present], [term for _, term in present], alpha=factor)

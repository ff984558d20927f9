"""Adam, and AdamW, its weight decay put right."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tuilab.parts.optimizers.rule import Number, State, penalised


@dataclass(frozen=True)
class Adam:
    """Adam: momentum over RMSProp, with bias correction (Kingma & Ba, ICLR 2015, algorithm 1).

    m and s are running means of g and g². They start at zero, so after t steps they hold only 1 − βᵗ of a
    mean's weight; dividing by that removes the bias, and the first step is lr·g/(|g| + ε), close to lr
    whatever the gradient's size. Without the correction it is (1 − β₁)/√(1 − β₂) = 3.16 times lr.
    The lecture has ε = 1e-7, the paper and torch 1e-8.
    """

    lr: Number
    beta1: Number = 0.9
    beta2: Number = 0.999
    eps: Number = 1e-8
    bias_correction: bool = True
    weight_decay: Number = 0.0

    def start(self, x: Tensor) -> State:
        """First and second moment (like x), and the number of steps taken (one number)."""
        return torch.zeros_like(x), torch.zeros_like(x), torch.zeros((), dtype=torch.float64, device=x.device)

    def step(self, x: Tensor, g: Tensor, state: State) -> tuple[Tensor, State]:
        """Step along the mean gradient, measured in its own root mean square."""
        m, s, t = state
        g = penalised(g, x, self.weight_decay)
        t = t + 1
        m = self.beta1 * m + (1 - self.beta1) * g
        s = self.beta2 * s + (1 - self.beta2) * g * g
        m_unbiased, s_unbiased = m, s
        if self.bias_correction:
            m_unbiased = m / (1 - self.beta1**t)
            s_unbiased = s / (1 - self.beta2**t)
        return x - self.lr * m_unbiased / (torch.sqrt(s_unbiased) + self.eps), (m, s, t)


@dataclass(frozen=True)
class AdamW:
    """Adam with decoupled weight decay: x ← x − lr·λ·x, then Adam's step (Loshchilov & Hutter, ICLR 2019).

    In `Adam` the penalty's gradient λ·x is divided by the root mean square like any gradient, so weights with
    large gradients are hardly decayed. Here every weight shrinks by the same factor 1 − lr·λ a step.
    """

    lr: Number
    beta1: Number = 0.9
    beta2: Number = 0.999
    eps: Number = 1e-8
    weight_decay: Number = 0.01

    def start(self, x: Tensor) -> State:
        """Adam's."""
        return self._adam.start(x)

    def step(self, x: Tensor, g: Tensor, state: State) -> tuple[Tensor, State]:
        """Shrink, then step as Adam does."""
        return self._adam.step(x - self.lr * self.weight_decay * x, g, state)

    @property
    def _adam(self) -> Adam:
        return Adam(self.lr, self.beta1, self.beta2, self.eps)

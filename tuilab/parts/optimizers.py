"""First-order optimisers, each one update rule: from parameters x and gradient g = ∇f(x) to the next x.

A rule is a function without a memory of its own. What it remembers between steps (a velocity, running
moments) is its *state*, handed in and handed back:

    state = rule.start(x)
    x, state = rule.step(x, g, state)

Everything works element by element, so x may have any shape: (2,) for one walker on a surface,
(10_000, 2) for ten thousand at once, a layer's weights. Settings may be tensors that broadcast against x,
such as learning rates of shape (10_000, 1).

`weight_decay` λ adds λ·x to the gradient: the gradient of an L2 penalty ½λ‖x‖² on the loss.

Each rule computes what `torch.optim` computes under the same name and settings; where the lecture writes
the rule in another form, its docstring says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

Number = float | Tensor
State = tuple[Tensor, ...]


class Rule(Protocol):
    """What every optimiser is."""

    def start(self, x: Tensor) -> State:
        """The state before the first step."""

    def step(self, x: Tensor, g: Tensor, state: State) -> tuple[Tensor, State]:
        """The parameters and the state after one step down the gradient g, both shaped like x."""


@dataclass(frozen=True)
class SGD:
    """Gradient descent: x ← x − lr·g.

    On a quadratic, each eigendirection of curvature λ shrinks by |1 − lr·λ| a step. So it diverges for
    lr > 2/L, L being the largest curvature; with the smallest called μ it is fastest at lr = 2/(L + μ),
    where both ends shrink by (κ − 1)/(κ + 1), κ = L/μ being the condition number (Polyak, "Introduction
    to Optimization", 1987, §1.4).
    """

    lr: Number
    weight_decay: Number = 0.0

    def start(self, x: Tensor) -> State:
        """Nothing to remember."""
        return ()

    def step(self, x: Tensor, g: Tensor, state: State) -> tuple[Tensor, State]:
        """One step straight down the gradient."""
        g = _decayed(g, x, self.weight_decay)
        return x - self.lr * g, ()


@dataclass(frozen=True)
class Momentum:
    """SGD with momentum: v ← ρ·v + g, x ← x − lr·v.

    The velocity v builds up as a running sum of gradients, ρ is the friction: a constant gradient ends at the
    terminal velocity g/(1 − ρ), ten times g for ρ = .9. Polyak's heavy ball ("Some methods of speeding up the
    convergence of iteration methods", 1964).
    """

    lr: Number
    momentum: Number = 0.9
    weight_decay: Number = 0.0

    def start(self, x: Tensor) -> State:
        """Velocity (like x): at rest."""
        return (torch.zeros_like(x),)

    def step(self, x: Tensor, g: Tensor, state: State) -> tuple[Tensor, State]:
        """Add the gradient to the velocity, move along the velocity."""
        (v,) = state
        g = _decayed(g, x, self.weight_decay)
        v = self.momentum * v + g
        return x - self.lr * v, (v,)


@dataclass(frozen=True)
class Nesterov:
    """Nesterov momentum: the gradient is taken where the velocity is about to carry us.

    The lecture's form, for a point z (Sutskever et al., ICML 2013, eq. 3–4):

        v ← ρ·v + ∇f(z − lr·ρ·v),   z ← z − lr·v.

    That asks for a gradient at z − lr·ρ·v, but a network hands out gradients at its weights. So the
    weights are kept at the look-ahead point itself, x = z − lr·ρ·v. Put into the above, with the new v:

        v ← ρ·v + g,   x ← x − lr·(g + ρ·v),   g = ∇f(x),

    which is torch's form. Same gradients, same velocities; what is called x is a step ahead of the lecture's
    point, which is z = x + lr·ρ·v at any time.
    """

    lr: Number
    momentum: Number = 0.9
    weight_decay: Number = 0.0

    def start(self, x: Tensor) -> State:
        """Velocity (like x): at rest."""
        return (torch.zeros_like(x),)

    def step(self, x: Tensor, g: Tensor, state: State) -> tuple[Tensor, State]:
        """Like momentum, then on to the next look-ahead point."""
        (v,) = state
        g = _decayed(g, x, self.weight_decay)
        v = self.momentum * v + g
        return x - self.lr * (g + self.momentum * v), (v,)


@dataclass(frozen=True)
class Adam:
    """Adam: momentum over RMSProp, with bias correction (Kingma & Ba, ICLR 2015, algorithm 1).

    m and s are running means of g and g². They start at zero, so after t steps they hold only 1 − βᵗ of a
    mean's weight; dividing by that removes the bias, and the first step is lr·g/(|g| + ε), close to lr
    whatever the gradient's size. The lecture has ε = 1e-7, the paper and torch 1e-8.
    """

    lr: Number
    beta1: Number = 0.9
    beta2: Number = 0.999
    eps: Number = 1e-8
    weight_decay: Number = 0.0

    def start(self, x: Tensor) -> State:
        """First and second moment (like x), and the number of steps taken (one number)."""
        return torch.zeros_like(x), torch.zeros_like(x), torch.zeros((), dtype=torch.float64, device=x.device)

    def step(self, x: Tensor, g: Tensor, state: State) -> tuple[Tensor, State]:
        """Step along the mean gradient, measured in its own root mean square."""
        m, s, t = state
        g = _decayed(g, x, self.weight_decay)
        t = t + 1
        m = self.beta1 * m + (1 - self.beta1) * g
        s = self.beta2 * s + (1 - self.beta2) * g * g
        m_unbiased = m / (1 - self.beta1**t)
        s_unbiased = s / (1 - self.beta2**t)
        return x - self.lr * m_unbiased / (torch.sqrt(s_unbiased) + self.eps), (m, s, t)


def _decayed(g: Tensor, x: Tensor, weight_decay: Number) -> Tensor:
    if isinstance(weight_decay, float) and weight_decay == 0:
        return g
    return g + weight_decay * x


OPTIMIZERS: dict[str, type[SGD] | type[Momentum] | type[Nesterov] | type[Adam]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adam": Adam,
}
"""Every rule by the name scenarios use."""

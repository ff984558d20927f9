"""Rules with a velocity: momentum and Nesterov's look-ahead."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tuilab.parts.optimizers.rule import Differentiable, Number, State, penalised


@dataclass(frozen=True)
class Momentum:
    """SGD with momentum: v ← ρ·v + g, x ← x − lr·v.

    The velocity v builds up as a running sum of gradients, ρ is the friction: a constant gradient ends at the
    terminal velocity g/(1 − ρ), ten times g for ρ = .9. Polyak's heavy ball ("Some methods of speeding up the
    convergence of iteration methods", 1964).

    With dampening τ it is v ← ρ·v + (1 − τ)·g. τ = ρ makes v the running *mean* that the lecture's slide
    speaks of, while its formula has the sum. As in torch, the first step is not dampened: v = g.
    """

    lr: Number
    momentum: Number = 0.9
    dampening: Number = 0.0
    weight_decay: Number = 0.0

    def start(self, x: Tensor) -> State:
        """Velocity (like x): at rest. And the number of steps taken."""
        return torch.zeros_like(x), torch.zeros((), dtype=x.dtype, device=x.device)

    def step(self, x: Tensor, g: Tensor, state: State) -> tuple[Tensor, State]:
        """Add the gradient to the velocity, move along the velocity."""
        v, t = state
        g = penalised(g, x, self.weight_decay)
        if isinstance(self.dampening, Tensor) or self.dampening:
            g_in = (1 - self.dampening * (t > 0).to(t)) * g
        else:
            g_in = g
        v = self.momentum * v + g_in
        return x - self.lr * v, (v, t + 1)


@dataclass(frozen=True)
class Nesterov:
    """Nesterov momentum: the gradient is taken where the velocity is about to carry us.

    The lecture's form, for a point z (Sutskever et al., ICML 2013, eq. 3–4), is `NesterovLookAhead`:

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
        g = penalised(g, x, self.weight_decay)
        v = self.momentum * v + g
        return x - self.lr * (g + self.momentum * v), (v,)


@dataclass(frozen=True)
class NesterovLookAhead:
    """Nesterov momentum as the lecture draws it: v ← ρ·v + ∇f(x − lr·ρ·v), x ← x − lr·v.

    The surface is asked for its gradient at the look-ahead point, so this form is for surfaces, not networks.
    With the same settings its look-ahead points are `Nesterov`'s x.
    """

    lr: Number
    momentum: Number = 0.9

    def start(self, x: Tensor) -> State:
        """Velocity (like x): at rest."""
        return (torch.zeros_like(x),)

    def ahead(self, x: Tensor, state: State) -> Tensor:
        """Where the velocity alone would carry x (like x)."""
        (v,) = state
        return x - self.lr * self.momentum * v

    def step(self, x: Tensor, g: Tensor, state: State, surface: Differentiable) -> tuple[Tensor, State]:
        """Look ahead, take the gradient there, mix it with the velocity; the one at x is not used."""
        (v,) = state
        v = self.momentum * v + surface.gradient(self.ahead(x, state))
        return x - self.lr * v, (v,)

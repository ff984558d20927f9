"""A network's own loss as a function of all its parameters at once, and planes through it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from tuilab.parts.randomness import stream

_ROOM = 1 << 22
"""Numbers that a layer's outputs may take at once."""


class NetworkLoss:
    """Mean cross-entropy of a small perceptron on a data set, of its parameters as one vector θ of length P.

    θ holds every layer's weights (out, in), row by row, and then its biases (out). Any number of θ at once.

    Args:
        points: inputs, (n, widths[0]), float64.
        labels: classes, (n,), int64.
        widths: of the input, every hidden layer, and the class scores.
        activation: of the hidden layers.
    """

    def __init__(
        self,
        points: Tensor,
        labels: Tensor,
        widths: Sequence[int],
        activation: Callable[[Tensor], Tensor] = torch.tanh,
    ) -> None:
        self.points, self.labels, self.widths, self.activation = points, labels, widths, activation
        self.size = sum(fan_out * (fan_in + 1) for fan_in, fan_out in pairwise(widths))

    def on(self, chosen: Tensor) -> NetworkLoss:
        """The loss of some of the examples: a minibatch."""
        return NetworkLoss(self.points[chosen], self.labels[chosen], self.widths, self.activation)

    def start(self, seed: int) -> Tensor:
        """θ (P,) with weights of variance 1/fan_in (Xavier) and no biases."""
        theta = torch.zeros(self.size, dtype=torch.float64)
        for layer, (weights, _) in enumerate(self.layers(theta), 1):
            drawn = torch.randn(weights.shape, generator=stream(seed, "weights", layer), dtype=torch.float64)
            weights.copy_(drawn / weights.shape[-1] ** 0.5)
        return theta

    def layers(self, theta: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Views of every layer's weights (…, out, in) and biases (…, out) in θ (…, P)."""
        found, at = [], 0
        for fan_in, fan_out in pairwise(self.widths):
            weights = theta[..., at : at + fan_out * fan_in].reshape(*theta.shape[:-1], fan_out, fan_in)
            at += fan_out * fan_in
            found.append((weights, theta[..., at : at + fan_out]))
            at += fan_out
        return found

    def scores(self, theta: Tensor) -> Tensor:
        """Class scores of every example: (…, P) → (…, n, classes)."""
        layers, h = self.layers(theta), self.points
        for number, (weights, bias) in enumerate(layers, 1):
            h = h @ weights.mT + bias[..., None, :]
            if number < len(layers):
                h = self.activation(h)
        return h

    def value(self, p: Tensor) -> Tensor:
        """The mean loss: (…, P) → (…)."""
        chosen = torch.log_softmax(self.scores(p), dim=-1)[..., range(len(self.labels)), self.labels]
        return -chosen.mean(-1)

    def gradient(self, p: Tensor) -> Tensor:
        """By autograd: (…, P) → (…, P)."""
        with torch.enable_grad():
            p = p.detach().requires_grad_()
            (found,) = torch.autograd.grad(self.value(p).sum(), p)
        return found

    def hessian(self, p: Tensor) -> Tensor:
        """By autograd, of one θ: (P) → (P, P)."""
        found: Tensor = torch.func.hessian(self.value)(p)
        return found

    def over(self, plane: Plane, x: Tensor, y: Tensor) -> Tensor:
        """Heights (rows, columns) over a grid of a plane, x (columns,) across and y (rows,) up."""
        up, across = torch.meshgrid(y, x, indexing="ij")
        thetas = plane.lift(torch.stack((across, up), dim=-1).reshape(-1, 2))
        at_once = max(1, _ROOM // (len(self.points) * max(self.widths)))
        return torch.cat([self.value(part) for part in torch.split(thetas, at_once)]).reshape(len(y), len(x))


class Plane:
    """The points c + x·d₁ + y·d₂ of parameter space.

    Args:
        center: c, (P,).
        directions: d₁ and d₂, (2, P); any length and angle, but not parallel.
    """

    def __init__(self, center: Tensor, directions: Tensor) -> None:
        self.center, self.directions = center, directions

    def lift(self, places: Tensor) -> Tensor:
        """From the plane into parameter space: (…, 2) → (…, P)."""
        return self.center + places @ self.directions

    def places(self, thetas: Tensor) -> Tensor:
        """The nearest points of the plane, by least squares: (…, P) → (…, 2)."""
        inverse: Tensor = torch.linalg.pinv(self.directions)
        return (thetas - self.center) @ inverse

    def missed(self, path: Tensor) -> Tensor:
        """The share of the variance of a path so far that the plane misses: (steps, P) → (steps), 0 … 1.

        0 as long as the path has not moved.
        """
        away = path - self.center
        held = away @ torch.linalg.qr(self.directions.T).Q
        total, inside = _variance_so_far(away), _variance_so_far(held)
        return torch.where(total > 0, 1 - inside / total, 0.0).clamp(0, 1)


def _variance_so_far(path: Tensor) -> Tensor:
    """The squared distances from their mean, summed over the steps so far: (steps, P) → (steps)."""
    steps = torch.arange(1, len(path) + 1, dtype=path.dtype)
    return path.square().sum(-1).cumsum(0) - path.cumsum(0).square().sum(-1) / steps


def random_plane(loss: NetworkLoss, center: Tensor, seed: int) -> Plane:
    """Two random directions, normalised filter by filter (Li et al., NeurIPS 2018, §4).

    Networks with rectifiers, or with normalisation, compute the same when one layer's weights are scaled up
    and the next one's down. So that distances mean the same for both, every unit's incoming weights in a
    direction get the norm that the unit's weights have at the centre. Biases stay as they are.

    Args:
        loss: whose layers θ has.
        center: θ in the middle, (P,).
        seed: of the two directions.
    """
    directions = torch.zeros(2, loss.size, dtype=torch.float64)
    for number, direction in enumerate(directions):
        for layer, ((drawn, _), (weights, _)) in enumerate(
            zip(loss.layers(direction), loss.layers(center), strict=True)
        ):
            generator = stream(seed, "direction", number, layer)
            drawn.copy_(torch.randn(drawn.shape, generator=generator, dtype=torch.float64))
            drawn *= weights.norm(dim=-1, keepdim=True) / drawn.norm(dim=-1, keepdim=True)
    return Plane(center, directions)


def path_plane(paths: Sequence[Tensor]) -> Plane:
    """The plane that holds most of the paths: their two largest principal components (Li et al., §7.2).

    Args:
        paths: (steps, P) each; the plane goes through their common mean.
    """
    points = torch.cat(list(paths))
    center = points.mean(0)
    return Plane(center, torch.linalg.svd(points - center, full_matrices=False).Vh[:2])

"""What theory says of a descent: where every rule is linear, its long-run rate and its answer to noise.

On f = ½c·e² the linear rules take the state z = (e, v), the distance and the velocity, to

    z ← M·z + k·ξ,    ξ being the gradient's noise.

In the long run z shrinks by the spectral radius of M a step, and its covariance goes C ← M·C·Mᵀ + σ²·k·kᵀ.
For SGD, M is the number 1 − lr·c; for the others it is 2 × 2 (Polyak, "Introduction to Optimization", 1987,
§3.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuilab.parts.surfaces import Quadratic, Saddle, Surface

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Motion:
    """One step along one eigendirection: z ← matrix·z + kick·ξ."""

    matrix: Floats
    kick: Floats

    @property
    def rate(self) -> float:
        """The factor by which a step multiplies the distance in the long run."""
        return float(np.abs(np.linalg.eigvals(self.matrix)).max())

    @property
    def share(self) -> float:
        """The largest mode's share of a start at rest: its distance in the long run ÷ rateᵗ."""
        values, modes = np.linalg.eig(self.matrix)
        largest = int(np.abs(values).argmax())
        return float(abs(modes[0, largest] * np.linalg.inv(modes)[largest, 0]))


def motion(rule: dict[str, Any], curvature: float) -> Motion | None:
    """How a rule of these settings moves along a direction of one curvature; None if not linearly."""
    lr, c = rule.get("lr", 0.0), curvature + rule.get("weight_decay", 0.0)
    rho = rule.get("momentum", 0.0)
    match rule["name"]:
        case "sgd":
            matrix, kick = [[1 - lr * c]], [-lr]
        case "momentum" if not rule.get("dampening"):
            matrix, kick = [[1 - lr * c, -lr * rho], [c, rho]], [-lr, 1]
        case "nesterov":
            matrix, kick = [[1 - lr * c * (1 + rho), -lr * rho * rho], [c, rho]], [-lr * (1 + rho), 1]
        case "nesterov_look_ahead":
            ahead = rho * (1 - lr * c)
            matrix, kick = [[1 - lr * c, -lr * ahead], [c, ahead]], [-lr, 1]
        case _:
            return None
    return Motion(np.array(matrix, np.float64), np.array(kick, np.float64))


def curvatures(surface: Surface) -> list[float]:
    """The eigenvalues of a Hessian that is the same everywhere, the largest first; none of another."""
    if isinstance(surface, Quadratic):
        return [surface.condition_number, 1.0]
    return [surface.curvature, -surface.curvature] if isinstance(surface, Saddle) else []


def motions(surface: Surface, rule: dict[str, Any]) -> list[Motion]:
    """One for each eigendirection, the steepest first; none where theory has nothing to say."""
    found = [motion(rule, curvature) for curvature in curvatures(surface)]
    return [one for one in found if one is not None]


class Spread:
    """How far a crowd that started at one place has spread by its gradients' noise.

    Args:
        moves: of every eigendirection; none where theory has nothing to say.
        noise: variance of a gradient's noise, σ²/batch.
    """

    def __init__(self, moves: list[Motion], noise: float) -> None:
        self._moves, self._noise = moves, noise
        self._covariances = [np.zeros_like(one.matrix) for one in moves]

    def follow(self, moves: list[Motion]) -> None:
        """Go on by other settings of the same rule; where it has none of these, theory is lost for good."""
        if len(moves) == len(self._moves):
            self._moves = moves
        else:
            self._covariances = [np.full_like(covariance, np.nan) for covariance in self._covariances]

    def advance(self, steps: int) -> None:
        """Let so many steps pass."""
        for number, one in enumerate(self._moves):
            kick = self._noise * np.outer(one.kick, one.kick)
            for _ in range(steps):
                self._covariances[number] = one.matrix @ self._covariances[number] @ one.matrix.T + kick

    @property
    def variance(self) -> float | None:
        """Mean squared distance from the crowd's mean; NaN once theory is lost, None where it has none."""
        if not self._moves:
            return None
        return sum(float(covariance[0, 0]) for covariance in self._covariances)

    def state(self) -> list[list[list[float]]]:
        """All that it goes on from."""
        return [covariance.tolist() for covariance in self._covariances]

    def restore(self, state: list[list[list[float]]]) -> None:
        """Go on from there; raises ValueError where it is another rule's."""
        for mine, saved in zip(self._covariances, state, strict=True):
            mine[:] = saved


def edge(rule: str, momentum: Floats, steepest: float) -> Floats | None:
    """The largest learning rate that does not diverge, at every momentum: 2(1 + ρ)/L for the heavy ball.

    Where it starts to swing at growing width, M has the eigenvalue −1: det(M + 1) = 0. Weight decay is part
    of the curvature L that a rule sees.
    """
    if rule == "momentum":
        return 2 * (1 + momentum) / steepest
    if rule in ("nesterov", "nesterov_look_ahead"):
        return 2 * (1 + momentum) / (1 + 2 * momentum) / steepest
    return None

"""What an activation is: x = φ(h), and what a unit passes back, φ'(h).

Notation as in the lecture: h is a layer's preactivation (what the weights deliver), x = φ(h) its output.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor


class Activation(ABC):
    """One nonlinearity φ, its settings fixed: call it for φ(h). Works element by element, on any shape."""

    low: float
    high: float
    """The span in which outputs are pictured: all of a bounded φ, four standard deviations of the input's
    for an unbounded one."""
    kinks: tuple[float, ...] = ()
    """Every h at which φ or a derivative of it jumps: integrals have to be split there."""
    pieces: int = 1
    """Linear maps that a unit needs: 1, but for maxout."""
    learned: ClassVar[tuple[str, ...]] = ()
    """Settings that a network learns; `tuilab.parts.models.Activate` makes them parameters."""

    @abstractmethod
    def __call__(self, h: Tensor) -> Tensor:
        """φ(h), the layer's outputs."""

    @abstractmethod
    def derivative(self, h: Tensor) -> Tensor:
        """φ'(h): backpropagation multiplies the gradient at the outputs by this to get the gradient at h.

        Where there is no derivative, what autograd takes for it: the one from the left.
        """

    @abstractmethod
    def flat(self, x: Tensor) -> Tensor:
        """Which *outputs* x lie on a flat part of φ, where next to nothing is passed back (boolean)."""

    def together(self, h: Tensor) -> Tensor:
        """The outputs of units from all their linear maps, (batch, pieces·units, …) to (batch, units, …)."""
        return self(h)

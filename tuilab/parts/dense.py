"""A fully connected network without bias, sent forward and backward by hand.

Rows are examples, as in the lecture's code. Layer k of L takes x⁽ᵏ⁻¹⁾, of shape (batch, fan_in), to

    h⁽ᵏ⁾ = x⁽ᵏ⁻¹⁾·W⁽ᵏ⁾        preactivations, (batch, fan_out); W is (fan_in, fan_out)
    x⁽ᵏ⁾ = φ(h⁽ᵏ⁾)            outputs

and a gradient g⁽ᵏ⁾ = ∂E/∂x⁽ᵏ⁾ at its outputs back through φ and then through W (the chain rule, twice):

    d⁽ᵏ⁾ = g⁽ᵏ⁾ ⊙ φ'(h⁽ᵏ⁾)    gradient at the preactivations
    ∂E/∂W⁽ᵏ⁾ = x⁽ᵏ⁻¹⁾ᵀ·d⁽ᵏ⁾   gradient of the weights: what came in, times what came back
    g⁽ᵏ⁻¹⁾ = d⁽ᵏ⁾·W⁽ᵏ⁾ᵀ       gradient at the layer before

A leading axis runs several networks at once, x being (networks, batch, fan_in): see `Layer`.

These are the lecture's hˡ = Wˡxˡ, xˡ⁺¹ = φ(hˡ) and dˡ = Dˡ(∏ WᵏDᵏ)∂E/∂xᴸ, columns turned into rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from tuilab.parts.activations import Activation


@dataclass(frozen=True, slots=True)
class Layer:
    """Gaussian weights W = std·unit: networks that differ in scale alone share the unit normal draws."""

    unit: Tensor
    """(fan_in, fan_out)."""
    std: float | Tensor
    """One standard deviation, or one a network, (networks, 1, 1)."""


def forward(x: Tensor, layers: Sequence[Layer], activation: Activation) -> tuple[list[Tensor], list[Tensor]]:
    """Send a batch through.

    Args:
        x: inputs, (…, batch, fan_in of the first layer).
        layers: L layers of weights.
        activation: φ, after every layer.

    Returns:
        h⁽¹⁾ … h⁽ᴸ⁾, and x⁽⁰⁾ … x⁽ᴸ⁾ (the first is the input itself).
    """
    preactivations, outputs = [], [x]
    for layer in layers:
        h = layer.std * (outputs[-1] @ layer.unit)
        preactivations.append(h)
        outputs.append(activation(h))
    return preactivations, outputs


def backward(
    gradient: Tensor, preactivations: Sequence[Tensor], layers: Sequence[Layer], activation: Activation
) -> tuple[list[Tensor], list[Tensor]]:
    """Send a gradient back.

    Args:
        gradient: g⁽ᴸ⁾, the gradient at the network's output, (…, batch, fan_out of the last layer).
        preactivations: h⁽¹⁾ … h⁽ᴸ⁾ of the forward pass.
        layers: L layers of weights.
        activation: φ.

    Returns:
        g⁽⁰⁾ … g⁽ᴸ⁾ (the first is the gradient at the network's input), and d⁽¹⁾ … d⁽ᴸ⁾.
    """
    at_outputs, at_preactivations = [gradient], []
    for layer, h in zip(reversed(layers), reversed(preactivations), strict=True):
        d = at_outputs[-1] * activation.derivative(h)
        at_preactivations.append(d)
        at_outputs.append(layer.std * (d @ layer.unit.T))
    return at_outputs[::-1], at_preactivations[::-1]


def weight_gradient_norm(x: Tensor, d: Tensor) -> Tensor:
    """The Euclidean norm of ∂E/∂W = xᵀd, a float64 scalar, mostly without forming it.

    ‖xᵀd‖² = tr(dᵀx·xᵀd) = tr(xxᵀ·ddᵀ) = Σᵢⱼ (xᵢ·xⱼ)(dᵢ·dⱼ) over pairs of examples: for 16 examples and
    4096 units that is 16×16 numbers in place of 4096×4096.

    Args:
        x: what came in, (batch, fan_in).
        d: what came back, (batch, fan_out).
    """
    # Squares of exploding gradients overflow float32 long before the gradients do.
    x, d = x.double(), d.double()
    if x.shape[0] > min(x.shape[1], d.shape[1]):
        return (x.T @ d).square().sum().sqrt()
    return ((x @ x.T) * (d @ d.T)).sum().clamp(min=0).sqrt()

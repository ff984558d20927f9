"""A network without bias, sent forward and backward by hand.

Rows are examples, as in the lecture's code. Layer k of L takes x⁽ᵏ⁻¹⁾, of shape (batch, fan_in), to

    h⁽ᵏ⁾ = x⁽ᵏ⁻¹⁾·W⁽ᵏ⁾        preactivations, (batch, fan_out); W is (fan_in, fan_out)
    z⁽ᵏ⁾ = h⁽ᵏ⁾               or h⁽ᵏ⁾ normalised, in a network with a normalisation
    x⁽ᵏ⁾ = φ(z⁽ᵏ⁾)            outputs

and a gradient g⁽ᵏ⁾ = ∂E/∂x⁽ᵏ⁾ at its outputs back through φ and then through W (the chain rule, twice):

    d⁽ᵏ⁾ = g⁽ᵏ⁾ ⊙ φ'(z⁽ᵏ⁾)    gradient at the preactivations (and back through the normalisation)
    ∂E/∂W⁽ᵏ⁾ = x⁽ᵏ⁻¹⁾ᵀ·d⁽ᵏ⁾   gradient of the weights: what came in, times what came back
    g⁽ᵏ⁻¹⁾ = d⁽ᵏ⁾·W⁽ᵏ⁾ᵀ       gradient at the layer before

A leading axis runs several networks at once, x being (networks, batch, fan_in), and one more in front of it
several draws of their weights, (draws, networks, batch, fan_in): see `Dense`. What W does may also be a
convolution (`tuilab.parts.convolution`), x being (…, batch, channels, height, width).

These are the lecture's hˡ = Wˡxˡ, xˡ⁺¹ = φ(hˡ) and dˡ = Dˡ(∏ WᵏDᵏ)∂E/∂xᴸ, columns turned into rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor

from tuilab.parts.activations import Activation


class Layer(Protocol):
    """The linear map of one layer."""

    def forward(self, x: Tensor) -> Tensor:
        """H, of what came in."""

    def backward(self, d: Tensor) -> Tensor:
        """The gradient at what came in, of the gradient d at h."""

    def gradient_norm(self, x: Tensor, d: Tensor) -> Tensor:
        """The Euclidean norms of ∂E/∂W for one network's x and d, float64, one for each draw."""


@dataclass(frozen=True, slots=True)
class Dense:
    """Weights W = scale·unit: networks that differ in scale alone share the unit draws."""

    unit: Tensor
    """(fan_in, fan_out), or (draws, fan_in, fan_out): then x and d have the draws as their first axis."""
    scale: float | Tensor
    """One number, or one a network, (networks, 1, 1)."""

    def forward(self, x: Tensor) -> Tensor:
        """x·W, in the precision of x."""
        return self.scale * _times(x, self.unit.to(x.dtype))

    def backward(self, d: Tensor) -> Tensor:
        """d·Wᵀ."""
        return self.scale * _times(d, self.unit.to(d.dtype).mT)

    def gradient_norm(self, x: Tensor, d: Tensor) -> Tensor:
        """See `weight_gradient_norm`."""
        return weight_gradient_norm(x, d)


@dataclass(frozen=True, slots=True)
class Standardize:
    """A normalisation without γ and β: z = (h − μ)/s, s² = σ² + ε, μ and σ² over some of h's axes.

    `tuilab.parts.normalization` tells about these; here is what the propagation of signals needs of them.
    """

    axes: tuple[int, ...]
    """Those that share μ and s, counted from the end: -2, the examples, for batch norm, -1 for layer norm."""
    center: bool = True
    """Whether μ is taken off; RMS norm leaves it, and s² = ⟨h²⟩ + ε."""
    eps: float = 1e-5

    def forward(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """z, and s with 1 in place of the axes averaged over."""
        if self.center:
            h = h - h.mean(self.axes, keepdim=True)
        s = (h.square().mean(self.axes, keepdim=True) + self.eps).sqrt()
        return h / s, s

    def backward(self, e: Tensor, z: Tensor, s: Tensor) -> Tensor:
        """The gradient at h of the gradient e at z: (e − ⟨e⟩ − z·⟨e·z⟩)/s, all averages over the axes."""
        d = e - z * (e * z).mean(self.axes, keepdim=True)
        if self.center:
            d = d - e.mean(self.axes, keepdim=True)
        return d / s


@dataclass(slots=True)
class Forward:
    """What a forward pass leaves for the backward pass and for who looks."""

    outputs: list[Tensor]
    """x⁽⁰⁾ … x⁽ᴸ⁾; the first is the input itself."""
    preactivations: list[Tensor] = field(default_factory=list)
    """h⁽¹⁾ … h⁽ᴸ⁾."""
    normalized: list[Tensor] = field(default_factory=list)
    """z⁽¹⁾ … z⁽ᴸ⁾: what φ was given."""
    scales: list[Tensor] = field(default_factory=list)
    """s⁽¹⁾ … s⁽ᴸ⁾ of the normalisation; empty without one."""


def forward(
    x: Tensor, layers: Sequence[Layer], activation: Activation, norm: Standardize | None = None
) -> Forward:
    """Send a batch through.

    Args:
        x: inputs, (…, batch, fan_in of the first layer).
        layers: L layers of weights.
        activation: φ, after every layer.
        norm: normalisation of every layer's preactivations.
    """
    passed = Forward([x])
    for layer in layers:
        h = z = layer.forward(passed.outputs[-1])
        if norm:
            z, s = norm.forward(h)
            passed.scales.append(s)
        passed.preactivations.append(h)
        passed.normalized.append(z)
        passed.outputs.append(activation(z))
    return passed


def backward(
    gradient: Tensor,
    passed: Forward,
    layers: Sequence[Layer],
    activation: Activation,
    norm: Standardize | None = None,
) -> tuple[list[Tensor], list[Tensor]]:
    """Send a gradient back.

    Args:
        gradient: g⁽ᴸ⁾, the gradient at the network's output, (…, batch, fan_out of the last layer).
        passed: what the forward pass left.
        layers: those of the forward pass.
        activation: φ.
        norm: that of the forward pass.

    Returns:
        g⁽⁰⁾ … g⁽ᴸ⁾ (the first is the gradient at the network's input), and d⁽¹⁾ … d⁽ᴸ⁾.
    """
    at_outputs, at_preactivations = [gradient], []
    for k in range(len(layers) - 1, -1, -1):
        z = passed.normalized[k]
        d = at_outputs[-1] * activation.derivative(z)
        if norm:
            d = norm.backward(d, z, passed.scales[k])
        at_preactivations.append(d)
        at_outputs.append(layers[k].backward(d))
    return at_outputs[::-1], at_preactivations[::-1]


def weight_gradient_norm(x: Tensor, d: Tensor) -> Tensor:
    """The Euclidean norm of ∂E/∂W = xᵀd in float64, mostly without forming it.

    ‖xᵀd‖² = tr(dᵀx·xᵀd) = tr(xxᵀ·ddᵀ) = Σᵢⱼ (xᵢ·xⱼ)(dᵢ·dⱼ) over pairs of examples: for 16 examples and
    4096 units that is 16×16 numbers in place of 4096×4096.

    Args:
        x: what came in, (…, batch, fan_in).
        d: what came back, (…, batch, fan_out).

    Returns:
        One for each of what stands before the batch.
    """
    # Squares of exploding gradients overflow float32 long before the gradients do.
    x, d = x.double(), d.double()
    if x.shape[-2] > min(x.shape[-1], d.shape[-1]):
        return (x.mT @ d).square().sum((-2, -1)).sqrt()
    return ((x @ x.mT) * (d @ d.mT)).sum((-2, -1)).clamp(min=0).sqrt()


def _times(x: Tensor, unit: Tensor) -> Tensor:
    """x·W; of draws each with its own W, and without a copy of W for each network."""
    if unit.dim() == 2:
        return x @ unit
    return (x.flatten(1, -2) @ unit).view(*x.shape[:-1], unit.shape[-1])

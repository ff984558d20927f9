"""Convolution as a layer of `tuilab.parts.dense`: the same weights at every place of a picture.

Pictures close up at their edges (circular padding), so that every place sees a whole kernel: then a unit sums
over fan_in = kernel²·channels numbers everywhere, and what holds of dense layers of that fan_in holds here.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional
from torch.nn.grad import conv2d_weight


@dataclass(frozen=True, slots=True)
class Convolution:
    """Filters W = scale·unit on (…, channels, height, width); height and width stay."""

    unit: Tensor
    """(channels out, channels in, kernel, kernel), kernel odd; or of several draws, (draws, …)."""
    scale: float | Tensor
    """One number, or one a network, (networks, 1, 1, 1, 1)."""

    def forward(self, x: Tensor) -> Tensor:
        """H: every filter's sum over its kernel on every channel, at every place."""
        return self.scale * _correlate(x, self.unit)

    def backward(self, d: Tensor) -> Tensor:
        """Back to where it came from: the same sums, kernels turned by 180°, channels in and out swapped."""
        return self.scale * _correlate(d, self.unit.flip(-1, -2).transpose(-4, -3))

    def gradient_norm(self, x: Tensor, d: Tensor) -> Tensor:
        """Of ∂E/∂W, for x of (…, batch, channels in, height, width): what came in times what came back."""
        draws, unit = self.unit.shape[:-4].numel(), self.unit
        pictures = _closed(_beside(x.double(), unit), unit.shape[-1])
        shape = unit.flatten(0, -4).shape
        gradient: Tensor = conv2d_weight(  # type: ignore[no-untyped-call]
            pictures, shape, _beside(d.double(), unit), groups=draws
        )
        return gradient.view(unit.shape).square().sum((-4, -3, -2, -1)).sqrt()


def _correlate(x: Tensor, filters: Tensor) -> Tensor:
    pictures = _closed(_beside(x, filters), filters.shape[-1])
    draws = filters.shape[:-4].numel()
    h = functional.conv2d(pictures, filters.flatten(0, -4).to(x.dtype), groups=draws)
    if filters.dim() == 4:
        return h.view(*x.shape[:-3], *h.shape[1:])
    return h.view(*x.shape[1:-3], draws, -1, *h.shape[2:]).movedim(-4, 0)


def _beside(x: Tensor, filters: Tensor) -> Tensor:
    """Pictures one after the other, (n, channels, height, width), draws' channels side by side."""
    if filters.dim() == 5:
        x = x.movedim(0, -4).flatten(-4, -3)
    return x.flatten(0, -4)


def _closed(pictures: Tensor, kernel: int) -> Tensor:
    """With the opposite edge's pixels around it, as many as a kernel needs."""
    return functional.pad(pictures, [kernel // 2] * 4, mode="circular")

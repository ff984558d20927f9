"""The network of CIFAR-10's speed-runs, of any width."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from tuilab.parts.models.layers import convolution, linear
from tuilab.parts.models.network import Activate, Network, Spec
from tuilab.parts.normalization import BatchNorm

_PATCHES = 5_000
"""Pictures whose 2x2 patches the whitening is found on."""


class Whitening(nn.Module):
    """A first layer that needs no learning: 2x2 patches along their principal axes, each at unit variance.

    With C the second moments of the patches and C = Σ λᵢ·vᵢvᵢᵀ, filter i is vᵢ/√(λᵢ + ε), and there is one of
    each sign, since what follows cuts off one side. Neighbouring pixels are nearly equal, so nearly all of a
    patch's variance is its mean colour; whitened, the few that are left, edges and contrasts, count as much.

    Args:
        inputs: channels of the pictures.
        epsilon: ε, which keeps axes that are nothing but noise from being blown up.
    """

    filters: Tensor
    """(2·4·inputs, inputs, 2, 2), not learned."""

    def __init__(self, inputs: int, epsilon: float = 5e-4) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.register_buffer("filters", torch.zeros(8 * inputs, inputs, 2, 2))
        self.bias = nn.Parameter(torch.zeros(8 * inputs))

    @torch.no_grad()
    def fit(self, images: Tensor) -> None:
        """Find the filters on pictures (n, inputs, height, width), normalised as they will be."""
        patches = images.unfold(2, 2, 1).unfold(3, 2, 1).permute(0, 2, 3, 1, 4, 5)
        flat = patches.reshape(-1, self.filters[0].numel()).double()
        values, axes = torch.linalg.eigh(flat.T @ flat / len(flat))
        # eigh leaves an axis's sign to chance.
        axes = axes * axes.sum(0).sign().where(axes.sum(0) != 0, torch.ones(()).double())
        filters = (axes / (values + self.epsilon).sqrt()).T.flip(0).reshape(-1, *self.filters.shape[1:])
        self.filters.copy_(torch.cat([filters, -filters]))

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, h, w) to GELU of the whitened patches, (batch, 8·inputs, h − 1, w − 1)."""
        return functional.gelu(functional.conv2d(x, self.filters, self.bias))


class SpeedRun(Network):
    """Whitening, three groups of two convolutions, the largest value of each channel, scores.

    What makes it quick to train (K. Jordan, "94 % on CIFAR-10 in 3.29 seconds on a single GPU", 2024,
    arXiv:2404.00498): the fixed first layer; convolutions that start as the identity where shapes allow, so
    that signals come through before anything is learned; batch norm that learns no scale but a bias, and
    that at a learning rate `bias_rate` times the others'; scores made nine times smaller.
    """

    def __init__(self, hidden: Sequence[nn.Module], features: int, classes: int, bias_rate: float) -> None:
        super().__init__(hidden, features, classes)
        self.scores = linear(features, classes, bias=False)
        self._bias_rate = bias_rate

    def forward(self, x: Tensor) -> Tensor:
        """Pictures (batch, channels, height, width) to scores (batch, classes)."""
        return super().forward(x) / 9

    @property
    def filters(self) -> Tensor:
        """The whitening's."""
        return self._whitening.filters

    @property
    def _whitening(self) -> Whitening:
        first = self.hidden[0]
        assert isinstance(first, Whitening)
        return first

    def rates(self) -> list[tuple[list[nn.Parameter], float]]:
        """The batch norms' biases learn at a rate of their own."""
        fast = [m.bias for m in self.modules() if isinstance(m, BatchNorm) and m.bias is not None]
        own = {id(parameter) for parameter in fast}
        rest = [p for p in self.parameters() if p.requires_grad and id(p) not in own]
        return [(rest, 1.0), (fast, self._bias_rate)]

    def prepare(self, inputs: Tensor) -> None:
        """Fit the whitening."""
        self._whitening.fit(inputs[:_PATCHES])

    @torch.no_grad()
    def start(self, seed: int, init: str, **settings: float | str) -> None:
        """As every network, and then the convolutions' first maps pass their inputs on as they are."""
        super().start(seed, init, **settings)
        for weight in self.weights[:-1]:
            nn.init.dirac_(weight[: weight.shape[1]])


def speedrun(
    shape: Sequence[int],
    classes: int,
    widths: Sequence[int] = (16, 64, 64),
    activation: Spec = "gelu",
    bias_rate: float = 64.0,
) -> Network:
    """The network of the speed-runs; (64, 256, 256) is the one that reaches 94 % on a GPU.

    Args:
        shape: (channels, height, width) of a picture; height and width at least 17.
        classes: how many scores.
        widths: channels of the three groups.
        activation: φ.
        bias_rate: learning rate of the batch norms' biases, as a multiple of the others'.
    """
    hidden: list[nn.Module] = [Whitening(shape[0])]
    inputs = 8 * shape[0]
    for outputs in widths:
        for number, fed in enumerate((inputs, outputs)):
            parts: OrderedDict[str, nn.Module] = OrderedDict()
            parts["convolution"] = convolution(fed, outputs, 3, padding=1, bias=False)
            if number == 0:
                parts["pool"] = nn.MaxPool2d(2)
            norm = BatchNorm(outputs, momentum=0.4)
            norm.weight.requires_grad_(False)
            parts["norm"] = norm
            parts["activation"] = Activate(activation)
            hidden.append(nn.Sequential(parts))
        inputs = outputs
    hidden.append(nn.AdaptiveMaxPool2d(1))
    network = SpeedRun(hidden, inputs, classes, bias_rate)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

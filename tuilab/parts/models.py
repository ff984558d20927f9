"""Networks that classify: hidden layers, then one score a class.

Every model is a `Network`, so that probes find its layers without knowing its kind: `activations[k]` is
the module whose output is hidden layer k's, `weights[k]` what it is computed with; `weights[-1]` makes
the scores.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from tuilab.parts.activations import ACTIVATIONS
from tuilab.parts.initializers import initialize
from tuilab.parts.randomness import stream


class Activate(nn.Module):
    """An activation function as a module, so that its output can be observed."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def forward(self, h: Tensor) -> Tensor:
        """φ(h)."""
        return ACTIVATIONS[self.name](h)


class Network(nn.Module):
    """Hidden layers one after the other, flattened into one linear layer that scores the classes.

    Args:
        hidden: one module a layer; somewhere in it are one `Activate` and one linear map or convolution.
        features: values that the last hidden layer (or the input, without one) hands on.
        classes: how many scores.
    """

    def __init__(self, hidden: Sequence[nn.Module], features: int, classes: int) -> None:
        super().__init__()
        self.hidden = nn.Sequential(*hidden)
        self.scores = nn.Linear(features, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Pictures (batch, channels, height, width) to scores (batch, classes)."""
        scores: Tensor = self.scores(self.hidden(x).flatten(1))
        return scores

    @property
    def activations(self) -> list[nn.Module]:
        """The modules whose outputs are the hidden layers', first to last."""
        return [module for module in self.modules() if isinstance(module, Activate)]

    @property
    def weights(self) -> list[Tensor]:
        """The weights of every layer, biases and normalisation left out; the last makes the scores."""
        return [module.weight for module in self.modules() if isinstance(module, nn.Linear | nn.Conv2d)]

    @torch.no_grad()
    def start(self, seed: int, init: str, **settings: float | str) -> None:
        """Draw the weights of all hidden layers by the named initializer; biases start at 0.

        Layer k's come from a stream of their own, so networks share them wherever shapes agree. The
        scores' weights are small whatever the initializer, std 0.1/√fan_in: a network that knows nothing
        should give every class about the same score, and its first loss is then ln(classes).
        """
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Conv2d) and module.bias is not None:
                module.bias.zero_()
        *hidden, scores = self.weights
        for layer, weight in enumerate(hidden, 1):
            initialize(weight, stream(seed, "weights", layer), init, **settings)
        initialize(scores, stream(seed, "scores"), "xavier_normal", gain=0.1)


def mlp(
    shape: tuple[int, int, int], classes: int, width: int = 512, depth: int = 2, activation: str = "relu"
) -> Network:
    """A perceptron on flattened pictures: `depth` hidden layers of `width`."""
    inputs = math.prod(shape)
    sizes = [inputs] + [width] * depth
    hidden: list[nn.Module] = [nn.Flatten()] if depth else []
    for fan_in, fan_out in pairwise(sizes):
        hidden.append(nn.Sequential(nn.Linear(fan_in, fan_out), Activate(activation)))
    return Network(hidden, sizes[-1], classes)


def convnet(
    shape: tuple[int, int, int],
    classes: int,
    channels: Sequence[int] = (32, 64, 128),
    norm: str = "batch",
    activation: str = "relu",
) -> Network:
    """Hidden layers of a 3x3 convolution, a 2x2 max pool, batch norm (unless "none"), the activation.

    The pool comes before the rest because that is a quarter of the work for the same function of the
    largest input (activations rise, and so does batch norm where its gain is positive).
    """
    inputs, height, width = shape
    hidden: list[nn.Module] = []
    for outputs in channels:
        parts: OrderedDict[str, nn.Module] = OrderedDict()
        # Batch norm subtracts the mean, and a bias before it with that.
        parts["convolution"] = nn.Conv2d(inputs, outputs, 3, padding=1, bias=norm == "none")
        parts["pool"] = nn.MaxPool2d(2)
        if norm == "batch":
            parts["norm"] = nn.BatchNorm2d(outputs)
        parts["activation"] = Activate(activation)
        hidden.append(nn.Sequential(parts))
        inputs, height, width = outputs, height // 2, width // 2
    # With channels last, convolutions on a CPU are half again as fast.
    network = Network(hidden, inputs * height * width, classes)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


MODELS: dict[str, Callable[..., Network]] = {"mlp": mlp, "convnet": convnet}
"""Every model by the name scenarios use: (picture shape, classes, **settings) → network, not yet started."""

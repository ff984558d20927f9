"""What every network here is: hidden layers, then one score a class."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tuilab.parts.activations import ACTIVATIONS, Activation, activation_of
from tuilab.parts.dropout import Dropout
from tuilab.parts.initializers import initialize
from tuilab.parts.models.layers import linear
from tuilab.parts.normalization import NORMALIZATIONS
from tuilab.parts.randomness import stream

Spec = str | Mapping[str, Any]
"""A part as scenarios write it: its name, or a table of its name and settings."""


class Activate(nn.Module):
    """An activation function as a module, so that its output can be observed."""

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.function = copy.copy(activation_of(spec))
        for name in self.function.learned:
            parameter = nn.Parameter(torch.tensor(float(getattr(self.function, name))))
            self.register_parameter(name, parameter)
            setattr(self.function, name, parameter)

    def forward(self, h: Tensor) -> Tensor:
        """φ(h)."""
        return self.function.together(h)


class Network(nn.Module):
    """Hidden layers one after the other, flattened into one linear layer that scores the classes.

    Probes find its layers without knowing its kind: `activations[k]` is the module whose output is hidden
    layer k's, `weights[k]` what it is computed with; `weights[-1]` makes the scores.

    Args:
        hidden: one module a layer; somewhere in it are one `Activate` and one linear map or convolution.
        features: values that the last hidden layer (or the input, without one) hands on.
        classes: how many scores.
    """

    precision: torch.dtype | None = None
    """What products are computed in, weights and scores staying as they are; None: as the weights."""

    def __init__(self, hidden: Sequence[nn.Module], features: int, classes: int) -> None:
        super().__init__()
        self.hidden = nn.Sequential(*hidden)
        self.scores = linear(features, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Inputs (batch, *shape) to scores (batch, classes)."""
        if self.precision is None:
            return self._scored(x)
        with torch.autocast(x.device.type, self.precision):
            return self._scored(x).float()

    def _scored(self, x: Tensor) -> Tensor:
        scores: Tensor = self.scores(self.hidden(x).flatten(1))
        return scores

    @property
    def activations(self) -> list[nn.Module]:
        """The modules whose outputs are the hidden layers', first to last."""
        return [module for module in self.modules() if isinstance(module, Activate)]

    @property
    def function(self) -> Activation:
        """φ of the first hidden layer; the identity without one."""
        activates = [module for module in self.modules() if isinstance(module, Activate)]
        return activates[0].function if activates else ACTIVATIONS["identity"]

    @property
    def weights(self) -> list[Tensor]:
        """The weights of every layer, biases and normalisation left out; the last makes the scores."""
        return [module.weight for module in self.modules() if isinstance(module, nn.Linear | nn.Conv2d)]

    @property
    def filters(self) -> Tensor:
        """What the inputs meet first, in the layout of a weight."""
        return self.weights[0]

    @torch.no_grad()
    def start(self, seed: int, init: str, **settings: float | str) -> None:
        """Draw the weights of all hidden layers by the named initializer; biases start at 0.

        Layer k's come from a stream of their own, so networks share them wherever shapes agree. The
        scores' weights are small whatever the (random) initializer, std 0.1/√fan_in: a network that knows
        nothing should give every class about the same score, and its first loss is then ln(classes).
        """
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Conv2d) and module.bias is not None:
                module.bias.zero_()
        *hidden, scores = self.weights
        for layer, weight in enumerate(hidden, 1):
            initialize(weight, stream(seed, "weights", layer), init, **settings)
        if init == "constant":
            # Random scores would tell the units apart, and be an answer to another question.
            initialize(scores, stream(seed, "scores"), init, **settings)
        else:
            initialize(scores, stream(seed, "scores"), "xavier_normal", gain=0.1)

    def rates(self) -> list[tuple[list[nn.Parameter], float]]:
        """What is learned, in groups, each with its learning rate as a multiple of the optimiser's."""
        return [(list(self.parameters()), 1.0)]

    def prepare(self, inputs: Tensor) -> None:
        """Fit what is not learned but taken from training inputs, (n, *shape): nothing, in most networks."""

    def drop_by(self, generator: torch.Generator) -> None:
        """Let dropout draw its masks from this generator, which lies on the network's device."""
        for module in self.modules():
            if isinstance(module, Dropout):
                module.generator = generator


def normalization(spec: Spec, channels: int) -> nn.Module:
    """A normalisation layer as scenarios write it."""
    settings = {"name": spec} if isinstance(spec, str) else dict(spec)
    return NORMALIZATIONS[settings.pop("name")](channels, **settings)


def normalizes(spec: Spec) -> bool:
    """Whether that is more than "none"."""
    return (spec if isinstance(spec, str) else spec["name"]) != "none"

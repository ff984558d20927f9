"""From a scenario's network and initializers to layers of weights, drawn once and shared."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from tuilab.parts.convolution import Convolution
from tuilab.parts.dense import Dense, Layer, Standardize
from tuilab.parts.initializers import INITIALIZERS, LAWS, mean_square
from tuilab.parts.randomness import stream
from tuilab.scenario.parts.dense import DenseNetwork
from tuilab.scenario.strict import Strict

_Key = tuple[int, int, int, int, str, int]
"""Number of the layer, channels in, channels out, kernel², law and how many draws."""


class Weights:
    """The unit draws of every layer of every network: what has the same shape and law is the same draw.

    Args:
        seed: the scenario's.
        device: where the weights lie. They are drawn on the CPU, so a seed means the same on every device.
    """

    def __init__(self, seed: int, device: torch.device) -> None:
        self._seed, self._device = seed, device
        self._units: dict[_Key, Tensor] = {}

    def layers(self, network: DenseNetwork, inits: Sequence[Strict], draws: int) -> list[Layer]:
        """A network's layers, drawn so often, at the scale of each initializer, which are all of one law."""
        layers: list[Layer] = []
        for number, (inputs, outputs) in enumerate(pairwise(network.layer_widths), 1):
            law = law_of(inits[0])
            unit = self._unit((number, inputs, outputs, network.area, law, draws), network.kernel)
            fans = inputs * network.area, outputs * network.area
            scales = torch.tensor([_scale(init, *fans) for init in inits], device=self._device)
            kind = Convolution if network.kernel else Dense
            layers.append(kind(unit, scales.view(-1, *[1] * (4 if network.kernel else 2))))
        return layers

    def _unit(self, key: _Key, kernel: int | None) -> Tensor:
        if key not in self._units:
            number, inputs, outputs, area, law, draws = key
            rows, columns = (outputs, inputs * area) if kernel else (inputs, outputs)
            units = torch.empty(draws, rows, columns)
            for draw in range(draws):
                # Each draw has its own stream: the first of many are the same networks as few.
                purpose = (number, draw) if draw else (number,)
                units[draw] = LAWS[law](rows, columns, stream(self._seed, "weights", *purpose))
            if kernel:
                units = units.view(draws, outputs, inputs, kernel, kernel)
            self._units[key] = units.to(self._device)
        return self._units[key]


def law_of(init: Strict) -> str:
    """The law that an initializer draws from."""
    return INITIALIZERS[init.model_dump()["name"]].law


def gains(network: DenseNetwork, init: Strict) -> list[float]:
    """fan_in·E[w²] of each layer: what it multiplies a signal's mean square by."""
    settings = init.model_dump()
    name = settings.pop("name")
    area = network.area
    return [
        inputs * area * mean_square(name, inputs * area, outputs * area, area, **settings)
        for inputs, outputs in pairwise(network.layer_widths)
    ]


def standardize(network: DenseNetwork) -> Standardize | None:
    """The network's normalisation on (networks, batch, channels, …)."""
    channels = -3 if network.kernel else -1
    places = (-2, -1) if network.kernel else ()
    match network.norm:
        case "none":
            return None
        case "batch":
            return Standardize((channels - 1, *places))
        case "layer":
            return Standardize((channels, *places))
        case "rms":
            return Standardize((channels, *places), center=False)


def precision(network: DenseNetwork) -> torch.dtype:
    """Double where it costs little: a signal may fade or grow for hundreds of layers and stay a number."""
    small = max(network.layer_widths) <= 1_024 and not network.kernel
    return torch.float64 if small else torch.float32


def _scale(init: Strict, fan_in: int, fan_out: int) -> float:
    given = init.model_dump()
    return INITIALIZERS[given.pop("name")].scale(fan_in, fan_out, **given)

"""The picture of which values share a mean and a variance."""

from __future__ import annotations

import copy

import torch

from tuilab.experiments.observation import Frame
from tuilab.parts.normalization import Normalization, shares
from tuilab.scenario.kinds.normalization import NormalizationSetup

_EXAMPLES, _CHANNELS = 6, 16
"""Rows and columns at most."""
_GOLDEN = 0.618034
"""Multiples of it, without their whole part, are far apart for neighbours however many there are."""


def shared(layer: Normalization, setup: NormalizationSetup) -> Frame:
    """(examples, channels): values of the same colour are normalised by the same mean and variance."""
    examples, channels = min(setup.batch, _EXAMPLES), min(setup.channels, _CHANNELS)
    shown = copy.deepcopy(layer).train()
    number = torch.zeros(examples, setup.channels)
    count = 0
    for example in range(examples):
        for channel in range(setup.channels):
            if not number[example, channel]:
                count += 1
                number[shares(shown, examples, (example, channel), setup.side > 1)] = count
    meta = {
        "kind": "map",
        "x": [0.5, channels + 0.5],
        "y": [0.5, examples + 0.5],
        "x_name": "channel",
        "y_name": "example",
        "colors": "heat",
    }
    return (number[:, :channels] * _GOLDEN % 1).numpy(), meta

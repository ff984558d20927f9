"""The small convolutional network."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import nn

from tuilab.data import DataError
from tuilab.parts.activations import activation_of
from tuilab.parts.dropout import Dropout
from tuilab.parts.models.layers import convolution
from tuilab.parts.models.network import Activate, Network, Spec, normalization, normalizes


def convnet(
    shape: Sequence[int],
    classes: int,
    channels: Sequence[int] = (32, 64, 128),
    convolutions: int = 1,
    norm: Spec = "batch",
    activation: Spec = "relu",
    bias: bool = True,
    dropout: float = 0.0,
) -> Network:
    """Stages of 3x3 convolutions, one of each a stage followed by a 2x2 max pool; batch norm; the activation.

    The pool comes before the rest because that is a quarter of the work for the same function of the
    largest input (activations rise, and so does batch norm where its gain is positive).

    Args:
        shape: (channels, height, width) of a picture.
        classes: how many scores.
        channels: of each stage.
        convolutions: hidden layers a stage; the pool is in its first.
        norm: the normalisation before φ; it makes a bias of its own.
        activation: φ.
        bias: whether layers without normalisation have one.
        dropout: probability that a value is dropped, after every stage.

    Raises:
        tuilab.data.DataError: nothing would be left of so small a picture.
    """
    inputs, height, width = shape
    if min(height, width) < 2 ** len(channels):
        least = 2 ** len(channels)
        raise DataError(
            f"pictures of {height} × {width} are too small for a convnet of {len(channels)} stages, each of "
            f"which halves them: {least} × {least} it takes, or fewer network.channels"
        )
    hidden: list[nn.Module] = []
    for outputs in channels:
        maps = outputs * activation_of(activation).pieces
        for number in range(convolutions):
            parts: OrderedDict[str, nn.Module] = OrderedDict()
            # Batch norm subtracts the mean, and a bias before it with that.
            parts["convolution"] = convolution(inputs, maps, 3, padding=1, bias=bias and not normalizes(norm))
            if number == 0:
                parts["pool"] = nn.MaxPool2d(2)
            if normalizes(norm):
                parts["norm"] = normalization(norm, maps)
            parts["activation"] = Activate(activation)
            if dropout and number == convolutions - 1:
                parts["dropout"] = Dropout(dropout)
            hidden.append(nn.Sequential(parts))
            inputs = outputs
        height, width = height // 2, width // 2
    # With channels last, convolutions on a CPU are half again as fast.
    network = Network(hidden, inputs * height * width, classes)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

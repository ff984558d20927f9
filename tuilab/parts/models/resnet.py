"""Residual networks for small pictures."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from tuilab.parts.models.layers import convolution
from tuilab.parts.models.network import Activate, Network, Spec, normalization


class Block(nn.Module):
    """x ← φ(F(x) + x), F being two 3x3 convolutions, each with its normalisation, the first with φ.

    Where the number of channels changes, F's first convolution has stride 2, and x comes through a 1x1
    convolution of stride 2 (option B of the paper). The gradient has a way back that no weights can close.
    """

    def __init__(self, inputs: int, outputs: int, norm: Spec, activation: Spec) -> None:
        super().__init__()
        self.stride = 1 if inputs == outputs else 2
        self.first = convolution(inputs, outputs, 3, self.stride, padding=1, bias=False)
        self.first_norm = normalization(norm, outputs)
        self.first_activation = Activate(activation)
        self.second = convolution(outputs, outputs, 3, padding=1, bias=False)
        self.second_norm = normalization(norm, outputs)
        self.shortcut: nn.Module = nn.Identity()
        if self.stride > 1:
            self.shortcut = convolution(inputs, outputs, 1, bias=False)
        self.activation = Activate(activation)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, height, width) to (batch, outputs, …), half the size where channels change."""
        f = self.first_activation(self.first_norm(self.first(x)))
        f = self.second_norm(self.second(f))
        # Every second pixel is taken here, not by the convolution: of one pixel, with a stride and few
        # channels, oneDNN writes its weights' gradient beyond its memory (uxlfoundation/oneDNN#6035).
        y: Tensor = self.activation(f + self.shortcut(x[..., :: self.stride, :: self.stride]))
        return y


def resnet(
    shape: Sequence[int],
    classes: int,
    channels: Sequence[int] = (16, 32, 64),
    blocks: int = 3,
    norm: Spec = "batch",
    activation: Spec = "relu",
) -> Network:
    """A 3x3 convolution, stages of residual blocks, the mean over all pixels (He et al., CVPR 2016).

    The default is the paper's ResNet-20 for CIFAR-10; ResNet-18 with a stem for small pictures is
    channels (64, 128, 256, 512) with 2 blocks.

    Args:
        shape: (channels, height, width) of a picture.
        classes: how many scores.
        channels: of each stage; every stage but the first halves height and width.
        blocks: a stage.
        norm: the normalisation.
        activation: φ.
    """
    stem = nn.Sequential(
        convolution(shape[0], channels[0], 3, padding=1, bias=False),
        normalization(norm, channels[0]),
        Activate(activation),
    )
    widths = [channels[0], *(width for width in channels for _ in range(blocks))]
    stages = [Block(inputs, outputs, norm, activation) for inputs, outputs in pairwise(widths)]
    network = Network([stem, *stages, nn.AdaptiveAvgPool2d(1)], channels[-1], classes)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

"""Linear maps and convolutions whose weights are yet to be drawn.

torch's constructors draw weights from the generator that everything in a process shares, which costs time and
makes whatever else draws from it depend on how many networks there are. These are all zeros.
"""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn

Layer = TypeVar("Layer", bound=nn.Module)


def linear(inputs: int, outputs: int, bias: bool = True) -> nn.Linear:
    """A linear map with a bias: (…, inputs) → (…, outputs)."""
    return _zeros(nn.Linear(inputs, outputs, bias, device="meta"))


def convolution(
    inputs: int, outputs: int, kernel: int, stride: int = 1, padding: int = 0, bias: bool = True
) -> nn.Conv2d:
    """A square kernel over pictures, (n, inputs, height, width) → (n, outputs, …)."""
    return _zeros(nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=bias, device="meta"))


@torch.no_grad()
def _zeros(layer: Layer) -> Layer:
    layer.to_empty(device="cpu")
    for parameter in layer.parameters():
        parameter.zero_()
    return layer

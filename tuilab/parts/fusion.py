"""Batch norm folded into the linear map before it: at test time it costs nothing.

In evaluation mode batch norm is y = γ·(h − μ)/s + β with s = √(σ² + ε) and running μ, σ²: affine in h. And
h = W·x + b is affine in x, so the two are one:

    W' = (γ/s)·W          b' = (γ/s)·(b − μ) + β          a factor and a shift an output channel

Only with nothing between the two, or what commutes with a rising affine map, such as a max pool where γ > 0.
"""

from __future__ import annotations

import copy
from typing import TypeVar

import torch
from torch import Tensor, nn

from tuilab.parts.normalization import BatchNorm

Map = TypeVar("Map", nn.Linear, nn.Conv2d)


@torch.no_grad()
def fuse(linear: Map, norm: BatchNorm | nn.BatchNorm1d | nn.BatchNorm2d) -> Map:
    """A new map that does what `linear` and then `norm`, in evaluation mode, do together.

    Reckoned in float64 and rounded once.

    Raises:
        ValueError: the batch norm keeps no running statistics.
    """
    if norm.running_mean is None or norm.running_var is None:
        raise ValueError("a batch norm without running statistics can't be fused: it needs every batch's own")
    channels = len(norm.running_mean)
    one, zero = torch.ones(channels), torch.zeros(channels)
    gamma, beta, bias = (
        (default if given is None else given).double().to(norm.running_mean.device)
        for given, default in ((norm.weight, one), (norm.bias, zero), (linear.bias, zero))
    )
    factor = gamma / (norm.running_var.double() + norm.eps).sqrt()
    weight: Tensor = linear.weight
    fused = copy.deepcopy(linear)
    fused.weight = nn.Parameter((factor.view(-1, *[1] * (weight.dim() - 1)) * weight.double()).to(weight))
    fused.bias = nn.Parameter((factor * (bias - norm.running_mean.double()) + beta).to(weight))
    return fused

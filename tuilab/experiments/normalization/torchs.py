"""Torch's normalisation layers, which those by hand are held against."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from tuilab.scenario.kinds.normalization import NormalizationSetup


def torchs(kind: str, setup: NormalizationSetup, momentum: float) -> nn.Module:
    """Torch's layer of the same name and settings, outputs over the same values."""
    eps, channels, dense = setup.norm.eps, setup.channels, setup.side == 1
    if kind == "batch":
        return (nn.BatchNorm1d if dense else nn.BatchNorm2d)(channels, eps, momentum)
    if kind == "instance":
        return nn.InstanceNorm2d(channels, eps, affine=True)
    if kind == "rms":
        return nn.RMSNorm(channels, eps) if dense else _RMSOfPictures(channels, eps)
    groups = {"layer": 1, "group": getattr(setup.norm, "groups", 1)}[kind]
    return nn.GroupNorm(math.gcd(channels, groups), channels, eps)


class _RMSOfPictures(nn.Module):
    """Torch's RMS norm over an example's channels and pixels, with a γ a channel."""

    def __init__(self, channels: int, eps: float) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight[:, None, None] * nn.functional.rms_norm(x, x.shape[1:], eps=self.eps)

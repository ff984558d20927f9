"""A convolution and its batch norm, against the two folded into one."""

from __future__ import annotations

import math
import time
from typing import Any

import torch
from torch import nn

from tuilab.parts.fusion import fuse
from tuilab.parts.models.layers import convolution
from tuilab.parts.normalization import BatchNorm
from tuilab.parts.randomness import stream
from tuilab.scenario.kinds.normalization import NormalizationSetup

_REPEATS = 3
"""Timings a step, in processor time. The least of all counts: what else the machine does only adds to it."""


class Fusing:
    """A random convolution with the batch norm behind it, single precision, as they are used at test time.

    The convolution alone, which both are timed against, has a bias, as it would without batch norm.

    Args:
        setup: of the arm.
        seed: for weights and pictures.
    """

    def __init__(self, setup: NormalizationSetup, seed: int) -> None:
        self._setup, self._seed = setup, seed
        channels, kernel = setup.channels, setup.kernel
        generator = stream(seed, "convolution")
        self._convolution = convolution(channels, channels, kernel, padding=kernel // 2, bias=False)
        self._alone = convolution(channels, channels, kernel, padding=kernel // 2)
        self._norm = BatchNorm(channels)
        with torch.no_grad():
            weight = self._convolution.weight
            weight.copy_(torch.randn(weight.shape, generator=generator) * (2 / weight[0].numel()) ** 0.5)
            self._alone.weight.copy_(weight)
            self._norm.weight.copy_(torch.rand(channels, generator=generator) + 0.5)
        self._least = {"alone": math.inf, "normalised": math.inf, "fused": math.inf}

    @torch.no_grad()
    def compared(self, step: int) -> dict[str, float]:
        """Learn from a batch, fold, and pass it all ways, with a clock beside."""
        setup = self._setup
        shape = (setup.batch, setup.channels, setup.side, setup.side)
        x = torch.randn(shape, generator=stream(self._seed, "pictures", step))
        self._norm.train()
        self._norm(self._convolution(x))
        self._norm.eval()
        both, fused = nn.Sequential(self._convolution, self._norm), fuse(self._convolution, self._norm)
        for _ in range(_REPEATS):
            for name, way in (("alone", self._alone), ("normalised", both), ("fused", fused)):
                began = time.process_time()
                way(x)
                self._least[name] = min(self._least[name], time.process_time() - began)
        return {
            "fused.difference": float((fused(x) - both(x)).abs().max()),
            "time.normalised": self._least["normalised"] / self._least["alone"],
            "time.fused": self._least["fused"] / self._least["alone"],
        }

    def state(self) -> dict[str, Any]:
        """The statistics that were learned, and the least times so far."""
        return {"norm": self._norm.state_dict(), "least": dict(self._least)}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self._norm.load_state_dict(state["norm"])
        self._least = {name: float(state["least"][name]) for name in self._least}

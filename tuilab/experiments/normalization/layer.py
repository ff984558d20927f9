"""One arm: a normalisation layer by hand, torch's, and what is seen of them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from tuilab.experiments.normalization.fusing import Fusing
from tuilab.experiments.normalization.sharing import shared
from tuilab.experiments.normalization.torchs import torchs
from tuilab.experiments.observation import Frame
from tuilab.parts.normalization import NORMALIZATIONS, BatchNorm, Normalization
from tuilab.parts.randomness import stream
from tuilab.scenario.kinds.normalization import NormalizationScenario, NormalizationSetup

_BINS = 64


class Layer:
    """One arm: the layer by hand, torch's, and what is seen of them."""

    def __init__(self, setup: NormalizationSetup, scenario: NormalizationScenario) -> None:
        self._setup, self._scenario = setup, scenario
        settings = self._setup.norm.model_dump()
        kind, channels = settings.pop("name"), self._setup.channels
        made = NORMALIZATIONS[kind](channels, by_hand=True, **settings)
        assert isinstance(made, Normalization)
        self.ours = made.double()
        self.theirs = torchs(kind, self._setup, settings.get("momentum", 0.1)).double()
        # What the running averages should be, were every batch's mean and variance those of the distribution.
        self._missing = 1.0
        self._fusing = Fusing(self._setup, scenario.seed) if self._setup.kernel else None

    def see(self, step: int) -> tuple[dict[str, float], dict[str, Frame]]:
        """Learn from the step's batch, if it has one, and look."""
        if self._fusing is not None:
            return self._fusing.compared(step), {}
        x, fresh = self._batch(step), self._batch(step + 1)
        values: dict[str, float] = {}
        frames: dict[str, Frame] = {}
        if step:
            if self._setup.affine == "identity":
                self._undo(x)
            values["torch.difference"] = self._compared(x, fresh)
            values["identity.difference"] = _largest(self._last, x)
            values |= _moments("train", self._last)
            if isinstance(self.ours, BatchNorm):
                self._missing *= 1 - self.ours.momentum
        self.ours.eval()
        with torch.no_grad():
            tested = self.ours(fresh)
        values |= _moments("test", tested)
        if isinstance(self.ours, BatchNorm):
            values |= self._running(self.ours)
        frames["values"] = self._histograms(fresh, self._last if step else None, tested)
        if step == 0:
            frames["shares"] = shared(self.ours, self._setup)
        return values, frames

    def set(self, settings: dict[str, float]) -> None:
        """Give the layers other numbers."""
        for layer in (self.ours, self.theirs):
            for key, value in settings.items():
                if key in ("eps", "momentum"):
                    setattr(layer, key, value)

    def state(self) -> dict[str, Any]:
        """All that it goes on from."""
        return {
            "ours": self.ours.state_dict(),
            "theirs": self.theirs.state_dict(),
            "missing": self._missing,
            "fusing": None if self._fusing is None else self._fusing.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.ours.load_state_dict(state["ours"])
        self.theirs.load_state_dict(state["theirs"])
        self._missing = state["missing"]
        if self._fusing is not None:
            self._fusing.restore(state["fusing"])

    def _batch(self, step: int) -> Tensor:
        setup, scenario = self._setup, self._scenario
        pixels = (setup.side, setup.side) if setup.side > 1 else ()
        generator = stream(scenario.seed, "batch", step)
        x = torch.randn(setup.batch, setup.channels, *pixels, generator=generator, dtype=torch.float64)
        return scenario.mean + scenario.std * x

    @torch.no_grad()
    def _undo(self, x: Tensor) -> None:
        """γ = σ and β = μ of the batch: what was taken away is given back."""
        axes = (0, *range(2, x.dim()))
        for layer in (self.ours, self.theirs):
            layer.get_parameter("weight").copy_((x.var(axes, correction=0) + self.ours.eps).sqrt())
            if self.ours.bias is not None:
                layer.get_parameter("bias").copy_(x.mean(axes))

    def _compared(self, x: Tensor, fresh: Tensor) -> float:
        """One batch of training through both; the largest difference anywhere. Keeps our output."""
        found = []
        gradient = torch.randn(x.shape, generator=stream(self._scenario.seed, "gradient"), dtype=x.dtype)
        for layer in (self.ours, self.theirs):
            layer.train()
            given = x.clone().requires_grad_()
            out = layer(given)
            gradients = torch.autograd.grad(out, [given, *layer.parameters()], gradient)
            layer.eval()
            with torch.no_grad():
                tested = layer(fresh)
            averages = [buffer for buffer in layer.buffers() if buffer.is_floating_point()]
            found.append([out.detach(), *gradients, tested, *averages])
        self._last = found[0][0]
        return max(_largest(a, b) for a, b in zip(*found, strict=True))

    def _running(self, layer: BatchNorm) -> dict[str, float]:
        mean, variance = self._scenario.mean, self._scenario.std**2
        return {
            "running.mean": float(layer.running_mean.mean()),
            "running.mean.predicted": mean * (1 - self._missing),
            "running.var": float(layer.running_var.mean()),
            "running.var.predicted": self._missing + variance * (1 - self._missing),
        }

    def _histograms(self, fresh: Tensor, trained: Tensor | None, tested: Tensor) -> Frame:
        """Shares of what comes in, what goes out in training and what goes out in test mode."""
        mean, reach = self._scenario.mean, 4 * max(self._scenario.std, 1.0)
        low, high = min(-4.0, mean - reach), max(4.0, mean + reach)
        rows = [torch.histc(v.flatten(), _BINS, low, high) / v.numel() for v in (fresh, tested)]
        middle = torch.zeros(_BINS) if trained is None else torch.histc(trained.flatten(), _BINS, low, high)
        shares = torch.stack([rows[0], middle.double() / fresh.numel(), rows[1]])
        meta = {
            "kind": "histogram",
            "low": [low] * 3,
            "high": [high] * 3,
            "layers": ["input", "training", "test"],
        }
        return shares.float().numpy(), meta


def _moments(mode: str, y: Tensor) -> dict[str, float]:
    return {f"{mode}.mean": float(y.mean()), f"{mode}.std": float(y.std(correction=0))}


def _largest(a: Tensor, b: Tensor) -> float:
    return float((a - b).abs().max())

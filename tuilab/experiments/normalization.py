"""Batches through normalisation layers by hand, with torch's own beside them."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tuilab.experiments.fusing import Fusing
from tuilab.experiments.observation import Observation
from tuilab.experiments.tuning import changed, numbers
from tuilab.parts.normalization import NORMALIZATIONS, BatchNorm, Normalization, shares
from tuilab.parts.randomness import stream
from tuilab.scenario.kinds.normalization import NormalizationSetup, Normalizing
from tuilab.scenario.strict import Strict

Frame = tuple[np.ndarray, dict[str, Any]]

_BINS = 64
_EXAMPLES, _CHANNELS = 6, 16
"""Rows and columns at most of the picture of what shares a mean."""
_GOLDEN = 0.618034
"""Multiples of it, without their whole part, are far apart for neighbours however many there are."""


class NormalizationExperiment:
    """Step k gives every layer its k-th batch in training mode, and the (k+1)th in test mode. On the CPU."""

    sampled = 0

    def __init__(self, scenario: Normalizing) -> None:
        self.steps = scenario.steps or 0
        self._scenario = scenario
        self._step = 0
        self._settings: dict[str, Strict] = {
            f"{name}/norm": setup.norm for name, setup in scenario.arms.items()
        }
        self._layers = {name: _Layer(name, scenario) for name in scenario.arms}

    def __iter__(self) -> NormalizationExperiment:
        return self

    def __next__(self) -> Observation:
        step = self._step
        if step > self.steps:
            raise StopIteration
        self._step += 1
        observation = Observation(step, {})
        for name, layer in self._layers.items():
            values, frames = layer.see(step)
            observation.values.update({f"{name}/{metric}": value for metric, value in values.items()})
            observation.frames.update({f"{name}/{frame}": found for frame, found in frames.items()})
        return observation

    def tunables(self) -> dict[str, float]:
        """The numbers of each arm's layer."""
        return numbers(self._settings)

    def tune(self, key: str, value: float) -> None:
        """Change one from the next batch on, running averages kept; raises KeyError or ValueError."""
        place, settings = changed(self._settings, key, value)
        self._settings[place] = settings
        arm = place.rpartition("/")[0]
        self._layers[arm].set(settings.model_dump(exclude={"name"}))


class _Layer:
    """One arm: the layer by hand, torch's, and what is seen of them."""

    def __init__(self, name: str, scenario: Normalizing) -> None:
        self._setup: NormalizationSetup = scenario.arms[name]
        self._scenario = scenario
        settings = self._setup.norm.model_dump()
        kind, channels = settings.pop("name"), self._setup.channels
        made = NORMALIZATIONS[kind](channels, by_hand=True, **settings)
        assert isinstance(made, Normalization)
        self.ours = made.double()
        self.theirs = _torchs(kind, self._setup, settings.get("momentum", 0.1)).double()
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
            frames["shares"] = _drawn(self.ours, self._setup)
        return values, frames

    def set(self, settings: dict[str, float]) -> None:
        """Give the layers other numbers."""
        for layer in (self.ours, self.theirs):
            for key, value in settings.items():
                if key in ("eps", "momentum"):
                    setattr(layer, key, value)

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


def _torchs(kind: str, setup: NormalizationSetup, momentum: float) -> nn.Module:
    """Torch's layer of the same name and settings, outputs over the same values."""
    eps, channels, dense = setup.norm.eps, setup.channels, setup.side == 1
    if kind == "batch":
        return (nn.BatchNorm1d if dense else nn.BatchNorm2d)(channels, eps, momentum)
    if kind == "instance":
        return nn.InstanceNorm2d(channels, eps, affine=True)
    if kind == "rms":
        return nn.RMSNorm(channels, eps) if dense else _RMSOfPictures(channels, eps)
    groups = {"layer": 1, "group": getattr(setup.norm, "groups", 1)}[kind]
    return nn.GroupNorm(np.gcd(channels, groups).item(), channels, eps)


class _RMSOfPictures(nn.Module):
    """Torch's RMS norm over an example's channels and pixels, with a γ a channel."""

    def __init__(self, channels: int, eps: float) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight[:, None, None] * nn.functional.rms_norm(x, x.shape[1:], eps=self.eps)


def _drawn(layer: Normalization, setup: NormalizationSetup) -> Frame:
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


def _moments(mode: str, y: Tensor) -> dict[str, float]:
    return {f"{mode}.mean": float(y.mean()), f"{mode}.std": float(y.std(correction=0))}


def _largest(a: Tensor, b: Tensor) -> float:
    return float((a - b).abs().max())

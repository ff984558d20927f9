"""From samples of outputs, gradients and weights to the figures and histograms of a step."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tuilab.probes.statistics import Floats, fetched, histogram_figures
from tuilab.watching.looking import Seen

Frame = tuple[np.ndarray, dict[str, Any]]
_SPREAD = 4.0
"""Standard deviations from 0 that a histogram reaches at least, where values lie there."""
_SHRINKS = 8.0
"""Times too far a histogram reaches before it is made narrower: its range is to change seldom."""


class Samples:
    """Samples of several tensors, those of one length together: a few operations do for all layers.

    Args:
        names: of the layers.
        samples: (n,) each, all on one device.
    """

    def __init__(self, names: Sequence[str], samples: Sequence[Tensor]) -> None:
        self.names = list(names)
        lengths = [sample.numel() for sample in samples]
        self._groups = [
            (places, torch.stack([samples[place].double() for place in places]))
            for length in dict.fromkeys(lengths)
            if (places := [place for place, its in enumerate(lengths) if its == length])
        ]

    def figures(self, measure: Callable[[Tensor, list[int]], Tensor]) -> Floats:
        """What is measured of every sample, (layers, k), on the host.

        Args:
            measure: takes (l, n) in float64 and the layers' places; gives (l, k).
        """
        found = fetched(*(measure(rows, places) for places, rows in self._groups))
        together = np.empty((len(self.names), found[0].shape[1] if found else 0))
        for (places, _), part in zip(self._groups, found, strict=True):
            together[places] = part
        return together


@torch.no_grad()
def layer_values(seen: Sequence[Seen], samples: Samples) -> dict[str, dict[str, float]]:
    """Metric → layer → value.

    Args:
        seen: of one pass.
        samples: theirs.
    """

    def shares(rows: Tensor, places: list[int]) -> Tensor:
        flat = [
            rows.new_zeros(()) if (its := seen[place].flat) is None else its(row).double().mean()
            for row, place in zip(rows, places, strict=True)
        ]
        dead = torch.stack([seen[place].dead for place in places]).double()
        known = torch.stack(
            [torch.stack(flat), dead, rows.isnan().double().mean(1), rows.isinf().double().mean(1)]
        )
        return torch.cat([_moments(rows, places), known.T], 1)

    means, stds, saturated, dead, nan, inf = samples.figures(shares).T
    saturated, dead = (np.where(np.isnan(means), np.nan, share) for share in (saturated, dead))
    metrics = {"mean": means, "std": stds, "saturated": saturated, "dead": dead, "nan": nan, "inf": inf}
    values = {f"activation.{metric}": _named(samples.names, column) for metric, column in metrics.items()}
    back = [
        (one.name, one.gradient, one.norm)
        for one in seen
        if one.gradient is not None and one.norm is not None
    ]
    if back:
        names, gradients, norms = zip(*back, strict=True)
        spreads = Samples(names, gradients).figures(_moments)[:, 1]
        values["gradient.norm"] = _named(names, fetched(torch.stack(norms))[0])
        values["gradient.std"] = _named(names, spreads)
    return values


class Histograms:
    """Histograms of layers, each in a range of its own, which changes only where the values leave it.

    Args:
        bins: of each.
    """

    def __init__(self, bins: int) -> None:
        self._bins = bins
        self._reach: dict[str, float] = {}
        self._low: dict[str, float] = {}
        self._meta: dict[str, Any] = {}

    @torch.no_grad()
    def frame(self, samples: Samples) -> Frame:
        """Shares of the finite values, (layers, bins)."""
        for name, (low, high, rms) in zip(samples.names, samples.figures(_extremes).tolist(), strict=True):
            self._fit(name, low, high, rms)
        lows = [self._low[name] for name in samples.names]
        highs = [self._reach[name] for name in samples.names]

        def counted(rows: Tensor, places: list[int]) -> Tensor:
            low, high = (rows.new_tensor([edges[place] for place in places]) for edges in (lows, highs))
            return histogram_figures(rows, low, high, self._bins)

        counts = samples.figures(counted)
        meta = {"kind": "histogram", "low": lows, "high": highs, "layers": samples.names}
        if meta != self._meta:
            self._meta = meta
        return (counts / np.maximum(counts.sum(1, keepdims=True), 1)).astype(np.float32), self._meta

    def _fit(self, name: str, low: float, high: float, rms: float) -> None:
        """Have the range hold what is there, if it is a number at all."""
        furthest = max(-low, high)
        if not math.isfinite(furthest) or not math.isfinite(rms):
            furthest = self._reach.get(name, 1.0)
        wanted = min(furthest, _SPREAD * rms) if rms > 0 else furthest
        wanted = 2.0 ** math.ceil(math.log2(min(max(wanted, 1e-30), 1e30)))
        reach = self._reach.get(name, 0.0)
        if not reach >= wanted or reach > _SHRINKS * wanted:
            reach = wanted
        self._reach[name] = reach
        self._low[name] = 0.0 if low >= 0 and self._low.get(name, 0.0) == 0.0 else -reach


def _moments(rows: Tensor, places: list[int]) -> Tensor:
    """Mean and standard deviation of each row, (l, 2)."""
    means = rows.mean(1)
    return torch.stack([means, (rows - means[:, None]).square_().mean(1).sqrt()], 1)


def _extremes(rows: Tensor, places: list[int]) -> Tensor:
    """The least and the greatest finite value and the root mean square of all finite ones, (l, 3)."""
    finite = rows.nan_to_num(0.0, 0.0, 0.0)
    return torch.stack([finite.amin(1), finite.amax(1), finite.square().mean(1).sqrt()], 1)


def _named(names: Sequence[str], values: Floats) -> dict[str, float]:
    return dict(zip(names, values.tolist(), strict=True))

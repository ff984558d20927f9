"""What has become of a crowd, as numbers and as maps."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from tuilab.experiments.descent.crowd import Crowd, cells, middles, place
from tuilab.experiments.descent.pictures import basin_map, place_name, scatter
from tuilab.experiments.descent.places import Basins, to_goals
from tuilab.experiments.descent.theory import curvatures, edge
from tuilab.experiments.descent.walker import CONVERGED
from tuilab.experiments.observation import Frame, Observation
from tuilab.parts.surfaces import Quadratic, Surface
from tuilab.parts.surfaces.surface import Point
from tuilab.scenario.parts.crowds import Axis, Copies, Grid, Random, Settings


class Census:
    """Looks at one arm's crowd whenever a picture is due."""

    def __init__(self, name: str, crowd: Crowd, surface: Surface, view: tuple[Point, Point]) -> None:
        self._name, self._crowd, self._surface, self._view = name, crowd, surface, view
        self._minima = Basins(surface)

    def observe(self, observation: Observation) -> None:
        """Record shares and maps of the crowd as it stands at the observation's step."""
        points, first = self._crowd.points, self._crowd.first
        distance = to_goals(self._surface, points)
        gone = ~distance.isfinite()
        if isinstance(self._crowd.kind, Settings):
            gone |= distance > first
        here = distance < CONVERGED * first
        shares = {
            "share.converged": here,
            "share.diverged": gone,
            "share.crawls": ~here & ~gone,
        }
        values = {name: share.double().mean().item() for name, share in shares.items()}
        frames: dict[str, Frame] = {}
        if isinstance(self._crowd.kind, Settings):
            rate = (distance / first) ** (1 / max(observation.step, 1))
            values |= self._edge(gone)
            frames |= self._setting_maps(self._crowd.kind, here, gone, rate)
        else:
            values["path.variance"] = (points - points.mean(0)).square().sum(-1).mean().item()
            if self._crowd.predicted is not None:
                values["path.variance.predicted"] = self._crowd.predicted
            values |= self._basins(self._crowd.kind, points, gone, frames)
        observation.values.update({f"{self._name}/{key}": value for key, value in values.items()})
        observation.frames.update({f"{self._name}/{key}": frame for key, frame in frames.items()})

    def _basins(
        self, kind: Grid | Random | Copies, points: Tensor, gone: Tensor, frames: dict[str, Frame]
    ) -> dict[str, float]:
        """Who is near to which minimum; the frames come with it."""
        minima = self._surface.minima
        number = self._minima.near_each(points)
        classes = torch.where(gone, len(minima) + 1, number)
        categories = ["on the way", *map(place_name, minima), "diverged"]
        if isinstance(kind, Grid):
            frames["basins"] = basin_map(
                classes, categories, [middles(ends, kind.side) for ends in place(kind, self._view)]
            )
        frames["walkers"] = scatter(points, classes, categories)
        counted = torch.bincount(number, minlength=len(minima) + 1).tolist()[1:]
        return {f"basin.share/{k}": count / len(number) for k, count in enumerate(counted, 1)}

    def _setting_maps(self, kind: Settings, here: Tensor, gone: Tensor, rate: Tensor) -> dict[str, Frame]:
        """The fate of every pair of settings, and the mean factor a step."""
        fates = torch.where(gone, 2, torch.where(here, 0, 1)).to(torch.uint8)
        shape = (kind.side, kind.side)
        meta: dict[str, Any] = {
            "kind": "map",
            "x": _outermost(kind.x, kind.side),
            "y": _outermost(kind.y, kind.side),
            "x_scale": kind.x.scale,
            "y_scale": kind.y.scale,
            "x_name": kind.x.setting,
            "y_name": kind.y.setting,
            "lines": self._lines(kind),
        }
        fate_meta = {**meta, "colors": "categories", "categories": ["converges", "crawls", "diverges"]}
        rate = torch.where(gone, torch.nan, rate).reshape(shape).float()
        return {
            "map": (fates.reshape(shape).numpy(), fate_meta),
            "rate": (rate.numpy(), {**meta, "colors": "heat"}),
        }

    def _lines(self, kind: Settings) -> list[dict[str, Any]]:
        """The edge that theory draws, as points on the map."""
        if {kind.x.setting, kind.y.setting} != {"lr", "momentum"}:
            return []
        swapped = kind.x.setting == "momentum"
        low, high = (kind.x if swapped else kind.y).range
        momentum = np.linspace(low, high, 65)
        lr = self._theory(momentum)
        if lr is None:
            return []
        pairs = np.stack((momentum, lr) if swapped else (lr, momentum), axis=-1)
        return [{"name": "edge of theory", "points": pairs.tolist()}]

    def _theory(self, momentum: np.ndarray) -> np.ndarray | None:
        settings = self._crowd.settings
        if not isinstance(self._surface, Quadratic) or settings.get("dampening"):
            return None
        steepest = curvatures(self._surface)[0] + settings.get("weight_decay", 0.0)
        return edge(settings["name"], momentum, steepest)

    def _edge(self, gone: Tensor) -> dict[str, float]:
        """Where each momentum's row begins to diverge, ÷ where theory says so."""
        kind = self._crowd.kind
        assert isinstance(kind, Settings)
        if {kind.x.setting, kind.y.setting} != {"lr", "momentum"}:
            return {}
        lr, momentum, fates = kind.x, kind.y, gone.reshape(kind.side, kind.side).numpy()
        if kind.x.setting == "momentum":
            lr, momentum, fates = kind.y, kind.x, fates.T
        middles = momentum.range[0] + (np.arange(kind.side) + 0.5) / kind.side * np.ptp(momentum.range)
        expected = self._theory(middles)
        if expected is None or momentum.scale == "log":
            return {}
        # Cells that do not diverge up to the last that does not; the edge lies at that cell's end.
        kept = kind.side - np.argmax(~fates[:, ::-1], axis=1)
        measured = _at(lr, np.where(fates.all(axis=1), 0, kept) / kind.side)
        seen = expected < lr.range[1]
        if not seen.any():
            return {}
        ratio = (measured / expected)[seen]
        return {"edge.ratio": float(np.median(ratio)), "edge.error": float(np.abs(ratio - 1).max())}


def _outermost(axis: Axis, side: int) -> list[float]:
    """The settings in the middle of the first and the last cell."""
    return cells(axis, side)[[0, -1]].tolist()


def _at(axis: Axis, share: np.ndarray) -> np.ndarray:
    """The setting that lies this share of the way along an axis."""
    low, high = axis.range
    return low * (high / low) ** share if axis.scale == "log" else low + (high - low) * share

"""Several networks of one arm: what is recorded of a figure that each of them has."""

from __future__ import annotations

from tuilab.experiments.observation import Frame
from tuilab.probes.statistics import Floats


def recorded(name: str, figures: Floats, per_layer: bool) -> tuple[dict[str, float], dict[str, Frame]]:
    """The mean as the series itself; of several draws the smallest, the largest, and all as a frame.

    Args:
        name: ARM/METRIC.
        figures: (layers, draws); one layer where the metric has none.
        per_layer: whether the series have a layer in their name.

    Returns:
        Series and frames by name; the frame NAME.draws is (draws, layers).
    """
    ends = [f"/{layer}" for layer in range(1, len(figures) + 1)] if per_layer else [""]
    series = {f"{name}{end}": float(row.mean()) for end, row in zip(ends, figures, strict=True)}
    if figures.shape[1] == 1:
        return series, {}
    for end, row in zip(ends, figures, strict=True):
        series[f"{name}.low{end}"] = float(row.min())
        series[f"{name}.high{end}"] = float(row.max())
    return series, {f"{name}.draws": (figures.T.copy(), {"kind": "draws"})}

"""Scenarios of optimisers walking down a surface."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from tuilab.scenario.kinds.base import ArmName, Scenario
from tuilab.scenario.metrics import Metric
from tuilab.scenario.parts.optimizers import Optimizer
from tuilab.scenario.parts.surfaces import Surface
from tuilab.scenario.strict import Strict


class DescentSetup(Strict):
    """One optimiser and where it starts."""

    optimizer: Optimizer
    start: Annotated[list[float], Field(min_length=2, max_length=2)]


class Descent(Scenario):
    """Optimisers walking down a surface of two parameters. Step 0 is the start."""

    kind: Literal["descent"]
    surface: Surface
    steps: int | None = Field(default=300, ge=0, le=10**9)
    arms: dict[ArmName, DescentSetup] = Field(min_length=1, max_length=32)
    SETUP: ClassVar[type[Strict]] = DescentSetup
    METRICS: ClassVar[dict[str, Metric]] = {
        "loss": Metric("height of the surface"),
        "distance": Metric(
            "Euclidean distance to the minimum, or to the saddle point where there is no minimum"
        ),
        "rate": Metric(
            "mean factor by which a step multiplies the distance, (distance ÷ first distance)^(1/step)"
        ),
        "gradient.norm": Metric("Euclidean norm of the gradient"),
        "x": Metric("first parameter"),
        "y": Metric("second parameter"),
    }
    EVENTS: ClassVar[dict[str, str]] = {
        "diverged": "a figure became NaN or infinite",
        "escaped": "|y| reached 1 on a saddle",
        "converged": "the distance fell below 1e-6 of the first",
    }
    PANELS: ClassVar[list[dict[str, Any]]] = [
        {"type": "landscape", "title": "the surface and the paths", "frame": "landscape"},
        {"type": "curves", "title": "loss", "series": ["*/loss"], "scale": "log"},
        {"type": "curves", "title": "distance", "series": ["*/distance"], "scale": "log"},
        {
            "type": "values",
            "title": "where each arm stands",
            "series": ["*/loss", "*/distance", "*/rate", "*/x", "*/y"],
        },
    ]

"""Scenarios of optimisers walking down a surface."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationError, model_validator

from tuilab.scenario.kinds.base import MOST_ARMS, ArmName, Scenario
from tuilab.scenario.metrics import Metric
from tuilab.scenario.parts.crowds import Crowd, Place, Settings
from tuilab.scenario.parts.optimizers import Optimizer
from tuilab.scenario.parts.surfaces import Surface
from tuilab.scenario.strict import Positive, Strict


class Noise(Strict):
    """Every gradient is that of a random minibatch: Gaussian noise of std/√batch is added to it."""

    std: Positive = Field(default=1.0, description="standard deviation of one example's gradient")
    batch: int = Field(default=1, ge=1, le=10**9)


class DescentSetup(Strict):
    """One optimiser, where it starts, how noisy its gradients are, and who else walks by its rule."""

    optimizer: Optimizer
    start: Annotated[list[float], Field(min_length=2, max_length=2)]
    noise: Noise | None = None
    crowd: Crowd | None = None

    @model_validator(mode="after")
    def _maps_are_of_the_optimizers_settings(self) -> DescentSetup:
        if not isinstance(self.crowd, Settings):
            return self
        given = self.optimizer.model_dump()
        known = [key for key, value in given.items() if type(value) is float]
        for axis in (self.crowd.x, self.crowd.y):
            if axis.setting not in known:
                raise ValueError(
                    f"crowd: {given['name']} has no setting {axis.setting!r} to map; "
                    f"there are {', '.join(known)}"
                )
            for end in axis.ends:
                try:
                    type(self.optimizer).model_validate({**given, axis.setting: end})
                except ValidationError as error:
                    wanted = error.errors()[0]["msg"]
                    raise ValueError(
                        f"crowd: the range of {axis.setting}, {axis.range}: {wanted[0].lower()}{wanted[1:]}"
                    ) from None
        return self


_OF_CROWDS = {
    "share.converged": Metric("share of the crowd within 1e-6 of its first distance", "share"),
    "share.diverged": Metric(
        "share of the crowd that is no number any more, or in a map of settings further off than it was",
        "share",
    ),
    "share.crawls": Metric("share of the crowd that does neither", "share"),
    "basin.share": Metric("share of the crowd near to a minimum, the layer being its number", "share", True),
    "path.variance": Metric("mean squared distance of the crowd from its mean"),
    "edge.ratio": Metric(
        "where a map of lr and momentum begins to diverge ÷ where theory says so, median over its rows"
    ),
    "edge.error": Metric("the largest deviation of that ratio from 1 in any row"),
}


class DescentScenario(Scenario):
    """Optimisers walking down a surface of two parameters. Step 0 is the start."""

    kind: Literal["descent"]
    surface: Surface
    steps: int | None = Field(default=300, ge=0, le=10**9)
    arms: dict[ArmName, DescentSetup] = Field(min_length=1, max_length=MOST_ARMS)
    SETUP: ClassVar[type[Strict]] = DescentSetup
    METRICS: ClassVar[dict[str, Metric]] = {
        "loss": Metric("height of the surface"),
        "distance": Metric(
            "Euclidean distance to the nearest lowest minimum, or to the saddle point where there is none"
        ),
        "rate": Metric(
            "mean factor by which a step multiplies the distance, (distance ÷ first distance)^(1/step)"
        ),
        "rate.recent": Metric("the same over the last 50 steps"),
        "gradient.norm": Metric("Euclidean norm of the gradient, without a minibatch's noise"),
        "x": Metric("first parameter"),
        "y": Metric("second parameter"),
        "step.length": Metric("Euclidean length of the last step"),
        "step.gain": Metric("length of the last step ÷ that of plain gradient descent, lr·‖gradient‖"),
        "travelled": Metric("Euclidean distance from the start"),
        "basin": Metric("number of the minimum that it is near to, 1 being the lowest; 0: near to none"),
        **_OF_CROWDS,
    }
    EVENTS: ClassVar[dict[str, str]] = {
        "diverged": "a figure became NaN or infinite",
        "escaped": "|y| reached 1 on a saddle, or the height −1 on a monkey saddle",
        "converged": "the distance fell below 1e-6 of the first",
        "basin": "it came near to a minimum, one of several, for the first time",
        "singular": "the Hessian had no inverse, so a Newton step was not taken, for the first time",
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

    @property
    def metrics(self) -> dict[str, Metric]:
        """Those of every arm, and those of crowds where there is one."""
        crowded = any(arm.crowd is not None for arm in self.arms.values())
        return {name: about for name, about in self.METRICS.items() if crowded or name not in _OF_CROWDS}

    @model_validator(mode="after")
    def _starts_lie_on_the_surface(self) -> DescentScenario:
        if self.surface.range is None:
            return self
        low, high = self.surface.range
        for name, arm in self.arms.items():
            places = [*arm.start]
            if isinstance(arm.crowd, Place):
                places += [*(arm.crowd.x or []), *(arm.crowd.y or [])]
            if not all(low <= place <= high for place in places):
                raise ValueError(
                    f"arm {name} starts outside the surface: {self.surface.name} "
                    f"goes from {low:g} to {high:g} on both axes"
                )
        return self

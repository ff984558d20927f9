"""Scenarios of what an optimiser's step costs as parameters get more."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field

from tuilab.scenario.kinds.base import MOST_ARMS, ArmName, Scenario
from tuilab.scenario.metrics import Metric
from tuilab.scenario.parts.optimizers import Optimizer
from tuilab.scenario.strict import Strict, rising


class CostsSetup(Strict):
    """One optimiser."""

    optimizer: Optimizer


class CostsScenario(Scenario):
    """The time and the memory of one step against the number of parameters N, which grows from step to step.

    Everybody steps on the same bowl, whose Hessian is dense: a diagonal and one direction that lies across
    all parameters.
    """

    kind: Literal["costs"]
    n: Annotated[
        list[Annotated[int, Field(ge=2, le=2**14)]],
        Field(min_length=2, max_length=2),
        AfterValidator(rising),
    ] = Field(default=[64, 4096], description="parameters at the first and at the last step")
    steps: int | None = Field(default=12, ge=1, le=1_000)
    arms: dict[ArmName, CostsSetup] = Field(min_length=1, max_length=MOST_ARMS)
    SETUP: ClassVar[type[Strict]] = CostsSetup
    METRICS: ClassVar[dict[str, Metric]] = {
        "n": Metric("parameters"),
        "time": Metric(
            "one step on one thread, the fastest of several, measured by the clock", "s", clock=True
        ),
        "memory": Metric("what the rule remembers, and the largest thing it asks the surface for", "B"),
        "time.slope": Metric(
            "slope of log time against log N over the last three doublings, measured by the clock", clock=True
        ),
        "memory.slope": Metric("slope of log memory against log N over the last three doublings"),
        "left": Metric("distance to the minimum after one step ÷ before", "share"),
    }
    EVENTS: ClassVar[dict[str, str]] = {}
    PANELS: ClassVar[list[dict[str, Any]]] = [
        {"type": "curves", "title": "time", "series": ["*/time"], "scale": "log"},
        {"type": "curves", "title": "memory", "series": ["*/memory"], "scale": "log"},
        {"type": "curves", "title": "distance left", "series": ["*/left"], "scale": "log"},
        {
            "type": "values",
            "title": "cost grows as N to the power of",
            "series": ["*/time.slope", "*/memory.slope"],
        },
        {"type": "values", "title": "now", "series": ["*/n", "*/time"]},
    ]

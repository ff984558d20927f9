"""Learning-rate schedules that a scenario can name."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Tag

from tuilab.scenario.parts.own import WHOSE, Own
from tuilab.scenario.strict import Strict

Part = Annotated[float, Field(gt=0, lt=1)]
Start = Annotated[
    float, Field(ge=0, le=1, description="learning rate of the first update, as a share of the largest")
]


class Constant(Strict):
    """The optimiser's own learning rate throughout."""

    name: Literal["constant"]


class Step(Strict):
    """Down by a factor at a few fixed points."""

    name: Literal["step"]
    at: list[Part] = Field(
        default=[0.3, 0.6, 0.9], min_length=1, max_length=100, description="where, as shares of the updates"
    )
    factor: Annotated[float, Field(gt=0, le=1)] = 0.1


class Cosine(Strict):
    """Half a cosine from the learning rate down to zero."""

    name: Literal["cosine"]


class Linear(Strict):
    """A straight line from the learning rate down to zero."""

    name: Literal["linear"]


class InverseSqrt(Strict):
    """1/√(1 + t/scale), t being the share of the updates that are done: fast at first, and never zero."""

    name: Literal["inverse_sqrt"]
    scale: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.01, description="share of the updates after which 1/√2 is left"
    )


class Exponential(Strict):
    """The same factor at every update."""

    name: Literal["exponential"]
    end: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.01, description="share of the learning rate that is left after the last update"
    )


class OneCycle(Strict):
    """Up in a straight line from a small share of the learning rate, then down in a straight line to zero."""

    name: Literal["one_cycle"]
    peak: Part = Field(default=0.25, description="share of the updates at which the peak lies")
    start: Start = 0.1


PlainSchedule = Annotated[
    Constant | Step | Cosine | Linear | InverseSqrt | Exponential | OneCycle, Field(discriminator="name")
]


class WarmUp(Strict):
    """Up in a straight line from a small share of the learning rate, and then another schedule."""

    name: Literal["warm_up"]
    then: PlainSchedule
    share: Part = Field(default=0.05, description="share of the updates that the warm-up takes")
    start: Start = 0.1


OurSchedule = Annotated[
    Constant | Step | Cosine | Linear | InverseSqrt | Exponential | OneCycle | WarmUp,
    Field(discriminator="name"),
]
Schedule = Annotated[Annotated[OurSchedule, Tag("[ours]")] | Annotated[Own, Tag("[own]")], WHOSE]

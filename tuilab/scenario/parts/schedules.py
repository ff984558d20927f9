"""Learning-rate schedules that a scenario can name."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tuilab.scenario.strict import Strict


class Constant(Strict):
    """The optimiser's own learning rate throughout."""

    name: Literal["constant"]


class Cosine(Strict):
    """Half a cosine from the learning rate down to zero."""

    name: Literal["cosine"]


class OneCycle(Strict):
    """Up in a straight line from a small share of the learning rate, then down in a straight line to zero."""

    name: Literal["one_cycle"]
    peak: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.25, description="share of the steps at which the peak lies"
    )
    start: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.1, description="learning rate at step 0, as a share of the peak"
    )


Schedule = Annotated[Constant | Cosine | OneCycle, Field(discriminator="name")]

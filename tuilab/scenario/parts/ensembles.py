"""What a scenario can gather along a training run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tuilab.scenario.strict import Share, Strict


class NoAverage(Strict):
    """Nothing."""

    name: Literal["none"]


class EMA(Strict):
    """Exponential moving average of the weights."""

    name: Literal["ema"]
    decay: Share = 0.999


class SWA(Strict):
    """Mean of the weights every so many steps of the last part."""

    name: Literal["swa"]
    start: Share = Field(default=0.75, description="share of the steps after which it begins")
    every: int = Field(default=20, ge=1, le=1_000_000)


class Snapshots(Strict):
    """The schedule runs in cycles; the networks at their ends vote."""

    name: Literal["snapshots"]
    cycles: int = Field(default=5, ge=1, le=100)


Average = Annotated[NoAverage | EMA | SWA | Snapshots, Field(discriminator="name")]

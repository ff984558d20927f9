"""Many walkers at once: from many starts, or with many settings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tuilab.scenario.strict import Range, Strict

Every = Annotated[int, Field(ge=1, le=10**9)]


class CrowdBase(Strict):
    """What every crowd has."""

    every: Every | None = Field(default=None, description="steps between two pictures; none: 40 in a run")


class Place(CrowdBase):
    """Starts in a rectangle; none: the part of the surface that the landscape shows."""

    x: Range | None = None
    y: Range | None = None


class Grid(Place):
    """side × side starts, evenly spaced: the map of which start comes to which minimum."""

    name: Literal["grid"]
    side: int = Field(default=128, ge=2, le=1024)


class Random(Place):
    """`n` starts, evenly spread by chance."""

    name: Literal["random"]
    n: int = Field(default=1_000, ge=1, le=1_000_000)


class Copies(CrowdBase):
    """`n` walkers from the arm's own start; it takes noise to tell them apart."""

    name: Literal["copies"]
    n: int = Field(default=1_000, ge=1, le=1_000_000)


class Axis(Strict):
    """One number of the optimiser, over a range."""

    setting: str
    range: Range
    scale: Literal["linear", "log"] = "linear"

    @model_validator(mode="after")
    def _range_can_be_drawn(self) -> Axis:
        if self.scale == "log" and self.range[0] <= 0:
            raise ValueError(f"range = {self.range} on a log scale wants numbers above 0")
        return self

    @property
    def ends(self) -> tuple[float, float]:
        """What the outermost cells may come near to but not reach."""
        low, high = self.range
        inside = 1e-9
        if self.scale == "log":
            return low * (high / low) ** inside, high * (low / high) ** inside
        return low + inside * (high - low), high - inside * (high - low)


class Settings(CrowdBase):
    """side × side settings of the optimiser, all from the arm's own start: where it converges, how fast."""

    name: Literal["settings"]
    x: Axis
    y: Axis
    side: int = Field(default=96, ge=2, le=1024)

    @model_validator(mode="after")
    def _two_settings(self) -> Settings:
        if self.x.setting == self.y.setting:
            raise ValueError(f"x and y are both {self.x.setting}; name two settings of the optimiser")
        return self


Crowd = Annotated[Grid | Random | Copies | Settings, Field(discriminator="name")]

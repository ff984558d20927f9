"""What every checked model of a scenario has in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0, le=1e6)]
Share = Annotated[float, Field(ge=0, lt=1)]


def rising(ends: list[float]) -> list[float]:
    """The ends of a range as they are, the smaller first; raises ValueError."""
    if not ends[0] < ends[1]:
        raise ValueError(f"{ends} wants the smaller number first")
    return ends


Range = Annotated[list[float], Field(min_length=2, max_length=2), AfterValidator(rising)]


class Strict(BaseModel):
    """No unknown keys, no silent conversions, no NaN; unchangeable once checked."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

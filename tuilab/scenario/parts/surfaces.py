"""Surfaces that a scenario can name."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tuilab.scenario.strict import Positive, Strict


class Quadratic(Strict):
    """A rotated bowl, f = ½(κ·u² + v²): curvature κ along the steep axis u, 1 along the shallow axis v."""

    name: Literal["quadratic"]
    condition_number: float = Field(default=100.0, ge=1, le=1e12)
    rotation: float = Field(default=0.0, ge=-360, le=360, description="degrees, anticlockwise")


class Saddle(Strict):
    """A saddle, f = ½·curvature·(x² − y²): curvature 2 gives x² − y²."""

    name: Literal["saddle"]
    curvature: Positive = 1.0


Surface = Annotated[Quadratic | Saddle, Field(discriminator="name")]

"""Surfaces that a scenario can name.

`RANGE` is where on each axis a descent may start, as published; None for the whole plane.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, Tag

from tuilab.scenario.parts.own import WHOSE, Own
from tuilab.scenario.strict import Positive, Strict

Range = tuple[float, float]


class SurfaceBase(Strict):
    """What every surface has."""

    RANGE: ClassVar[Range | None] = None

    @property
    def range(self) -> Range | None:
        """Where x and y of a start have to lie."""
        return self.RANGE


class Quadratic(SurfaceBase):
    """A rotated bowl, f = ½(κ·u² + v²): curvature κ along the steep axis u, 1 along the shallow axis v."""

    name: Literal["quadratic"]
    condition_number: float = Field(default=100.0, ge=1, le=1e12)
    rotation: float = Field(default=0.0, ge=-360, le=360, description="degrees, anticlockwise")


class Saddle(SurfaceBase):
    """A saddle, f = ½·curvature·(x² − y²): curvature 2 gives x² − y²."""

    name: Literal["saddle"]
    curvature: Positive = 1.0


class MonkeySaddle(SurfaceBase):
    """A saddle with three valleys, f = x³ − 3xy²."""

    name: Literal["monkey_saddle"]
    RANGE: ClassVar[Range | None] = (-3.0, 3.0)


class Rosenbrock(SurfaceBase):
    """A banana-shaped valley, f = (1 − x)² + 100(y − x²)²."""

    name: Literal["rosenbrock"]
    RANGE: ClassVar[Range | None] = (-5.0, 10.0)


class Beale(SurfaceBase):
    """Flat, with steep walls at the corners; minimum at (3, .5)."""

    name: Literal["beale"]
    RANGE: ClassVar[Range | None] = (-4.5, 4.5)


class Himmelblau(SurfaceBase):
    """Four minima of one height, f = (x² + y − 11)² + (x + y² − 7)²."""

    name: Literal["himmelblau"]
    RANGE: ClassVar[Range | None] = (-5.0, 5.0)


class Rastrigin(SurfaceBase):
    """A bowl covered with wells, f = 20 + Σ x² − 10 cos 2πx."""

    name: Literal["rastrigin"]
    RANGE: ClassVar[Range | None] = (-5.12, 5.12)


class Ackley(SurfaceBase):
    """A wide funnel covered with wells."""

    name: Literal["ackley"]
    RANGE: ClassVar[Range | None] = (-32.768, 32.768)


class StyblinskiTang(SurfaceBase):
    """One deep well and three that are less deep, f = ½Σ x⁴ − 16x² + 5x."""

    name: Literal["styblinski_tang"]
    RANGE: ClassVar[Range | None] = (-5.0, 5.0)


class Ravine(SurfaceBase):
    """Steep walls and an evenly falling floor without an end, f = slope·x + ½·curvature·y²."""

    name: Literal["ravine"]
    curvature: Annotated[float, Field(ge=0, le=1e6)] = 100.0
    slope: Annotated[float, Field(ge=-1e6, le=1e6)] = 1.0


class Plateau(SurfaceBase):
    """A well of some width in an endless plain, f = 1 − exp(−r²/2·width²)."""

    name: Literal["plateau"]
    width: Positive = 1.0
    RANGE: ClassVar[Range | None] = (-10.0, 10.0)


_Named = (
    Quadratic
    | Saddle
    | MonkeySaddle
    | Rosenbrock
    | Beale
    | Himmelblau
    | Rastrigin
    | Ackley
    | StyblinskiTang
    | Ravine
    | Plateau
)

Shift = Annotated[float, Field(ge=-1e3, le=1e3)]


class Term(Strict):
    """One surface in a sum: weight·f((p − shift)/scale)."""

    surface: Annotated[_Named, Field(discriminator="name")]
    weight: Annotated[float, Field(ge=-1e6, le=1e6)] = 1.0
    shift: Annotated[list[Shift], Field(min_length=2, max_length=2)] = Field(default=[0.0, 0.0])
    scale: Annotated[float, Field(gt=0, le=1e3)] = 1.0


class Sum(SurfaceBase):
    """A surface of one's own: a weighted sum of named ones, each moved and stretched."""

    name: Literal["sum"]
    terms: list[Term] = Field(min_length=1, max_length=32)
    reach: Annotated[float, Field(gt=0, le=1e3)] = Field(
        default=5.0, description="x and y go from −reach to reach"
    )

    @property
    def range(self) -> Range | None:
        """±reach."""
        return -self.reach, self.reach


class OwnSurface(Own):
    """A surface of one's own."""

    @property
    def range(self) -> Range | None:
        """A start may lie anywhere: only the code knows."""
        return None


OurSurface = Annotated[_Named | Sum, Field(discriminator="name")]
Surface = Annotated[Annotated[OurSurface, Tag("[ours]")] | Annotated[OwnSurface, Tag("[own]")], WHOSE]

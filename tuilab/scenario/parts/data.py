"""Data sets that a scenario can name."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tuilab.scenario.strict import Strict


class Pictures(Strict):
    """Labelled pictures and how they are split; `pictures` is cifar10 where it is there, else shapes10."""

    name: Literal["pictures", "cifar10", "shapes10"]
    validation: int = Field(
        default=5_000, ge=10, le=50_000, description="pictures held out of the training set, by seed"
    )
    train: int | None = Field(
        default=None, ge=10, le=1_000_000, description="use only this many training pictures"
    )


class Points(Strict):
    """Points in the plane, drawn for the scenario's seed: small enough to watch a network's decision move."""

    name: Literal["spirals", "rings", "moons", "checkerboard", "blobs"]
    classes: int = Field(default=2, ge=2, le=8)
    noise: float | None = Field(
        default=None, ge=0, le=1, description="standard deviation by which points stray; none: the toy's own"
    )
    validation: int = Field(default=500, ge=10, le=50_000, description="points held out of the training set")
    train: int = Field(default=500, ge=10, le=1_000_000, description="points to learn from")

    @model_validator(mode="after")
    def _moons_are_two(self) -> Points:
        if self.name == "moons" and self.classes != 2:
            raise ValueError("moons come in two classes")
        return self


Data = Annotated[Pictures | Points, Field(discriminator="name")]

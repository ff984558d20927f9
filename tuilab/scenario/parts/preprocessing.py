"""Preprocessings that a scenario can name, and the data they are fitted on."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tuilab.scenario.strict import Positive, Strict

Epsilon = Annotated[float, Field(ge=0, le=1e6, description="added to every variance before it is divided by")]


class Plain(Strict):
    """A preprocessing without settings; what each does: `tuilab.parts.preprocessing`."""

    name: Literal["none", "center", "normalize", "channel_mean", "channel_std", "pca"]


class WhitenPCA(Strict):
    """Onto the principal axes, each scaled to variance 1."""

    name: Literal["whiten_pca"]
    eps: Epsilon = 0.0


class WhitenZCA(Strict):
    """As `whiten_pca`, and turned back."""

    name: Literal["whiten_zca"]
    eps: Epsilon = 0.0


Preprocessing = Annotated[Plain | WhitenPCA | WhitenZCA, Field(discriminator="name")]


class Cloud(Strict):
    """Two Gaussian classes: long, tilted and away from the origin."""

    name: Literal["cloud"]
    dims: int = Field(default=2, ge=2, le=256)
    center: Annotated[list[float], Field(min_length=2, max_length=2)] = Field(
        default=[4.0, 2.0], description="the mean along the first two dimensions; 0 along the others"
    )
    spread: Annotated[list[Positive], Field(min_length=2, max_length=2)] = Field(
        default=[2.0, 0.5], description="standard deviation along the longest and the shortest axis"
    )
    rotation: float = Field(default=30.0, ge=-360, le=360, description="degrees, in two dimensions")
    separation: float = Field(default=1.0, ge=0, le=1e6, description="distance of the classes' means")

    @model_validator(mode="after")
    def _longest_first(self) -> Cloud:
        if self.spread[0] < self.spread[1]:
            raise ValueError("spread wants the longest axis first")
        return self


class Photos(Strict):
    """Pictures, or a square cut out of each at random."""

    name: Literal["pictures", "cifar10", "shapes10"]
    """`pictures`: CIFAR-10 where it is there, else the shapes that need no files."""
    crop: int = Field(default=32, ge=2, le=32, description="pixels along a side")


Source = Annotated[Cloud | Photos, Field(discriminator="name")]

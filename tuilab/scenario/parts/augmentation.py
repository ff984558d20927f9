"""How training examples are changed at random."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from tuilab.scenario.strict import Strict

Degrees = Annotated[float, Field(ge=0, le=180)]


class Augment(Strict):
    """Nothing, unless it is said: training examples then come as they are."""

    flip: bool = Field(default=False, description="mirror with probability one half")
    translate: int = Field(default=0, ge=0, le=16, description="shift by up to so many whole pixels")
    crop: Annotated[list[float], Field(min_length=2, max_length=2)] | None = Field(
        default=None, description="smallest and largest side of a random patch, as a share of the picture's"
    )
    rotate: Degrees = Field(default=0.0, description="turn by up to so many degrees")
    stretch: float = Field(default=0.0, ge=0, le=2, description="one side times up to e^this, one divided")
    shear: Annotated[float, Field(ge=0, le=80)] = Field(default=0.0, description="by up to so many degrees")
    lens: float = Field(default=0.0, ge=0, le=1, description="barrel or pincushion distortion, up to this")
    color: float = Field(
        default=0.0, ge=0, lt=1, description="brightness, contrast, saturation changed by up to this share"
    )
    noise: float = Field(default=0.0, ge=0, le=1, description="standard deviation of Gaussian noise")
    window: int = Field(
        default=0, ge=0, le=1_024, description="learn from squares of so many pixels; 0: whole pictures"
    )
    window_until: float = Field(
        default=0.7, ge=0, le=1, description="share of the steps after which pictures are whole"
    )
    cutout: int = Field(default=0, ge=0, le=256, description="side of a square painted over, pixels")
    mixup: float = Field(default=0.0, ge=0, le=100, description="mix pairs by shares from Beta(this, this)")

    @model_validator(mode="after")
    def _crop_is_an_interval(self) -> Augment:
        if self.crop is not None and not 0 < self.crop[0] <= self.crop[1] <= 1:
            raise ValueError("crop wants two shares, the smaller first, such as [0.5, 1.0]")
        return self

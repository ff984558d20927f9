"""Data sets that a scenario can name."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tuilab.scenario.strict import Strict


class Data(Strict):
    """A labelled picture set and how it is split and augmented."""

    name: Literal["cifar10", "shapes10"] = "cifar10"
    validation: int = Field(
        default=5_000, ge=10, le=50_000, description="pictures held out of the training set, by seed"
    )
    train: int | None = Field(
        default=None, ge=10, le=1_000_000, description="use only this many training pictures"
    )
    flip: bool = Field(default=True, description="mirror each training picture with probability one half")
    translate: int = Field(
        default=2, ge=0, le=16, description="shift each training picture by up to this many pixels"
    )

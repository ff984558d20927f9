"""Normalisation layers that a scenario can name, with their settings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tuilab.scenario.strict import Strict

Epsilon = Annotated[float, Field(gt=0, le=1e3, description="added to the variance")]


class Batch(Strict):
    """Over the batch and the pixels, with running averages for test time."""

    name: Literal["batch"]
    eps: Epsilon = 1e-5
    momentum: float = Field(default=0.1, ge=0, le=1, description="share of a batch in the running averages")


class ByExample(Strict):
    """Over an example's own values: all of them, those of a channel, or all without a mean."""

    name: Literal["layer", "instance", "rms"]
    eps: Epsilon = 1e-5


class Group(Strict):
    """Over the values of a group of an example's channels."""

    name: Literal["group"]
    groups: int = Field(default=8, ge=1, le=65_536)
    eps: Epsilon = 1e-5


Normalization = Annotated[Batch | ByExample | Group, Field(discriminator="name")]

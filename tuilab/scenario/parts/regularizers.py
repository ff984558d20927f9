"""Regularisers that a scenario can name."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tuilab.scenario.strict import Strict

Strength = Annotated[float, Field(ge=0, le=1e3)]


class NoRegularizer(Strict):
    """No penalty."""

    name: Literal["none"]


class L2(Strict):
    """Strength times the sum of squared weights (half an optimiser's weight_decay)."""

    name: Literal["l2"]
    strength: Strength = 1e-4


class L1(Strict):
    """Strength times the sum of the weights' sizes."""

    name: Literal["l1"]
    strength: Strength = 1e-4
    proximal: bool = Field(default=True, description="by soft thresholding, which makes exact zeros")


class ElasticNet(Strict):
    """Strength times the sum of beta·w² + |w|."""

    name: Literal["elastic_net"]
    strength: Strength = 1e-4
    beta: Strength = 1.0
    proximal: bool = Field(default=True, description="|w| by soft thresholding, which makes exact zeros")


Regularizer = Annotated[NoRegularizer | L2 | L1 | ElasticNet, Field(discriminator="name")]

"""Initializers that a scenario can name."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tuilab.scenario.strict import Positive, Strict


class Normal(Strict):
    """Gaussian weights of one standard deviation, whatever the width."""

    name: Literal["normal"]
    std: Positive = 0.01


class XavierNormal(Strict):
    """Gaussian weights of variance gain²/fan_in (the lecture's form) or 2·gain²/(fan_in + fan_out)."""

    name: Literal["xavier_normal"]
    gain: Positive = 1.0
    mode: Literal["fan_in", "fan_avg"] = "fan_in"


class KaimingNormal(Strict):
    """Gaussian weights of variance 2/fan_in, for rectifiers."""

    name: Literal["kaiming_normal"]


Init = Annotated[Normal | XavierNormal | KaimingNormal, Field(discriminator="name")]

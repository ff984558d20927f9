"""Initializers that a scenario can name."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Tag

from tuilab.scenario.parts.own import WHOSE, Own
from tuilab.scenario.strict import Positive, Strict

Nonlinearity = Literal["identity", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]


class Constant(Strict):
    """Every weight the same number: the units of a layer stay the same for ever."""

    name: Literal["constant"]
    value: float = Field(default=0.01, ge=-1e6, le=1e6)


class Normal(Strict):
    """Gaussian weights of one standard deviation, whatever the width."""

    name: Literal["normal"]
    std: Positive = 0.01


class Uniform(Strict):
    """Weights even between −bound and bound: variance bound²/3."""

    name: Literal["uniform"]
    bound: Positive = 0.01


class TruncatedNormal(Strict):
    """Gaussian weights with what lies beyond ±2·std drawn again: standard deviation .88·std."""

    name: Literal["truncated_normal"]
    std: Positive = 0.01


class _Xavier(Strict):
    gain: Positive = 1.0
    mode: Literal["fan_in", "fan_avg"] = "fan_in"


class XavierNormal(_Xavier):
    """Gaussian weights of variance gain²/fan_in (the lecture's form) or 2·gain²/(fan_in + fan_out)."""

    name: Literal["xavier_normal"]


class XavierUniform(_Xavier):
    """Even weights of the variance that `xavier_normal` has."""

    name: Literal["xavier_uniform"]


class _Kaiming(Strict):
    nonlinearity: Nonlinearity = "relu"
    slope: float = Field(default=0.01, ge=0, le=1, description="of leaky_relu")
    mode: Literal["fan_in", "fan_out"] = "fan_in"


class KaimingNormal(_Kaiming):
    """Gaussian weights of variance gain²/fan, for rectifiers: 2/fan_in for ReLU."""

    name: Literal["kaiming_normal"]


class KaimingUniform(_Kaiming):
    """Even weights of the variance that `kaiming_normal` has."""

    name: Literal["kaiming_uniform"]


class LecunNormal(Strict):
    """Gaussian weights of variance 1/fan_in."""

    name: Literal["lecun_normal"]


class TorchDefault(Strict):
    """What torch's layers start with: even weights of variance 1/(3·fan_in)."""

    name: Literal["torch_default"]


class Orthogonal(Strict):
    """Weights that turn vectors and keep their norms, times gain."""

    name: Literal["orthogonal"]
    gain: Positive = 1.0


OurInit = Annotated[
    Constant
    | Normal
    | Uniform
    | TruncatedNormal
    | XavierNormal
    | XavierUniform
    | KaimingNormal
    | KaimingUniform
    | LecunNormal
    | TorchDefault
    | Orthogonal,
    Field(discriminator="name"),
]
Init = Annotated[Annotated[OurInit, Tag("[ours]")] | Annotated[Own, Tag("[own]")], WHOSE]

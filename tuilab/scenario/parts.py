"""The building blocks that a scenario can name, with their settings and bounds.

Each model here names one part of `tuilab.parts`; a test proves that the two rooms know the same names.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

ActivationName = Literal["identity", "tanh", "relu", "sigmoid"]

Positive = Annotated[float, Field(gt=0, le=1e6)]
Share = Annotated[float, Field(ge=0, lt=1)]


class Strict(BaseModel):
    """No unknown keys, no silent conversions, no NaN; unchangeable once checked."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


# -- initializers -----------------------------------------------------------------------------------


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


# -- networks ---------------------------------------------------------------------------------------


class DenseNetwork(Strict):
    """Fully connected layers without bias: either `width` and `depth`, or every width in `widths`."""

    width: int = Field(default=512, ge=1, le=65_536, description="units in every layer, the input included")
    depth: int = Field(default=7, ge=1, le=2_000, description="layers of weights")
    widths: list[Annotated[int, Field(ge=1, le=65_536)]] | None = Field(
        default=None,
        min_length=2,
        max_length=2_001,
        description="input width, then each layer's; replaces width and depth",
    )
    activation: ActivationName = "tanh"

    @property
    def layer_widths(self) -> list[int]:
        """The input width and then each layer's, length `depth + 1`."""
        return self.widths or [self.width] * (self.depth + 1)

    @model_validator(mode="after")
    def _fits_in_memory(self) -> DenseNetwork:
        widths = self.layer_widths
        weights = sum(a * b for a, b in pairwise(widths))
        if weights > 2**31:
            raise ValueError(f"{weights:,} weights are more than the 2,147,483,648 that one arm may have")
        return self


class MLP(Strict):
    """A perceptron on flattened inputs: `depth` hidden layers of `width`, then the class scores."""

    name: Literal["mlp"]
    width: int = Field(default=512, ge=1, le=65_536)
    depth: int = Field(default=2, ge=0, le=1_000)
    activation: ActivationName = "relu"


class ConvNet(Strict):
    """3x3 convolutions, each with a 2x2 max pool, batch norm (or not) and the activation; then scores."""

    name: Literal["convnet"]
    channels: list[Annotated[int, Field(ge=1, le=4_096)]] = Field(
        default=[32, 64, 128], min_length=1, max_length=5
    )
    norm: Literal["batch", "none"] = "batch"
    activation: ActivationName = "relu"


Network = Annotated[MLP | ConvNet, Field(discriminator="name")]


# -- optimisers and learning-rate schedules -----------------------------------------------------------


class SGD(Strict):
    """Plain gradient descent: x ← x − lr·g."""

    name: Literal["sgd"]
    lr: Positive
    weight_decay: Share = 0.0


class Momentum(Strict):
    """SGD with momentum: v ← ρ·v + g, x ← x − lr·v."""

    name: Literal["momentum"]
    lr: Positive
    momentum: Share = 0.9
    weight_decay: Share = 0.0


class Nesterov(Strict):
    """Nesterov momentum: the gradient is taken at the look-ahead point."""

    name: Literal["nesterov"]
    lr: Positive
    momentum: Share = 0.9
    weight_decay: Share = 0.0


class Adam(Strict):
    """Adam, with bias correction."""

    name: Literal["adam"]
    lr: Positive
    beta1: Share = 0.9
    beta2: Share = 0.999
    eps: Positive = 1e-8
    weight_decay: Share = 0.0


Optimizer = Annotated[SGD | Momentum | Nesterov | Adam, Field(discriminator="name")]


class Constant(Strict):
    """The optimiser's own learning rate throughout."""

    name: Literal["constant"]


class Cosine(Strict):
    """Half a cosine from the learning rate down to zero."""

    name: Literal["cosine"]


class OneCycle(Strict):
    """Up in a straight line from a small share of the learning rate, then down in a straight line to zero."""

    name: Literal["one_cycle"]
    peak: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.25, description="share of the steps at which the peak lies"
    )
    start: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.1, description="learning rate at step 0, as a share of the peak"
    )


Schedule = Annotated[Constant | Cosine | OneCycle, Field(discriminator="name")]


# -- surfaces ---------------------------------------------------------------------------------------


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


# -- data sets --------------------------------------------------------------------------------------


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

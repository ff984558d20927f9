"""Networks that a scenario can name."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Tag, model_validator

from tuilab.scenario.parts.activations import ActivationSpec
from tuilab.scenario.parts.own import WHOSE, Own
from tuilab.scenario.strict import Share, Strict

NormName = Literal["none", "batch", "layer", "instance", "group", "rms"]


class MLP(Strict):
    """A perceptron on flattened inputs: hidden layers of a linear map, normalisation, activation, dropout."""

    name: Literal["mlp"]
    width: int = Field(default=512, ge=1, le=65_536, description="units in each hidden layer")
    depth: int = Field(default=2, ge=0, le=1_000, description="hidden layers")
    widths: list[Annotated[int, Field(ge=1, le=65_536)]] | None = Field(
        default=None, max_length=1_000, description="every hidden layer's units; replaces width and depth"
    )
    activation: ActivationSpec = "relu"
    norm: Literal["none", "batch", "layer", "group", "rms"] = "none"
    bias: bool = Field(default=True, description="of hidden layers without normalisation, which has its own")
    dropout: Share = Field(default=0.0, description="probability that a hidden unit is dropped")


class ConvNet(Strict):
    """Stages of 3x3 convolutions with a 2x2 max pool, batch norm (or another), activation; then scores."""

    name: Literal["convnet"]
    channels: list[Annotated[int, Field(ge=1, le=4_096)]] = Field(
        default=[32, 64, 128], min_length=1, max_length=5, description="of each stage"
    )
    convolutions: int = Field(default=1, ge=1, le=100, description="hidden layers a stage")
    norm: NormName = "batch"
    activation: ActivationSpec = "relu"
    bias: bool = Field(default=True, description="of layers without normalisation, which has its own")
    dropout: Share = Field(default=0.0, description="probability that a value is dropped, after every stage")

    @model_validator(mode="after")
    def _instances_have_pixels(self) -> ConvNet:
        if self.norm == "instance" and len(self.channels) == 5:
            raise ValueError("instance norm averages over pixels, and after five stages only one is left")
        return self


class ResNet(Strict):
    """Residual blocks: ResNet-20; channels 64, 128, 256, 512 with 2 blocks a stage is ResNet-18."""

    name: Literal["resnet"]
    channels: list[Annotated[int, Field(ge=1, le=4_096)]] = Field(
        default=[16, 32, 64], min_length=1, max_length=5, description="of each stage"
    )
    blocks: int = Field(default=3, ge=1, le=200, description="residual blocks a stage")
    norm: NormName = "batch"
    activation: ActivationSpec = "relu"


class SpeedRun(Strict):
    """The network of the speed-runs: fixed whitening, six convolutions that start as the identity."""

    name: Literal["speedrun"]
    widths: list[Annotated[int, Field(ge=1, le=4_096)]] = Field(
        default=[16, 64, 64], min_length=1, max_length=4, description="channels of each group"
    )
    activation: ActivationSpec = "gelu"
    bias_rate: float = Field(
        default=64.0, gt=0, le=1_000, description="learning rate of the batch norms' biases ÷ the others'"
    )


OurNetwork = Annotated[MLP | ConvNet | ResNet | SpeedRun, Field(discriminator="name")]
Network = Annotated[Annotated[OurNetwork, Tag("[ours]")] | Annotated[Own, Tag("[own]")], WHOSE]

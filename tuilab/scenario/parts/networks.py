"""Networks that a scenario can name."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from tuilab.scenario.parts.activations import ActivationName
from tuilab.scenario.strict import Strict


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

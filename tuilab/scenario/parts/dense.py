"""The network that signals are sent through."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from tuilab.scenario.parts.activations import ActivationSpec
from tuilab.scenario.strict import Strict

MOST_WEIGHTS = 2**31


class DenseNetwork(Strict):
    """Layers without bias, `width` and `depth` or all `widths`; convolutions where a `kernel` is given."""

    width: int = Field(
        default=512, ge=1, le=65_536, description="units (channels) in every layer, the input included"
    )
    depth: int = Field(default=7, ge=1, le=2_000, description="layers of weights")
    widths: list[Annotated[int, Field(ge=1, le=65_536)]] | None = Field(
        default=None,
        min_length=2,
        max_length=2_001,
        description="input width, then each layer's; replaces width and depth",
    )
    activation: ActivationSpec = "tanh"
    norm: Literal["none", "batch", "layer", "rms"] = Field(
        default="none", description="normalises every layer's preactivations"
    )
    kernel: int | None = Field(
        default=None, ge=1, le=15, description="side of a convolution's kernel, odd; none: dense layers"
    )
    size: int = Field(default=16, ge=1, le=256, description="side of the pictures that convolutions see")

    @property
    def layer_widths(self) -> list[int]:
        """The input width and then each layer's, length `depth + 1`."""
        return self.widths or [self.width] * (self.depth + 1)

    @property
    def area(self) -> int:
        """Weights of a unit on each of its input channels: kernel², 1 in a dense network."""
        return self.kernel**2 if self.kernel else 1

    @property
    def places(self) -> int:
        """Values a channel: size², 1 in a dense network."""
        return self.size**2 if self.kernel else 1

    @property
    def weights(self) -> int:
        """How many there are."""
        return sum(a * b * self.area for a, b in pairwise(self.layer_widths))

    @model_validator(mode="after")
    def _can_be_built(self) -> DenseNetwork:
        if self.kernel is not None and self.kernel % 2 == 0:
            raise ValueError(f"a kernel of {self.kernel} has no middle; wanted an odd number")
        if self.kernel is not None and self.kernel > self.size:
            raise ValueError(f"a kernel of {self.kernel} is larger than pictures of {self.size}")
        if self.weights > MOST_WEIGHTS:
            raise ValueError(
                f"{self.weights:,} weights are more than the {MOST_WEIGHTS:,} that one arm may have"
            )
        return self

"""Scenarios of a normalisation layer by itself."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from tuilab.scenario.kinds.base import MOST_ARMS, ArmName, Scenario
from tuilab.scenario.metrics import Metric
from tuilab.scenario.parts.normalization import Normalization
from tuilab.scenario.strict import Positive, Strict


class NormalizationSetup(Strict):
    """One layer and the batches that it is given."""

    norm: Normalization
    affine: Literal["start", "identity"] = Field(
        default="start", description="start: γ = 1, β = 0; identity: γ = σ and β = μ of the batch at hand"
    )
    batch: int = Field(default=64, ge=1, le=65_536, description="examples")
    channels: int = Field(default=8, ge=1, le=4_096)
    side: int = Field(default=1, ge=1, le=256, description="pixels along a picture's side; 1: a dense layer")
    kernel: int = Field(
        default=0, ge=0, le=11, description="side of the kernel of a convolution before the layer; 0: none"
    )

    @model_validator(mode="after")
    def _can_be_normalised(self) -> NormalizationSetup:
        if self.norm.name == "instance" and self.side == 1:
            raise ValueError("instance norm averages over pixels: give side")
        if self.kernel and (self.norm.name != "batch" or self.kernel > self.side):
            raise ValueError("a convolution wants batch norm behind it and a side as large as its kernel")
        values = self.batch * self.channels * self.side**2
        if values > 2**26:
            raise ValueError(f"{values:,} values are more than the {2**26:,} that a batch may have")
        return self


class NormalizationScenario(Scenario):
    """Gaussian batches through a normalisation layer. Step 0 is before the first; step k after k batches."""

    kind: Literal["normalization"]
    mean: float = Field(default=5.0, ge=-1e6, le=1e6, description="of every value of the batches")
    std: Positive = 1.0
    steps: int | None = Field(default=60, ge=0, le=10**9)
    arms: dict[ArmName, NormalizationSetup] = Field(min_length=1, max_length=MOST_ARMS)
    SETUP: ClassVar[type[Strict]] = NormalizationSetup
    METRICS: ClassVar[dict[str, Metric]] = {
        "running.mean": Metric("running mean, averaged over the channels"),
        "running.var": Metric("running variance, averaged over the channels"),
        "train.mean": Metric("mean of the layer's outputs in training mode"),
        "train.std": Metric("standard deviation of the layer's outputs in training mode"),
        "test.mean": Metric("mean of its outputs in test mode, for a batch it has not seen"),
        "test.std": Metric("standard deviation of its outputs in test mode, for a batch it has not seen"),
        "torch.difference": Metric(
            "largest difference to torch's layer: outputs in both modes, all gradients, running averages"
        ),
        "identity.difference": Metric("largest difference between output and input in training mode"),
        "fused.difference": Metric("largest difference of the fused convolution to the two, in test mode"),
        "time.normalised": Metric(
            "processor time of convolution and batch norm ÷ of a convolution alone, least so far of each, "
            "measured by the clock",
            clock=True,
        ),
        "time.fused": Metric(
            "processor time of the fused convolution ÷ of a convolution alone, least so far of each, "
            "measured by the clock",
            clock=True,
        ),
    }
    EVENTS: ClassVar[dict[str, str]] = {}
    PANELS: ClassVar[list[dict[str, Any]]] = [
        {
            "type": "curves",
            "title": "running mean",
            "series": ["*/running.mean", "*/running.mean.predicted"],
        },
        {"type": "curves", "title": "mean of the outputs in test mode", "series": ["*/test.mean"]},
        {"type": "histograms", "title": "what comes in and goes out", "frame": "values"},
        {"type": "map", "title": "which values share a mean", "frame": "shares"},
        {
            "type": "values",
            "title": "now",
            "series": ["*/running.mean", "*/running.var", "*/torch.difference"],
        },
    ]

"""Scenarios of signals sent through networks that do not learn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from tuilab.scenario.kinds.base import MOST_ARMS, ArmName, Probes, Scenario
from tuilab.scenario.metrics import LAYER_METRICS, Metric
from tuilab.scenario.parts.dense import MOST_WEIGHTS, DenseNetwork
from tuilab.scenario.parts.initializers import Init
from tuilab.scenario.strict import Positive, Strict

_LARGEST_JACOBIAN = 2_048
_MOST_VALUES = 2**28
"""Of a batch at all layers: four of each are kept, forward and backward, 4 to 8 GB."""


class PropagationProbes(Probes):
    """Moments and histograms may be sampled; norms, ratios and the Jacobian are always exact."""

    jacobian: bool = Field(
        default=False,
        description="singular values of the input-output Jacobian, at each batch's first example",
    )
    weights: bool = Field(default=False, description="standard deviation and histogram of the weights")


class PropagationSetup(Strict):
    """One network at its initialisation, and how many examples it sees at once."""

    network: DenseNetwork = DenseNetwork()
    init: Init
    batch: int = Field(default=16, ge=2, le=65_536, description="examples a step")
    input: Positive = Field(default=1.0, description="standard deviation of the inputs")
    draws: int = Field(
        default=1, ge=1, le=1_024, description="networks drawn, each with its own inputs; figures are means"
    )

    @model_validator(mode="after")
    def _fits_in_memory(self) -> PropagationSetup:
        values = self.draws * self.batch * self.network.places * sum(self.network.layer_widths)
        if values > _MOST_VALUES:
            raise ValueError(
                f"a batch of {self.batch:,} makes {values:,} values; at most {_MOST_VALUES:,} fit"
            )
        weights = self.draws * self.network.weights
        if weights > MOST_WEIGHTS:
            raise ValueError(f"{self.draws:,} draws have {weights:,} weights; at most {MOST_WEIGHTS:,} fit")
        return self


_MEASURED = {
    **LAYER_METRICS,
    "activation.norm": Metric("Euclidean norm of a layer's outputs x, of the whole batch", per_layer=True),
    "preactivation.norm": Metric(
        "Euclidean norm of what a layer's weights deliver, h, before any normalisation", per_layer=True
    ),
    "preactivation_gradient.norm": Metric(
        "Euclidean norm of d, the loss gradient at h, of the whole batch", per_layer=True
    ),
    "activation.ratio": Metric("norm of the network's outputs ÷ of its inputs: 1 keeps the signal"),
    "gradient.ratio": Metric("gradient norm at the network's input ÷ at its output: 1 keeps the gradient"),
    "jacobian.max": Metric("largest singular value of the input-output Jacobian at one example"),
    "jacobian.min": Metric(
        "smallest singular value of the input-output Jacobian; 0 below 1e-13 of the largest"
    ),
    "jacobian.rms": Metric("root mean square of the Jacobian's singular values: 1 keeps norms on average"),
    "jacobian.spread": Metric(
        "variance of the Jacobian's squared singular values ÷ their squared mean: 0 is dynamical isometry"
    ),
}
_PREDICTED = {
    f"{name}.predicted": Metric(f"mean-field theory's {name}, not measured", per_layer=per_layer)
    for name, per_layer in {
        "activation.std": True,
        "activation.norm": True,
        "gradient.norm": True,
        "activation.ratio": False,
        "gradient.ratio": False,
        "weight.std": True,
        "jacobian.rms": False,
        "jacobian.spread": False,
    }.items()
} | {"weight.std": Metric("standard deviation of a layer's weights, over all of them", per_layer=True)}


def _of_draws(metrics: dict[str, Metric]) -> dict[str, Metric]:
    """The ends that each has where an arm has several draws: its band lies between them."""
    return {
        f"{name}.{end}": replace(metric, meaning=f"{which} of the draws: {metric.meaning}")
        for name, metric in metrics.items()
        for end, which in (("low", "smallest"), ("high", "largest"))
    }


class PropagationScenario(Scenario):
    """Signals sent forward and gradients sent backward through networks that do not learn.

    Step k passes the k-th batch of Gaussian inputs forward and a Gaussian gradient back. An arm of several
    draws is as many networks: METRIC is their mean, METRIC.low and METRIC.high the smallest and the largest.
    """

    kind: Literal["propagation"]
    steps: int | None = Field(default=9, ge=0, le=10**9)
    probes: PropagationProbes = PropagationProbes()
    arms: dict[ArmName, PropagationSetup] = Field(min_length=1, max_length=MOST_ARMS)
    SETUP: ClassVar[type[Strict]] = PropagationSetup
    METRICS: ClassVar[dict[str, Metric]] = _MEASURED | _of_draws(_MEASURED) | _PREDICTED
    EVENTS: ClassVar[dict[str, str]] = {
        "diverged": "a figure became NaN or infinite",
    }
    PANELS: ClassVar[list[dict[str, Any]]] = [
        {"type": "layers", "title": "spread of activations", "metric": "activation.std", "scale": "linear"},
        {"type": "histograms", "title": "activations, layer by layer", "frame": "activation.histogram"},
        {"type": "layers", "title": "gradient norm", "metric": "gradient.norm", "scale": "log"},
        {"type": "layers", "title": "weight-gradient norm", "metric": "weight_gradient.norm", "scale": "log"},
        {"type": "layers", "title": "saturated outputs", "metric": "activation.saturated", "scale": "linear"},
        {
            "type": "values",
            "title": "output ÷ input, and back",
            "series": ["*/activation.ratio", "*/gradient.ratio"],
        },
    ]

    @property
    def metrics(self) -> dict[str, Metric]:
        """Bands only where there are several draws."""
        banded = any(arm.draws > 1 for arm in self.arms.values())
        return self.METRICS if banded else _MEASURED | _PREDICTED

    @model_validator(mode="after")
    def _jacobians_are_of_one_example(self) -> PropagationScenario:
        for name, arm in self.arms.items() if self.probes.jacobian else ():
            network = arm.network
            if network.kernel is not None or network.norm == "batch":
                raise ValueError(
                    f"arm {name!r}: a Jacobian is measured of dense networks without batch norm, in which "
                    "every example's output is its own input's doing"
                )
            if max(network.layer_widths) > _LARGEST_JACOBIAN:
                raise ValueError(f"arm {name!r}: a Jacobian wants widths of at most {_LARGEST_JACOBIAN:,}")
        return self

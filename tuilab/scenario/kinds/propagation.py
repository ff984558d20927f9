"""Scenarios of signals sent through networks that do not learn."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from tuilab.scenario.kinds.base import ArmName, Probes, Scenario
from tuilab.scenario.metrics import LAYER_METRICS, Metric
from tuilab.scenario.parts.initializers import Init
from tuilab.scenario.parts.networks import DenseNetwork
from tuilab.scenario.strict import Strict


class PropagationSetup(Strict):
    """One network at its initialisation."""

    network: DenseNetwork = DenseNetwork()
    init: Init


class Propagation(Scenario):
    """Signals sent forward and gradients sent backward through networks that do not learn.

    Step k passes the k-th batch of Gaussian inputs forward and a Gaussian gradient back.
    """

    kind: Literal["propagation"]
    batch: int = Field(default=16, ge=2, le=65_536, description="examples a step")
    steps: int | None = Field(default=9, ge=0, le=10**9)
    probes: Probes = Probes()
    arms: dict[ArmName, PropagationSetup] = Field(min_length=1, max_length=32)
    SETUP: ClassVar[type[Strict]] = PropagationSetup
    METRICS: ClassVar[dict[str, Metric]] = {
        **LAYER_METRICS,
        "gradient.ratio": Metric("gradient norm at the network's input ÷ at its output"),
    }
    EVENTS: ClassVar[dict[str, str]] = {
        "diverged": "a figure became NaN or infinite",
    }
    PANELS: ClassVar[list[dict[str, Any]]] = [
        {"type": "layers", "title": "spread of activations", "metric": "activation.std", "scale": "linear"},
        {"type": "histograms", "title": "activations, layer by layer", "frame": "activation.histogram"},
        {"type": "layers", "title": "gradient norm", "metric": "gradient.norm", "scale": "log"},
        {"type": "layers", "title": "weight-gradient norm", "metric": "weight_gradient.norm", "scale": "log"},
        {"type": "layers", "title": "saturated outputs", "metric": "activation.saturated", "scale": "linear"},
        {"type": "values", "title": "gradient, input ÷ output", "series": ["*/gradient.ratio"]},
    ]

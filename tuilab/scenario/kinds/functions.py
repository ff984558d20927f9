"""Scenarios of activation functions by themselves: their curves, what they let through, their cost."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from tuilab.scenario.kinds.base import MOST_ARMS, ArmName, Scenario
from tuilab.scenario.metrics import Metric
from tuilab.scenario.parts.activations import ActivationSpec
from tuilab.scenario.strict import Positive, Range, Strict

POINTS = (-10, -1, 0, 1, 10)
"""Where values and derivatives are taken: the lecture's questions about ReLU, and ±1."""


class FunctionsSetup(Strict):
    """One activation function."""

    activation: ActivationSpec


_CURVES = {
    **{f"value({h})": Metric(f"φ({h})") for h in POINTS},
    **{f"derivative({h})": Metric(f"φ'({h})") for h in POINTS},
    "derivative.max": Metric("largest φ' between −20 and 20"),
    "autograd.error": Metric(
        "largest difference of the closed-form φ' from autograd's at " + ", ".join(map(str, POINTS))
    ),
}
_MEASURED = {
    "saturation": {
        "spread": Metric("standard deviation of the Gaussian preactivation h"),
        "flat": Metric("share of preactivations with |φ'| < .01", "share"),
        "passed_back": Metric("√E[φ'²]: what a layer's φ multiplies the gradient's norm by"),
        "output.mean": Metric("mean of φ(h)"),
        "output.std": Metric("standard deviation of φ(h)"),
    },
    "cost": {
        "forward": Metric("forward, median so far, measured by the clock", "ns an element", clock=True),
        "backward": Metric(
            "backward by autograd, median so far, measured by the clock", "ns an element", clock=True
        ),
        "forward.ratio": Metric("forward ÷ ReLU's, measured by the clock", clock=True),
        "backward.ratio": Metric("backward ÷ ReLU's, measured by the clock", clock=True),
    },
    "signs": {
        "batch": Metric("examples that gradients are averaged over"),
        "same_sign": Metric("share of one unit's weight gradients that have the commoner sign", "share"),
        "same_sign.predicted": Metric("the same for batches without end, ½ + atan(mean ÷ std)/π", "share"),
        "distance": Metric(
            "distance of two weights, learning from one example a step, to where they belong, mean over units"
        ),
        "detour": Metric("length of their path ÷ distance covered, median over units"),
        "x": Metric("first weight of the first unit's two"),
        "y": Metric("second weight of the first unit's two"),
    },
}


class FunctionsScenario(Scenario):
    """Activation functions by themselves. What a step is depends on what is measured.

    `saturation`: step by step the Gaussian preactivation spreads, from `spread[0]` to `spread[1]`. `cost`:
    each step times every function once more. `signs`: units see the functions' outputs as their inputs; at
    step k their weight gradients are averages over k + 1 examples, and two weights of each make their k-th
    update.
    """

    kind: Literal["functions"]
    measure: Literal["saturation", "cost", "signs"] = "saturation"
    x: Range = Field(default=[-5.0, 5.0], description="span of the curves")
    spread: Annotated[list[Positive], Field(min_length=2, max_length=2)] = Field(
        default=[0.1, 20.0], description="of saturation: first and last standard deviation"
    )
    elements: int = Field(default=2**17, ge=1, le=2**28, description="of cost: values in the tensor")
    inputs: int = Field(default=4096, ge=2, le=2**20, description="of signs: weights a unit")
    units: int = Field(default=256, ge=1, le=2**16, description="of signs: how many are averaged")
    steps: int | None = Field(default=60, ge=0, le=10**9)
    arms: dict[ArmName, FunctionsSetup] = Field(min_length=1, max_length=MOST_ARMS)
    SETUP: ClassVar[type[Strict]] = FunctionsSetup
    METRICS: ClassVar[dict[str, Metric]] = _CURVES | {
        name: metric for measured in _MEASURED.values() for name, metric in measured.items()
    }
    EVENTS: ClassVar[dict[str, str]] = {}
    PANELS: ClassVar[list[dict[str, Any]]] = [
        {"type": "family", "title": "φ(h)", "frame": "value"},
        {"type": "family", "title": "φ'(h)", "frame": "derivative"},
    ]

    @property
    def metrics(self) -> dict[str, Metric]:
        """Only what is measured here."""
        return _CURVES | _MEASURED[self.measure]

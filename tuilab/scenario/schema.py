"""Scenarios as checked models: one class a kind, every arm complete.

A file keeps what the arms share at its top level and what tells them apart under `[arms.NAME]`;
`tuilab.scenario.load` lays each arm over the base and checks the result against these models.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from tuilab.scenario.expect import Expectation, Panel
from tuilab.scenario.metrics import EVENTS, METRICS
from tuilab.scenario.panels import DEFAULT_PANELS
from tuilab.scenario.parts import (
    Constant,
    Data,
    DenseNetwork,
    Init,
    KaimingNormal,
    Network,
    Optimizer,
    Schedule,
    Strict,
    Surface,
)


def _arm_name(name: str) -> str:
    if not name or len(name) > 32 or not name.isprintable() or set(name) & set("/*?[]"):
        raise ValueError("an arm's name is 1 to 32 printable characters without / * ? [ ]")
    if name == "engine":
        raise ValueError("the name engine is taken: the engine's own series are called that")
    return name


ArmName = Annotated[str, AfterValidator(_arm_name)]


class Probes(Strict):
    """What is measured inside the network, how often and how exactly."""

    every: int = Field(default=1, ge=1, le=1_000_000, description="steps between two measurements")
    sample: int = Field(default=0, ge=0, description="values taken a layer; 0 measures all of them")
    bins: int = Field(default=64, ge=4, le=1_024, description="bins of the activation histogram")
    budget: float = Field(
        default=0.05, gt=0, le=1, description="share of the run's time above which probes thin out"
    )


class TrainingProbes(Probes):
    """In a training run, where measuring competes with learning for the time."""

    every: int = Field(default=20, ge=0, le=1_000_000, description="steps between two measurements; 0: never")
    sample: int = Field(default=4096, ge=0, description="values taken a layer; 0 measures all of them")


class Scenario(Strict):
    """What every kind has in common."""

    kind: str
    title: str = Field(min_length=1, max_length=120)
    question: str = Field(min_length=1, max_length=300)
    chapter: str = Field(default="Your scenarios", max_length=80)
    lecture: list[str] = Field(default=[], description="rows of the syllabus this serves, such as 3.2")
    notes: str = Field(default="", description="Markdown: what to look at")
    seed: int = Field(default=0, ge=0, lt=2**32)
    steps: int | None = Field(default=None, ge=0, le=10**9)
    pace: float | None = Field(
        default=None, gt=0, le=1e6, description="steps a second at speed 1x; none: as fast as they come"
    )
    panels: list[Panel] = Field(default=[])
    expect: list[Expectation] = Field(default=[])

    SETUP: ClassVar[type[Strict]]
    """The model of one arm; its keys may stand at the file's top level as the base of every arm."""

    @property
    def arm_names(self) -> list[str]:
        """The arms in the file's order, which is also the order of their colours."""
        return list(getattr(self, "arms"))  # noqa: B009 - each kind declares arms with its own setup

    @property
    def shown_panels(self) -> list[dict[str, Any]]:
        """The panels as plain data: the file's own, or those its kind likes to be seen with."""
        panels = [panel.model_dump(exclude_none=True) for panel in self.panels]
        return panels or DEFAULT_PANELS[self.kind]

    @model_validator(mode="after")
    def _expectations_name_what_is_there(self) -> Scenario:
        arms, metrics = self.arm_names, METRICS[self.kind]
        for number, expectation in enumerate(self.expect, 1):
            where = f"expect number {number}"
            for arm in (expectation.arm, expectation.below, expectation.above):
                if arm is not None and arm not in arms:
                    raise ValueError(f"{where} speaks of arm {arm!r}; the arms are {', '.join(arms)}")
            if expectation.metric is not None and expectation.metric not in metrics:
                raise ValueError(
                    f"{where} speaks of metric {expectation.metric!r}; there are {', '.join(metrics)}"
                )
            if expectation.event is not None and expectation.event not in EVENTS[self.kind]:
                raise ValueError(
                    f"{where} speaks of event {expectation.event!r}; there are {', '.join(EVENTS[self.kind])}"
                )
            if expectation.metric is not None:
                layered = metrics[expectation.metric].per_layer
                if layered != (expectation.layer is not None or isinstance(expectation.near, list)):
                    per = "layer, so give one" if layered else "arm, without a layer"
                    raise ValueError(f"{where}: {expectation.metric} is measured per {per}")
        return self


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
    SETUP = PropagationSetup


class DescentSetup(Strict):
    """One optimiser and where it starts."""

    optimizer: Optimizer
    start: Annotated[list[float], Field(min_length=2, max_length=2)]


class Descent(Scenario):
    """Optimisers walking down a surface of two parameters. Step 0 is the start."""

    kind: Literal["descent"]
    surface: Surface
    steps: int | None = Field(default=300, ge=0, le=10**9)
    arms: dict[ArmName, DescentSetup] = Field(min_length=1, max_length=32)
    SETUP = DescentSetup


class TrainingSetup(Strict):
    """One network, how it starts and how it learns."""

    network: Network
    init: Init = KaimingNormal(name="kaiming_normal")
    optimizer: Optimizer
    schedule: Schedule = Constant(name="constant")
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)


class Training(Scenario):
    """Networks learning to classify. Step 0 is before the first update; arms see the same batches."""

    kind: Literal["training"]
    data: Data = Data()
    batch: int = Field(default=128, ge=2, le=65_536)
    epochs: float = Field(
        default=1, gt=0, le=10_000, description="passes over the training set, unless steps is given"
    )
    evaluate: float = Field(default=1, gt=0, description="epochs between two validations")
    probes: TrainingProbes = TrainingProbes()
    arms: dict[ArmName, TrainingSetup] = Field(min_length=1, max_length=32)
    SETUP = TrainingSetup


KINDS: dict[str, type[Propagation] | type[Descent] | type[Training]] = {
    "propagation": Propagation,
    "descent": Descent,
    "training": Training,
}
"""Each kind's model, by the name a file gives as `kind`."""

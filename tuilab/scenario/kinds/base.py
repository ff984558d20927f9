"""What every kind of scenario has in common."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, model_validator

from tuilab.scenario.expect import Expectation, Prediction
from tuilab.scenario.metrics import Metric
from tuilab.scenario.panels import Panel
from tuilab.scenario.strict import Strict


def _arm_name(name: str) -> str:
    if not name or len(name) > 32 or not name.isprintable() or set(name) & set("/*?[]"):
        raise ValueError("an arm's name is 1 to 32 printable characters without / * ? [ ]")
    if name == "engine":
        raise ValueError("the name engine is taken: the engine's own series are called that")
    return name


ArmName = Annotated[str, AfterValidator(_arm_name)]

MOST_ARMS = 32
"""Of one scenario."""


class Probes(Strict):
    """What is measured inside the network, how often and how exactly."""

    every: int = Field(default=1, ge=1, le=1_000_000, description="steps between two measurements")
    sample: int = Field(default=0, ge=0, description="values taken a layer; 0 measures all of them")
    bins: int = Field(default=64, ge=4, le=1_024, description="bins of the activation histogram")
    budget: float = Field(
        default=0.05, gt=0, le=1, description="share of the run's time above which probes thin out"
    )


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
    holds_under: list[str] = Field(
        default=[], description="keys that -s may change without the expectations losing their ground"
    )
    null: list[str] = Field(
        default=[],
        description="overrides, as -s takes them, that take the effect away and break expectations",
    )
    changed: list[str] = Field(
        default=[], description="what -s changed that the expectations were not written for; tuilab writes it"
    )
    predict: list[Prediction] = Field(default=[], max_length=6)

    SETUP: ClassVar[type[Strict]]
    """The model of one arm; its keys may stand at the file's top level as the base of every arm."""
    METRICS: ClassVar[dict[str, Metric]]
    """What can be recorded of an arm, by name; `metrics` has what is recorded in the scenario at hand."""
    EVENTS: ClassVar[dict[str, str]]
    """What can happen to an arm, and what each means."""
    PANELS: ClassVar[list[dict[str, Any]]]
    """The panels to be seen with when the file declares none."""

    @property
    def metrics(self) -> dict[str, Metric]:
        """What is recorded of every arm of this scenario, by name."""
        return self.METRICS

    @property
    def setups(self) -> dict[str, Strict]:
        """Every arm's setup by its name."""
        return dict(getattr(self, "arms"))  # noqa: B009 - each kind declares arms with its own setup

    @property
    def arm_names(self) -> list[str]:
        """The arms in the file's order, which is also the order of their colours."""
        return list(self.setups)

    @property
    def shown_panels(self) -> list[dict[str, Any]]:
        """The panels as plain data: the file's own, or those its kind likes to be seen with."""
        panels = [panel.model_dump(exclude_none=True) for panel in self.panels]
        return panels or self.PANELS

    @model_validator(mode="after")
    def _expectations_name_what_is_there(self) -> Scenario:
        arms, metrics = self.arm_names, self.metrics
        for number, expectation in enumerate(self.expect, 1):
            where = f"expect number {number}"
            for arm in (expectation.arm, expectation.below, expectation.above):
                if arm is not None and arm not in arms:
                    raise ValueError(f"{where} speaks of arm {arm!r}; the arms are {', '.join(arms)}")
            if expectation.metric is not None and expectation.metric not in metrics:
                raise ValueError(
                    f"{where} speaks of metric {expectation.metric!r}; there are {', '.join(metrics)}"
                )
            if expectation.event is not None and expectation.event not in self.EVENTS:
                raise ValueError(
                    f"{where} speaks of event {expectation.event!r}; there are {', '.join(self.EVENTS)}"
                )
            if expectation.metric is not None:
                layered = metrics[expectation.metric].per_layer
                if layered != (expectation.layer is not None or isinstance(expectation.near, list)):
                    per = "layer, so give one" if layered else "arm, without a layer"
                    raise ValueError(f"{where}: {expectation.metric} is measured per {per}")
            if expectation.statistical and expectation.over == "draws":
                for arm in filter(None, (expectation.arm, expectation.below, expectation.above)):
                    if getattr(self.setups[arm], "draws", 1) < 2:
                        raise ValueError(
                            f"{where} asks for statistics of arm {arm!r}, which is drawn once: "
                            'give it draws, such as draws = 16, or ask over = "seeds"'
                        )
        return self

"""What a scenario promises (`[[expect]]`) and how its recording likes to be seen (`[[panels]]`)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tuilab.scenario.parts import Strict


class Expectation(Strict):
    """One checkable promise about one arm.

    Either about a `metric` (of a `layer`, at a `step`) or about the step at which an `event` first happened.
    The figure lies `between` two numbers; or `within` a relative tolerance of `near` (a list of `near` values
    speaks of layers 1, 2, …); or `below`/`above` the same figure of another arm; or it is `never` there.
    """

    arm: str
    metric: str | None = None
    event: str | None = None
    layer: int | None = Field(default=None, ge=1)
    step: int | Literal["last"] = "last"
    between: Annotated[list[float], Field(min_length=2, max_length=2)] | None = None
    near: float | Annotated[list[float], Field(min_length=1)] | None = None
    within: float | None = Field(default=None, gt=0, lt=1, description="relative tolerance of `near`")
    below: str | None = Field(default=None, description="an arm whose figure is larger")
    above: str | None = Field(default=None, description="an arm whose figure is smaller")
    never: bool = False
    because: str = ""

    @model_validator(mode="after")
    def _one_subject_one_claim(self) -> Expectation:
        if (self.metric is None) == (self.event is None):
            raise ValueError("name either a metric or an event")
        claims = [c for c in ("between", "near", "below", "above") if getattr(self, c) is not None]
        if len(claims) + self.never != 1:
            raise ValueError("make exactly one claim: between, near (with within), below, above or never")
        if (self.near is None) != (self.within is None):
            raise ValueError("near and within go together: near = 0.5, within = 0.03")
        if self.between is not None and self.between[0] > self.between[1]:
            raise ValueError("between wants the smaller number first")
        if isinstance(self.near, list) and self.layer is not None:
            raise ValueError("a list of near values speaks of layers 1, 2, …; leave layer out")
        if self.event is not None and (
            self.layer is not None or self.step != "last" or isinstance(self.near, list)
        ):
            raise ValueError("an event has no layer, no step to ask at and no list of values")
        return self


class PanelBase(Strict):
    """What every panel has."""

    title: str = ""


class Curves(PanelBase):
    """Series over steps."""

    type: Literal["curves"]
    series: list[str] = Field(min_length=1, description="globs over series names, such as */loss")
    scale: Literal["linear", "log"] = "linear"


class Layers(PanelBase):
    """One metric over the layers, a line an arm, at the moment shown."""

    type: Literal["layers"]
    metric: str
    scale: Literal["linear", "log"] = "linear"


class Histograms(PanelBase):
    """One histogram a layer, for every arm, at the moment shown."""

    type: Literal["histograms"]
    frame: str = "activation.histogram"


class Landscape(PanelBase):
    """The loss surface with every arm's path on it, up to the moment shown."""

    type: Literal["landscape"]
    frame: str = "landscape"


class Values(PanelBase):
    """The latest numbers as a table."""

    type: Literal["values"]
    series: list[str] = Field(min_length=1, description="globs over series names")


Panel = Annotated[Curves | Layers | Histograms | Landscape | Values, Field(discriminator="type")]

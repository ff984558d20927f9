"""How a recording likes to be seen (`[[panels]]`)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tuilab.scenario.strict import Strict


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


class Heatmap(PanelBase):
    """A metric of every layer over the steps as heat, an arm below the other."""

    type: Literal["heatmap"]
    metric: str
    scale: Literal["linear", "log"] = "linear"


class Histograms(PanelBase):
    """One histogram a layer, for every arm, at the moment shown."""

    type: Literal["histograms"]
    frame: str = "activation.histogram"
    arm: str | None = None
    scale: Literal["linear", "log"] = Field(default="linear", description="of the bars' heights")


class Ridgeline(PanelBase):
    """Histograms of the layers over time, earlier ones behind; of one layer, its arms side by side."""

    type: Literal["ridgeline"]
    frame: str = "activation.histogram"
    arm: str | None = None
    layer: int | None = Field(default=None, ge=1)
    scale: Literal["linear", "log"] = Field(default="linear", description="of the ridges' heights")


class Landscape(PanelBase):
    """The loss surface with every arm's path on it, up to the moment shown."""

    type: Literal["landscape"]
    frame: str = "landscape"
    points: str | None = Field(default=None, description="a scatter frame drawn over it, such as walkers")


class Family(PanelBase):
    """Curves over something other than steps: functions, spectra, schedules."""

    type: Literal["family"]
    frame: str
    rows: Annotated[list[str], Field(min_length=1)] | None = Field(
        default=None, description="the curves of the frame to draw; all without it"
    )
    scale: Literal["linear", "log"] = "linear"


class Map(PanelBase):
    """Values over a plane or a table: a sweep of two settings, basins, a confusion matrix."""

    type: Literal["map"]
    frame: str
    points: str | None = Field(default=None, description="a scatter frame drawn over it")
    scale: Literal["linear", "log"] = "linear"


class Scatter(PanelBase):
    """Points with axes through zero, arms side by side on one scale."""

    type: Literal["scatter"]
    frame: str
    ellipse: bool = Field(default=True, description="draw the covariance and its principal axes")


class Tiles(PanelBase):
    """Pictures in a grid, with what a network saw in each."""

    type: Literal["tiles"]
    frame: str
    captions: str | None = Field(default=None, description="the frame of true and predicted classes")


class Values(PanelBase):
    """The latest numbers as a table."""

    type: Literal["values"]
    series: list[str] = Field(
        min_length=1, description="globs over series names; METRIC/last: of the last layer"
    )


Panel = Annotated[
    Curves | Layers | Heatmap | Histograms | Ridgeline | Landscape | Family | Map | Scatter | Tiles | Values,
    Field(discriminator="type"),
]

"""Activation functions that a scenario can name: "tanh", or a table such as { name = "elu", alpha = 0.5 }."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from tuilab.scenario.parts.own import Own, is_own
from tuilab.scenario.strict import Positive, Strict

ActivationName = Literal[
    "identity",
    "sigmoid",
    "tanh",
    "relu",
    "leaky_relu",
    "prelu",
    "elu",
    "selu",
    "gelu",
    "gelu_tanh",
    "quick_gelu",
    "silu",
    "maxout",
]
Slope = Annotated[float, Field(ge=-100, le=100)]


class Plain(Strict):
    """An activation without settings."""

    name: Literal["identity", "sigmoid", "tanh", "relu", "selu", "gelu", "gelu_tanh", "quick_gelu", "silu"]


class LeakyReLU(Strict):
    """max(slope·h, h)."""

    name: Literal["leaky_relu"]
    slope: Slope = 0.01


class PReLU(Strict):
    """max(slope·h, h) with a slope that the network learns, from this one."""

    name: Literal["prelu"]
    slope: Slope = 0.25


class ELU(Strict):
    """H where h > 0, else alpha·(exp(h) − 1)."""

    name: Literal["elu"]
    alpha: Positive = 1.0


class Maxout(Strict):
    """The largest of some straight lines, slope·h + offset; in a network each is a linear map of its own."""

    name: Literal["maxout"]
    slopes: list[Slope] = Field(default=[-0.5, 1.0], min_length=2, max_length=16)
    offsets: list[Slope] = Field(default=[0.0, 0.0])

    @model_validator(mode="after")
    def _a_line_has_both(self) -> Maxout:
        if len(self.slopes) != len(self.offsets):
            raise ValueError("maxout wants as many offsets as slopes")
        return self


def _form(value: Any) -> str:
    return "[name]" if isinstance(value, str) else "[table]"


def _whose(value: Any) -> str:
    name = value.get("name") if isinstance(value, dict) else getattr(value, "name", value)
    return "[own]" if is_own(name) else _form(value)


_Settings = Plain | LeakyReLU | PReLU | ELU | Maxout


class GPN(Strict):
    """The Gaussian-Poincaré-normalised form a·φ(h) + b of another activation, both ways of mean square 1."""

    name: Literal["gpn"]
    of: Annotated[
        Annotated[ActivationName, Tag("[name]")]
        | Annotated[Annotated[_Settings, Field(discriminator="name")], Tag("[table]")],
        Discriminator(_form),
    ]
    root: Literal[1, 2] = Field(default=1, description="1: the larger of the two b, 2: the smaller")


ActivationTable = Annotated[_Settings | GPN, Field(discriminator="name")]
ActivationSpec = Annotated[
    Annotated[ActivationName, Tag("[name]")]
    | Annotated[ActivationTable, Tag("[table]")]
    | Annotated[Own, Tag("[own]")],
    Discriminator(_whose),
]

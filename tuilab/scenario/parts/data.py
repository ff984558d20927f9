"""Data sets that a scenario can name."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Tag, model_validator

from tuilab.scenario.parts.own import WHOSE, Own
from tuilab.scenario.strict import Strict

Held = Annotated[
    int, Field(ge=10, le=1_000_000, description="pictures held out of the training set, by seed")
]
HeldOrTenth = Annotated[
    int | None,
    Field(ge=10, le=1_000_000, description="pictures held out, by seed; none: a tenth, at most 5,000"),
]
Taken = Annotated[
    int | None, Field(ge=10, le=100_000_000, description="use only this many training pictures; none: all")
]


def _stays_inside(name: str) -> str:
    if not re.fullmatch(r"\w[\w .+-]*(/\w[\w .+-]*)*", name):
        raise ValueError("a folder inside the data folder is wanted, by its name: no /, .. or ~ before it")
    return name


FolderName = Annotated[
    str,
    Field(
        max_length=200,
        description="a folder in the data folder ($TUILAB_DATA)",
    ),
    AfterValidator(_stays_inside),
]


class Pictures(Strict):
    """Labelled pictures and how they are split; `pictures` is cifar10 where it is there, else shapes10."""

    name: Literal["pictures", "cifar10", "shapes10"]
    validation: Held = 5_000
    train: Taken = None


class Cifar100(Strict):
    """CIFAR-100's pictures, told apart by their 100 classes (fine) or 20 superclasses (coarse)."""

    name: Literal["cifar100"]
    labels: Literal["fine", "coarse"] = "fine"
    validation: Held = 5_000
    train: Taken = None


class Idx(Strict):
    """Pictures in the format of MNIST; `classes.txt` beside them may name the classes, one a line."""

    name: Literal["idx"]
    folder: FolderName
    validation: HeldOrTenth = None
    train: Taken = None


class ImageFolder(Strict):
    """A folder of pictures for each class, the middle square of each brought to one size."""

    name: Literal["folder"]
    folder: FolderName
    size: int = Field(default=32, ge=8, le=512, description="pixels along a side")
    grey: bool = Field(default=False, description="one channel instead of three")
    validation: HeldOrTenth = None
    train: Taken = None


class Points(Strict):
    """Points in the plane, drawn for the scenario's seed: small enough to watch a network's decision move."""

    name: Literal["spirals", "rings", "moons", "checkerboard", "blobs"]
    classes: int = Field(default=2, ge=2, le=8)
    noise: float | None = Field(
        default=None, ge=0, le=1, description="standard deviation by which points stray; none: the toy's own"
    )
    validation: int = Field(default=500, ge=10, le=50_000, description="points held out of the training set")
    train: int = Field(default=500, ge=10, le=1_000_000, description="points to learn from")

    @model_validator(mode="after")
    def _moons_are_two(self) -> Points:
        if self.name == "moons" and self.classes != 2:
            raise ValueError("moons come in two classes")
        return self


class OwnData(Own):
    """A data set of one's own, and how it is split."""

    validation: HeldOrTenth = None
    train: Taken = None


OurData = Annotated[Pictures | Cifar100 | Idx | ImageFolder | Points, Field(discriminator="name")]
Data = Annotated[Annotated[OurData, Tag("[ours]")] | Annotated[OwnData, Tag("[own]")], WHOSE]

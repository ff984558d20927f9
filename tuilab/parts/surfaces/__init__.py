"""Loss surfaces of two parameters p = (x, y), with their exact gradients and Hessians.

Every surface works on many points at once: p has shape (…, 2), the last axis being x and y; values have
shape (…), gradients (…, 2) and Hessians (…, 2, 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuilab.parts.surfaces.noise import Minibatch, minibatch_noise
from tuilab.parts.surfaces.published import Ackley, Beale, Himmelblau, Rastrigin, Rosenbrock, StyblinskiTang
from tuilab.parts.surfaces.quadratics import MonkeySaddle, Plateau, Quadratic, Ravine, Saddle
from tuilab.parts.surfaces.sums import Sum
from tuilab.parts.surfaces.surface import Surface

__all__ = [
    "SURFACES",
    "Minibatch",
    "MonkeySaddle",
    "Quadratic",
    "Ravine",
    "Saddle",
    "Sum",
    "Surface",
    "make",
    "minibatch_noise",
]

SURFACES: dict[str, type[Surface]] = {
    "quadratic": Quadratic,
    "saddle": Saddle,
    "monkey_saddle": MonkeySaddle,
    "rosenbrock": Rosenbrock,
    "beale": Beale,
    "himmelblau": Himmelblau,
    "rastrigin": Rastrigin,
    "ackley": Ackley,
    "styblinski_tang": StyblinskiTang,
    "ravine": Ravine,
    "plateau": Plateau,
    "sum": Sum,
}
"""Every surface by the name scenarios use."""


def make(settings: Mapping[str, Any]) -> Surface:
    """The surface that settings describe: its `name`, and what that one takes."""
    given = {key: value for key, value in settings.items() if key != "name"}
    if settings["name"] == "sum":
        given["terms"] = [{**term, "surface": make(term["surface"])} for term in given["terms"]]
    return SURFACES[settings["name"]](**given)

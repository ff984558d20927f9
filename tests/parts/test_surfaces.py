"""Surfaces against autograd, their own definition and the published figures."""

from __future__ import annotations

import math
from typing import Any, get_args

import pytest
import torch
from torch import Tensor

from tuilab.parts.surfaces import SURFACES, Quadratic, Saddle, Surface, make
from tuilab.scenario.parts import surfaces as scenario_surfaces

POINTS = torch.randn(50, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2
BOWL = {"name": "quadratic", "condition_number": 3.0, "rotation": 20.0}
DENT = {"surface": {"name": "plateau", "width": 0.5}, "weight": 8.0, "shift": [-2.0, -2.0], "scale": 1.5}
SUM = {
    "name": "sum",
    "terms": [{"surface": BOWL, "weight": 0.5, "shift": [0.0, 0.0], "scale": 1.0}, DENT],
    "reach": 4.0,
}
ALL: list[dict[str, Any]] = [
    {"name": "quadratic", "condition_number": 7.0, "rotation": 33.0},
    {"name": "quadratic", "condition_number": 1e6, "rotation": -120.0},
    {"name": "saddle", "curvature": 2.0},
    {"name": "plateau", "width": 3.0},
    SUM,
    *({"name": name} for name in SURFACES if name != "sum"),
]
surfaces = pytest.mark.parametrize(
    "surface", [make(settings) for settings in ALL], ids=lambda s: type(s).__name__
)


def at(*point: float) -> Tensor:
    return torch.tensor(point, dtype=torch.float64)


@surfaces
def test_gradients_and_hessians_are_what_autograd_finds(surface: Surface) -> None:
    p = POINTS.clone().requires_grad_()
    (expected,) = torch.autograd.grad(surface.value(p).sum(), p)
    torch.testing.assert_close(surface.gradient(POINTS), expected, rtol=1e-12, atol=1e-11)
    curved = torch.stack([torch.autograd.functional.hessian(surface.value, point) for point in POINTS[:20]])
    torch.testing.assert_close(surface.hessian(POINTS[:20]), curved, rtol=1e-11, atol=1e-10)


@surfaces
def test_a_point_alone_has_the_same_height_and_slope_as_in_a_crowd(surface: Surface) -> None:
    crowd = POINTS.reshape(5, 10, 2)
    for work, shape in ((surface.value, ()), (surface.gradient, (2,)), (surface.hessian, (2, 2))):
        assert work(crowd).shape == (5, 10, *shape)
        torch.testing.assert_close(work(POINTS[23]), work(crowd)[2, 3], rtol=1e-14, atol=1e-14)


@surfaces
def test_critical_points_are_flat_and_curved_as_they_should_be(surface: Surface) -> None:
    for point in surface.minima:
        assert surface.gradient(at(*point)).abs().max() < 1e-9
        assert torch.linalg.eigvalsh(surface.hessian(at(*point))).min() > 0
    for point in surface.saddles:
        assert surface.gradient(at(*point)).abs().max() < 1e-9
        assert torch.linalg.eigvalsh(surface.hessian(at(*point))).prod() <= 0


@surfaces
def test_goals_are_the_lowest_and_minima_come_lowest_first(surface: Surface) -> None:
    heights = [surface.value(at(*point)).item() for point in surface.minima]
    assert heights == pytest.approx(sorted(heights))
    if surface.minima:
        assert list(surface.goals) == list(surface.minima)[: len(surface.goals)]
        assert heights[: len(surface.goals)] == pytest.approx([heights[0]] * len(surface.goals))
        assert surface.value(POINTS).min() >= heights[0] - 1e-12


@pytest.mark.parametrize(
    ("name", "domain", "height", "minima", "saddles"),
    [
        ("rosenbrock", (-5, 10), 0, [(1, 1)], []),
        ("beale", (-4.5, 4.5), 0, [(3, 0.5)], [(0, 1)]),
        (
            "himmelblau",
            (-5, 5),
            0,
            [(-3.779310, -3.283186), (-2.805118, 3.131312), (3, 2), (3.584428, -1.848126)],
            [(-3.073026, -0.081353), (-0.127961, -1.953715), (0.086678, 2.884255), (3.385154, 0.073852)],
        ),
        ("rastrigin", (-5.12, 5.12), 0, 121, 220),
        ("ackley", (-32.768, 32.768), 0, 121, 220),
        ("styblinski_tang", (-5, 5), -78.332331, 4, 4),
    ],
)
def test_published_figures(name: str, domain: Any, height: float, minima: Any, saddles: Any) -> None:
    surface = make({"name": name})
    assert surface.domain == domain
    assert surface.value(at(*surface.minima[0])).item() == pytest.approx(height, abs=1e-6)
    for found, expected in ((surface.minima, minima), (surface.saddles, saddles)):
        if isinstance(expected, int):
            assert len(found) == expected
        else:
            assert sorted(found) == [pytest.approx(point, abs=1e-6) for point in sorted(expected)]


def test_other_published_figures() -> None:
    assert make({"name": "rosenbrock"}).value(at(-1.2, 1)).item() == pytest.approx(24.2)
    assert make({"name": "himmelblau"}).value(at(-0.270845, -0.923039)).item() == pytest.approx(
        181.617, abs=1e-3
    )
    assert make({"name": "styblinski_tang"}).minima[0] == pytest.approx((-2.903534, -2.903534), abs=1e-6)
    assert make({"name": "beale"}).value(at(1, 1)).item() == pytest.approx(14.203125)
    assert make({"name": "rastrigin"}).minima[1] == pytest.approx((-0.994959, 0), abs=1e-6)
    assert make({"name": "ackley"}).value(at(1, 1)).item() == pytest.approx(3.625385, abs=1e-6)


@pytest.mark.parametrize("rotation", [0.0, 30.0, 120.0, -75.0])
def test_a_quadratics_hessian_has_the_condition_number_and_the_turn(rotation: float) -> None:
    curvatures, directions = torch.linalg.eigh(Quadratic(100.0, rotation).hessian(at(0, 0)))
    assert curvatures.tolist() == pytest.approx([1.0, 100.0])
    steep = torch.tensor([math.cos(math.radians(rotation)), math.sin(math.radians(rotation))])
    assert abs(directions[:, 1] @ steep.double()).item() == pytest.approx(1.0)


def test_a_saddle_of_curvature_two_is_x_squared_minus_y_squared() -> None:
    x, y = POINTS.T
    torch.testing.assert_close(Saddle(2.0).value(POINTS), x**2 - y**2)
    assert list(Saddle().minima) == []


def test_a_sum_is_the_weighted_sum_of_its_moved_and_stretched_terms() -> None:
    found, bowl, dent = make(SUM), make(BOWL), make(DENT["surface"])
    expected = 0.5 * bowl.value(POINTS) + 8 * dent.value((POINTS - at(-2, -2)) / 1.5)
    torch.testing.assert_close(found.value(POINTS), expected)
    assert len(found.minima) == 2, "the bowl's own, moved a little, and the dent's"
    assert found.domain == (-4.0, 4.0)


def test_scenarios_know_every_surfaces_range() -> None:
    for model in get_args(get_args(scenario_surfaces.OurSurface)[0]):
        (name,) = get_args(model.model_fields["name"].annotation)
        settings = SUM if name == "sum" else {"name": name}
        assert model.model_validate(settings).range == make(settings).domain, name

"""Surfaces against autograd and their own definition."""

from __future__ import annotations

import math

import pytest
import torch

from tuilab.parts.surfaces import Quadratic, Saddle, Surface

POINTS = torch.randn(50, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
SURFACES = [Quadratic(), Quadratic(7.0, 33.0), Quadratic(1e6, -120.0), Saddle(), Saddle(2.0)]


@pytest.mark.parametrize("surface", SURFACES)
def test_gradients_are_what_autograd_finds(surface: Surface) -> None:
    p = POINTS.clone().requires_grad_()
    (expected,) = torch.autograd.grad(surface.value(p).sum(), p)
    torch.testing.assert_close(surface.gradient(POINTS), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("surface", SURFACES)
def test_a_point_alone_has_the_same_height_and_slope_as_in_a_crowd(surface: Surface) -> None:
    crowd = POINTS.reshape(5, 10, 2)
    assert surface.value(crowd).shape == (5, 10)
    assert surface.gradient(crowd).shape == (5, 10, 2)
    assert torch.equal(surface.value(POINTS[23]), surface.value(crowd)[2, 3])
    assert torch.equal(surface.gradient(POINTS[23]), surface.gradient(crowd)[2, 3])


@pytest.mark.parametrize("surface", SURFACES)
def test_the_centre_is_a_critical_point_and_minima_are_lowest(surface: Surface) -> None:
    assert surface.gradient(torch.tensor(surface.center)).abs().max() == 0
    for minimum in surface.minima:
        assert surface.value(torch.tensor(minimum)) <= surface.value(POINTS).min()


@pytest.mark.parametrize("rotation", [0.0, 30.0, 120.0, -75.0])
def test_a_quadratics_hessian_has_the_condition_number_and_the_turn(rotation: float) -> None:
    surface = Quadratic(100.0, rotation)
    hessian = torch.autograd.functional.hessian(surface.value, torch.zeros(2, dtype=torch.float64))
    curvatures, directions = torch.linalg.eigh(hessian)
    assert curvatures.tolist() == pytest.approx([1.0, 100.0])
    steep = torch.tensor([math.cos(math.radians(rotation)), math.sin(math.radians(rotation))])
    assert abs(directions[:, 1] @ steep.double()).item() == pytest.approx(1.0)


def test_a_saddle_of_curvature_two_is_x_squared_minus_y_squared() -> None:
    x, y = POINTS.T
    torch.testing.assert_close(Saddle(2.0).value(POINTS), x**2 - y**2)
    assert Saddle().minima == []

"""A network's loss as a function of one vector, and planes through it."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from tuilab.parts.surfaces.network import NetworkLoss, Plane, path_plane, random_plane

WIDTHS = [2, 5, 4, 3]


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def loss(activation: object = torch.tanh) -> NetworkLoss:
    return NetworkLoss(normal(30, 2), torch.arange(30) % 3, WIDTHS, activation)  # type: ignore[arg-type]


def test_it_is_the_cross_entropy_of_torchs_own_network() -> None:
    theta = normal(loss().size, seed=1)
    maps = [torch.nn.Linear(a, b, dtype=torch.float64) for a, b in pairwise(WIDTHS)]
    for one, (weights, bias) in zip(maps, loss().layers(theta), strict=True):
        one.weight.data, one.bias.data = weights, bias
    net = torch.nn.Sequential(maps[0], torch.nn.Tanh(), maps[1], torch.nn.Tanh(), maps[2])
    expected = cross_entropy(net(loss().points), loss().labels)
    expected.backward()
    assert loss().value(theta).item() == pytest.approx(expected.item(), rel=1e-14)
    gradient = torch.cat([part.grad.reshape(-1) for one in maps for part in (one.weight, one.bias)])
    torch.testing.assert_close(loss().gradient(theta), gradient)


def test_many_at_once_are_each_alone() -> None:
    thetas = normal(6, loss().size, seed=2)
    torch.testing.assert_close(loss().value(thetas)[4], loss().value(thetas[4]))
    torch.testing.assert_close(loss().gradient(thetas)[4], loss().gradient(thetas[4]))


def test_a_minibatch_is_the_loss_of_its_examples() -> None:
    theta, chosen = normal(loss().size, seed=1), torch.tensor([3, 7, 8])
    expected = cross_entropy(loss().scores(theta)[chosen], loss().labels[chosen])
    assert loss().on(chosen).value(theta).item() == pytest.approx(expected.item())


def test_a_plane_lifts_and_projects() -> None:
    plane = Plane(normal(20), normal(2, 20, seed=1))
    places = normal(7, 2, seed=2)
    torch.testing.assert_close(plane.places(plane.lift(places)), places)
    theta = normal(20, seed=3)
    away = theta - plane.lift(plane.places(theta))
    assert (plane.directions @ away).abs().max() < 1e-12, "what is left over is at a right angle to the plane"


def test_what_a_plane_misses_of_a_path() -> None:
    directions = torch.eye(6, dtype=torch.float64)[:2]
    plane = Plane(normal(6), directions)
    inside = plane.lift(normal(9, 2, seed=1))
    assert plane.missed(inside)[-1] < 1e-12
    path = normal(9, 6, seed=2)
    variance = path.var(0)
    assert plane.missed(path)[-1].item() == pytest.approx((variance[2:].sum() / variance.sum()).item())
    assert plane.missed(path[:4])[-1] == plane.missed(path)[3], "of the path so far"
    assert plane.missed(path)[0] == 0


def test_no_plane_misses_less_of_a_path_than_its_principal_components() -> None:
    path = normal(40, 12).cumsum(0)
    best = path_plane([path]).missed(path)[-1]
    shares = torch.linalg.svdvals(path - path.mean(0)) ** 2
    assert best.item() == pytest.approx((shares[2:].sum() / shares.sum()).item())
    for seed in range(5):
        assert Plane(path[0], normal(2, 12, seed=seed)).missed(path)[-1] > best


def test_random_directions_are_as_long_as_every_units_weights() -> None:
    center = normal(loss().size, seed=4)
    plane = random_plane(loss(), center, seed=0)
    for direction in plane.directions:
        for (drawn, bias), (weights, _) in zip(loss().layers(direction), loss().layers(center), strict=True):
            torch.testing.assert_close(drawn.norm(dim=-1), weights.norm(dim=-1))
            assert bias.abs().max() == 0
    assert not torch.equal(plane.directions, random_plane(loss(), center, seed=1).directions)


def test_filter_normalised_pictures_do_not_hang_on_the_scale_of_a_relu_layer() -> None:
    # Ten times the first layer and a tenth of the second compute the same; so does the whole picture.
    here = loss(torch.relu)
    center = normal(here.size, seed=5)
    for _, bias in here.layers(center):
        bias.zero_()
    scaled = center.clone()
    here.layers(scaled)[0][0].mul_(10)
    here.layers(scaled)[1][0].div_(10)
    side = torch.linspace(-1, 1, 5, dtype=torch.float64)
    pictures = [here.over(random_plane(here, theta, seed=0), side, side) for theta in (center, scaled)]
    torch.testing.assert_close(*pictures)


def test_a_landscapes_rows_go_up_in_y_and_its_columns_in_x() -> None:
    here, plane = loss(), Plane(normal(loss().size), normal(2, loss().size, seed=1))
    x, y = (torch.linspace(-1, 1, n, dtype=torch.float64) for n in (3, 4))
    heights = here.over(plane, x, y)
    assert heights.shape == (4, 3)
    corner = here.value(plane.lift(torch.tensor([1.0, -1.0], dtype=torch.float64)))
    torch.testing.assert_close(heights[0, 2], corner)

"""Preprocessing: what the covariance becomes, where the statistics come from, batches merged without loss."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tuilab.parts.clouds import cloud
from tuilab.parts.preprocessing import PREPROCESSINGS, Affine, Moments, principal_axes
from tuilab.parts.randomness import stream


def drawn(count: int = 2_000, dims: int = 2, split: str = "train") -> Tensor:
    return cloud(0, dims).draw(count, stream(1, split))[0]


def fitted(name: str, x: Tensor, **settings: float) -> Affine:
    return PREPROCESSINGS[name](Moments(tuple(x.shape[1:])).add(x), **settings)


def covariance(x: Tensor) -> Tensor:
    return torch.cov(x.flatten(1).T, correction=0)


def test_moments_of_batches_are_those_of_all() -> None:
    x = drawn(1_000, 5) + 1e4
    moments = Moments((5,))
    for part in x.split([1, 3, 496, 500]):
        moments.add(part)
    assert moments.count == 1_000
    torch.testing.assert_close(moments.mean, x.mean(0), rtol=1e-14, atol=0)
    torch.testing.assert_close(moments.covariance, covariance(x), rtol=1e-9, atol=1e-9)
    diagonal = Moments((5,), correlations=False)
    for part in x.split(300):
        diagonal.add(part)
    torch.testing.assert_close(diagonal.variance, covariance(x).diagonal(), rtol=1e-9, atol=1e-9)


def test_channels_over_examples_and_pixels() -> None:
    x = torch.rand(40, 4, 5, 3, generator=stream(0, "pictures"), dtype=torch.float64)
    mean, std = Moments((4, 5, 3), correlations=False).add(x).by_channel()
    torch.testing.assert_close(mean, x.mean((0, 1, 2)))
    torch.testing.assert_close(std, x.std((0, 1, 2), correction=0))
    scaled = fitted("channel_std", x)(x)
    torch.testing.assert_close(scaled.std((0, 1, 2), correction=0), torch.ones(3, dtype=torch.float64))
    assert fitted("center", x)(x).mean(0).abs().max() < 1e-15
    assert fitted("channel_mean", x)(x).mean(0).abs().max() > 1e-3


@pytest.mark.parametrize("dims", [2, 20])
def test_what_the_covariance_becomes(dims: int) -> None:
    x = drawn(dims=dims)
    variances, _ = principal_axes(Moments((dims,)).add(x))
    identity = torch.eye(dims, dtype=torch.float64)
    torch.testing.assert_close(covariance(fitted("center", x)(x)), covariance(x))
    torch.testing.assert_close(
        covariance(fitted("normalize", x)(x)).diagonal(), torch.ones(dims, dtype=torch.float64)
    )
    assert (covariance(fitted("pca", x)(x)) - torch.diag(variances)).abs().max() < 1e-10
    for name in ("whiten_pca", "whiten_zca"):
        assert (covariance(fitted(name, x)(x)) - identity).abs().max() < 1e-10
    assert variances[0] > variances[-1] > 0


def test_zca_stays_nearest_to_the_data() -> None:
    x = drawn()
    centred = fitted("center", x)(x)
    distances = [(fitted(name, x)(x) - centred).norm() for name in ("whiten_zca", "whiten_pca")]
    assert distances[0] < distances[1]


def test_an_axis_without_variance_cannot_be_made_white() -> None:
    x = torch.cat([drawn(), torch.full((2_000, 1), 3.0, dtype=torch.float64)], 1)
    for name in PREPROCESSINGS:
        assert fitted(name, x)(x).isfinite().all(), name
    assert fitted("whiten_pca", x)(x)[:, 2].abs().max() == 0


def test_epsilon_keeps_small_variances_small() -> None:
    x = drawn()
    variances, _ = principal_axes(Moments((2,)).add(x))
    spread = covariance(fitted("whiten_pca", x, eps=0.5)(x)).diagonal()
    torch.testing.assert_close(spread, variances / (variances + 0.5))


def test_statistics_of_the_training_split_leave_the_test_split_a_little_off() -> None:
    train, test = drawn(split="train"), drawn(split="test")
    prepare = fitted("normalize", train)
    assert prepare(train).mean(0).abs().max() < 1e-12
    assert 1e-4 < prepare(test).mean(0).abs().max() < 0.2


def test_a_cloud_is_what_it_says() -> None:
    made = cloud(0, rotation=30.0, spread=(2.0, 0.5), separation=3.0)
    x, labels = made.draw(200_000, stream(0, "cloud"))
    torch.testing.assert_close(x.mean(0), made.mean, atol=0.02, rtol=0)
    torch.testing.assert_close(covariance(x), made.covariance, atol=0.03, rtol=0)
    gap = x[labels == 1].mean(0) - x[labels == 0].mean(0)
    assert gap.norm().item() == pytest.approx(3.0, abs=0.03)

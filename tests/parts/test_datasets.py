"""The embedded pictures: the same for a seed, and neither trivial nor hopeless."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tuilab.parts.datasets import DATASETS, shapes10
from tuilab.parts.shapes import SHAPES, draw


def test_pictures_are_bytes_of_32_by_32_in_ten_even_classes() -> None:
    pictures = shapes10(0, 205)
    assert pictures.images.shape == (210, 32, 32, 3)
    assert pictures.images.dtype == torch.uint8
    assert torch.equal(pictures.labels.bincount(), torch.full((10,), 21))
    assert len(set(pictures.classes)) == 10


def test_a_seed_means_the_same_pictures_and_another_seed_others() -> None:
    assert torch.equal(draw("star", 20, 3), draw("star", 20, 3))
    assert not torch.equal(draw("star", 20, 3), draw("star", 20, 4))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_lies_inside_its_picture(shape: str) -> None:
    """A field is negative somewhere near the middle and positive all around."""
    across = torch.linspace(-1.6, 1.6, 200)
    x, y = torch.meshgrid(across, across, indexing="xy")
    inside = SHAPES[shape](x, y) < 0
    assert 0.2 < inside.float().mean() * 3.2**2 < 3.2
    assert not inside[torch.hypot(x, y) > 1.2].any()


def test_pictures_are_too_varied_for_a_linear_classifier() -> None:
    """Ridge regression on raw pixels, trained on 2,000, is not far above the 10 % of guessing."""
    pictures = shapes10(0, 3_000)
    order = torch.randperm(3_000, generator=torch.Generator().manual_seed(0))
    x = pictures.images[order].flatten(1).float() / 255 - 0.5
    y = pictures.labels[order]
    targets = torch.nn.functional.one_hot(y[:2_000], 10).float()
    products = x @ x[:2_000].T
    answers = torch.linalg.solve(products[:2_000] + 100 * torch.eye(2_000), targets)
    accuracy = ((products[2_000:] @ answers).argmax(1) == y[2_000:]).float().mean()
    assert accuracy < 0.3


def test_cifar10_comes_with_channels_last(monkeypatch: pytest.MonkeyPatch) -> None:
    planes = np.zeros((2, 3, 32, 32), np.uint8)
    planes[1, 2, 5, 7] = 99
    monkeypatch.setattr(
        "tuilab.parts.datasets.read_cifar10", lambda split: (planes, np.array([3, 9], np.uint8))
    )
    pictures = DATASETS["cifar10"](0, None)
    assert pictures.images.shape == (2, 32, 32, 3)
    assert pictures.images[1, 5, 7, 2] == 99
    assert pictures.labels.tolist() == [3, 9]
    assert pictures.classes[9] == "truck"

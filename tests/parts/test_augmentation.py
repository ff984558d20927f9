"""Mirroring and shifting, pixel by pixel."""

from __future__ import annotations

import torch

from tuilab.parts.augmentation import augment
from tuilab.parts.randomness import stream

# Pixel (row, column) of picture n holds (n, row, column) as its three channels.
IMAGES = torch.stack(
    torch.meshgrid(torch.arange(6), torch.arange(8), torch.arange(8), indexing="ij"), -1
).byte()


def test_without_either_the_pictures_come_as_they_are() -> None:
    which = torch.tensor([4, 0, 4])
    found = augment(IMAGES, which, stream(0, "x"), flip=False, translate=0)
    assert torch.equal(found, IMAGES[which])


def test_a_flip_mirrors_columns_in_about_half_the_pictures() -> None:
    which = torch.zeros(1000, dtype=torch.long)
    found = augment(IMAGES, which, stream(0, "x"), flip=True, translate=0)
    mirrored = (found == IMAGES[0].flip(1)).flatten(1).all(1)
    assert ((found == IMAGES[0]).flatten(1).all(1) ^ mirrored).all()
    assert 430 < mirrored.sum() < 570


def test_a_shift_moves_the_picture_and_mirrors_what_it_uncovers() -> None:
    found = augment(IMAGES, torch.full((500,), 3), stream(1, "x"), flip=False, translate=2)
    assert (found[..., 0] == 3).all()
    rows, columns = found[..., 1].long(), found[..., 2].long()
    ramp = torch.arange(8)
    seen = set()
    for picture in range(500):
        down, right = int(rows[picture, 4, 4]) - 4, int(columns[picture, 4, 4]) - 4
        seen.add((down, right))
        expected = [(ramp + shift).abs() for shift in (down, right)]
        expected = [torch.where(place > 7, 14 - place, place) for place in expected]
        assert torch.equal(rows[picture], expected[0][:, None].expand(8, 8))
        assert torch.equal(columns[picture], expected[1][None].expand(8, 8))
    assert seen == {(a, b) for a in range(-2, 3) for b in range(-2, 3)}


def test_the_same_seed_draws_the_same_augmentation() -> None:
    which = torch.arange(6)
    found = [augment(IMAGES, which, stream(7, "a", 3), flip=True, translate=2) for _ in range(2)]
    assert torch.equal(*found)

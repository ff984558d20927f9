"""Mirroring and shifting, pixel by pixel."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
import torch

from tuilab.parts.augmentation import Augmentation, mixture
from tuilab.parts.randomness import stream

# Pixel (row, column) of picture n holds (n, row, column) as its three channels.
IMAGES = torch.stack(
    torch.meshgrid(torch.arange(6), torch.arange(8), torch.arange(8), indexing="ij"), -1
).byte()


def changed(
    images: torch.Tensor,
    generator: torch.Generator,
    which: torch.Tensor | None = None,
    mean: torch.Tensor | None = None,
    **how: Any,
) -> torch.Tensor:
    """Pictures, all of them by default, changed as an augmentation of these settings draws it."""
    which = torch.arange(len(images)) if which is None else which
    mean = torch.zeros(images.shape[3]) if mean is None else mean
    augmentation = Augmentation(**how)
    drawn = augmentation.draw(len(which), tuple(images.shape[1:3]), generator)
    return augmentation.pictures(images, which, drawn, mean)


def test_without_either_the_pictures_come_as_they_are() -> None:
    which = torch.tensor([4, 0, 4])
    found = changed(IMAGES, stream(0, "x"), which, flip=False, translate=0)
    assert torch.equal(found, IMAGES[which])


def test_a_flip_mirrors_columns_in_about_half_the_pictures() -> None:
    which = torch.zeros(1000, dtype=torch.long)
    found = changed(IMAGES, stream(0, "x"), which, flip=True, translate=0)
    mirrored = (found == IMAGES[0].flip(1)).flatten(1).all(1)
    assert ((found == IMAGES[0]).flatten(1).all(1) ^ mirrored).all()
    assert 430 < mirrored.sum() < 570


def test_a_shift_moves_the_picture_and_mirrors_what_it_uncovers() -> None:
    found = changed(IMAGES, stream(1, "x"), torch.full((500,), 3), flip=False, translate=2)
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
    found = [changed(IMAGES, stream(7, "a", 3), which, flip=True, translate=2) for _ in range(2)]
    assert torch.equal(*found)


# A smooth picture: what it shows at any place is known, so a warped one can be predicted.
GRID = torch.stack(torch.meshgrid(*[(2 * torch.arange(32) + 1) / 32 - 1] * 2, indexing="ij"), -1)


def scene(y: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return torch.stack([x, y, x * y], -1) * 50 + 128


SMOOTH = scene(GRID[..., 0], GRID[..., 1]).expand(200, 32, 32, 3)
MIDDLE = slice(12, 20)


def test_nothing_asked_for_is_nothing_done() -> None:
    torch.testing.assert_close(changed(SMOOTH, stream(0, "w"), crop=(1.0, 1.0)), SMOOTH)
    which = torch.tensor([1, 0])
    assert torch.equal(changed(IMAGES, stream(0, "w"), which), IMAGES[which])


@pytest.mark.parametrize(
    "how",
    [{"rotate": 30.0}, {"stretch": 0.3}, {"shear": 20.0}, {"lens": 0.3}, {"crop": (0.5, 0.8)}],
)
def test_what_is_seen_is_the_scene_somewhere_else(how: dict[str, Any]) -> None:
    """x and y are in the colours, so every warped pixel tells where it was read: xy must agree."""
    found = changed(SMOOTH, stream(0, "w"), **how)
    x, y, product = ((found[..., k] - 128) / 50 for k in range(3))
    inside = (x.abs() < 0.9) & (y.abs() < 0.9)
    assert inside.float().mean() > 0.6
    assert ((x * y - product).abs()[inside] < 0.01).all()
    assert (found - SMOOTH).abs().max() > 5


def matrices(**how: Any) -> torch.Tensor:
    """The linear map of each picture, from differences at the middle of the warped scene."""
    found = (changed(SMOOTH, stream(0, "w"), **how)[..., :2] - 128) / 50
    dx = (found[:, 16, 17] - found[:, 16, 15]) * 8
    dy = (found[:, 17, 16] - found[:, 15, 16]) * 8
    return torch.stack([dx, dy], -1)


def test_a_turn_is_a_turn_and_a_stretch_keeps_the_area() -> None:
    turns = matrices(rotate=40.0)
    torch.testing.assert_close(turns @ turns.mT, torch.eye(2).expand(200, 2, 2), atol=1e-3, rtol=0)
    angles = torch.atan2(turns[:, 1, 0], turns[:, 0, 0]).rad2deg()
    assert 35 < angles.max() <= 40.01
    assert -40.01 <= angles.min() < -35
    stretches = matrices(stretch=0.3)
    torch.testing.assert_close(torch.linalg.det(stretches), torch.ones(200), atol=1e-3, rtol=0)
    sides = stretches[:, 0, 0].log()
    assert 0.25 < sides.max() < 0.301
    shears = matrices(shear=20.0)
    torch.testing.assert_close(torch.linalg.det(shears), torch.ones(200), atol=1e-3, rtol=0)
    assert 18 < shears[:, 1, 0].atan().rad2deg().max() < 20.01


def test_crops_follow_the_resnet_recipe() -> None:
    """L even in [256, 480] and a patch of 224: the inverse side is even between 256/224 and 480/224."""
    sides = matrices(crop=(224 / 480, 224 / 256))[:, 0, 0]
    zooms = 1 / sides
    assert 256 / 224 - 1e-3 < zooms.min() < 1.2
    assert 2.08 < zooms.max() < 480 / 224 + 1e-3
    assert zooms.mean().item() == pytest.approx(368 / 224, rel=0.03)
    seen = changed(SMOOTH, stream(0, "w"), crop=(0.5, 0.5))
    assert seen[..., :2].min() >= SMOOTH[..., :2].min() - 0.5
    assert seen[..., :2].max() <= SMOOTH[..., :2].max() + 0.5


def test_colours_move_by_their_three_factors() -> None:
    flat = torch.full((500, 4, 4, 3), 100.0)
    bright = changed(flat, stream(0, "c"), color=0.2)
    assert (bright.flatten(1).std(1) < 1e-4).all()
    assert 118 < bright.max() <= 120.01
    assert 79.99 <= bright.min() < 82
    grey = SMOOTH[:100, :, :, :1].expand(-1, -1, -1, 3)
    assert (changed(grey, stream(0, "c"), color=0.5).std(3) < 1e-4).all()  # grey stays grey


def test_noise_has_its_deviation() -> None:
    values = torch.zeros(50, 40, 40, 3)
    found = changed(values, stream(0, "n"), noise=7 / 255)
    assert found.std().item() == pytest.approx(7, rel=0.02)
    assert found.mean().abs() < 0.1
    assert torch.equal(found, changed(values, stream(0, "n"), noise=7 / 255))


def test_cutout_paints_one_square_over() -> None:
    found = changed(torch.ones(300, 16, 16, 3), stream(0, "h"), mean=torch.tensor([0.1, 0.2, 0.3]), cutout=6)
    holes = found[..., 0] != 1
    areas = holes.flatten(1).sum(1)
    assert areas.max() == 36
    assert areas.min() >= 9  # a corner of the square at least
    assert (found[holes] == torch.tensor([0.1, 0.2, 0.3])).all()
    for picture in holes[:20]:
        rows, columns = picture.any(1), picture.any(0)
        assert torch.equal(picture, rows[:, None] & columns[None])


def test_shares_of_a_mixture_are_beta() -> None:
    shares = torch.tensor([mixture(4, stream(k, "m"), 0.4)[1] for k in range(2000)])
    assert shares.mean().item() == pytest.approx(0.5, abs=0.03)
    assert shares.var().item() == pytest.approx(1 / (4 * (2 * 0.4 + 1)), rel=0.08)
    partners, _ = mixture(9, stream(0, "m"), 0.4)
    assert sorted(partners.tolist()) == list(range(9))


def test_everything_at_once() -> None:
    how = Augmentation(True, 2, (0.5, 1.0), 20.0, 0.2, 10.0, 0.2, 0.3, 0.05, 3, 0.2)
    found, again = (changed(IMAGES, stream(0, "w"), torch.tensor([0, 3]), **asdict(how)) for _ in range(2))
    assert found.shape == (2, 8, 8, 3)
    assert found.isfinite().all()
    assert torch.equal(found, again)
    assert how.pictorial
    assert not Augmentation(noise=0.1, mixup=1.0).pictorial


def test_a_window_is_a_square_out_of_the_picture() -> None:
    images = torch.arange(2 * 8 * 8).reshape(2, 8, 8, 1).to(torch.uint8)
    found = changed(images, torch.Generator().manual_seed(0), torch.tensor([0, 1] * 20), window=5)
    assert found.shape == (40, 5, 5, 1)
    squares = {
        tuple(images[k, y : y + 5, x : x + 5].flatten().tolist())
        for k in range(2)
        for y in range(4)
        for x in range(4)
    }
    seen = {tuple(picture.flatten().tolist()) for picture in found}
    assert seen <= squares
    assert len(seen) > 10


def test_windows_end_when_they_are_said_to() -> None:
    how = Augmentation(flip=True, window=5, window_until=0.5)
    assert how.at(0.49) == how
    assert how.at(0.5) == Augmentation(flip=True, window_until=0.5)

"""The embedded pictures: the same for a seed, and neither trivial nor hopeless."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.data.data_files import write_idx
from tuilab.data import DataError
from tuilab.parts.datasets import DATASETS, shapes10
from tuilab.parts.shapes import SHAPES, draw


def test_pictures_are_bytes_of_32_by_32_in_ten_even_classes() -> None:
    pictures = shapes10(0, 205)
    assert pictures.inputs.shape == (210, 32, 32, 3)
    assert pictures.inputs.dtype == torch.uint8
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
    x = pictures.inputs[order].flatten(1).float() / 255 - 0.5
    y = pictures.labels[order]
    targets = torch.nn.functional.one_hot(y[:2_000], 10).float()
    products = x @ x[:2_000].T
    answers = torch.linalg.solve(products[:2_000] + 100 * torch.eye(2_000), targets)
    accuracy = ((products[2_000:] @ answers).argmax(1) == y[2_000:]).float().mean()
    assert accuracy < 0.3


def test_cifar_comes_with_channels_last(monkeypatch: pytest.MonkeyPatch) -> None:
    planes = np.zeros((2, 3, 32, 32), np.uint8)
    planes[1, 2, 5, 7] = 99
    labels = np.array([[3, 6], [9, 8]], np.uint8)
    monkeypatch.setattr("tuilab.parts.datasets.read_cifar", lambda layout: (planes, labels))
    pictures = DATASETS["cifar10"](0, None)
    assert pictures.inputs.shape == (2, 32, 32, 3)
    assert pictures.inputs[1, 5, 7, 2] == 99
    assert pictures.labels.tolist() == [3, 9]
    assert pictures.classes[9] == "truck"
    coarse = DATASETS["cifar100"](0, None, labels="coarse")
    assert [coarse.classes[k] for k in coarse.labels] == ["food_containers", "large_man-made_outdoor_things"]
    fine = DATASETS["cifar100"](0, None, labels="fine")
    assert [fine.classes[k] for k in fine.labels] == ["bee", "bicycle"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TUILAB_DATA", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def test_mnists_format_is_pictures_of_one_channel(home: Path) -> None:
    grey = np.arange(6 * 4 * 5, dtype=np.uint8).reshape(6, 4, 5)
    write_idx(home / "sets" / "mine", grey, np.arange(6, dtype=np.uint8) % 2)
    pictures = DATASETS["idx"](0, None, folder="sets/mine")
    assert pictures.pictures
    assert pictures.inputs.shape == (6, 4, 5, 1)
    assert torch.equal(pictures.inputs[..., 0], torch.from_numpy(grey))
    assert pictures.labels.tolist() == [0, 1] * 3


def test_a_folder_of_pictures_takes_size_and_grey(home: Path) -> None:
    for name, value in (("dark", 10), ("light", 200)):
        (home / "mine" / name).mkdir(parents=True)
        Image.fromarray(np.full((9, 9, 3), value, np.uint8)).save(home / "mine" / name / "1.png")
    assert DATASETS["folder"](0, None, folder="mine").inputs.shape == (2, 32, 32, 3)
    found = DATASETS["folder"](0, None, folder="mine", size=8, grey=True)
    assert found.inputs.shape == (2, 8, 8, 1)
    assert found.inputs[:, 0, 0, 0].tolist() == [10, 200]
    assert found.classes == ("dark", "light")


@pytest.mark.parametrize("name", ["idx", "folder"])
@pytest.mark.parametrize("folder", ["..", "../away", "/etc", "link", "sets/../../away"])
def test_nothing_outside_the_data_folder_is_read(home: Path, name: str, folder: str) -> None:
    (home.parent / "away").mkdir()
    (home / "sets").mkdir()
    (home / "link").symlink_to(home.parent / "away")
    with pytest.raises(DataError, match="leads out of the data folder"):
        DATASETS[name](0, None, folder=folder)


def test_a_folder_that_is_not_there_is_a_sentence(home: Path) -> None:
    with pytest.raises(DataError, match=r"there is no folder mine in .*tuilab data list"):
        DATASETS["idx"](0, None, folder="mine")

"""What a training run is made of: its batches, and optimisers that do what the lesson's rules say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tuilab.data import DataError
from tuilab.experiments.training.batches import Batches
from tuilab.experiments.training.learner import Learner
from tuilab.parts.augmentation import Augmentation
from tuilab.parts.optimizers import OPTIMIZERS
from tuilab.scenario.kinds.training import TrainingScenario

CPU = torch.device("cpu")
PLAIN = Augmentation()


def scenario(optimizer: dict[str, Any] | None = None, batch: int = 10, **data: Any) -> TrainingScenario:
    arm = {
        "batch": batch,
        "network": {"name": "mlp", "width": 8, "depth": 1},
        "optimizer": optimizer or {"name": "sgd", "lr": 0.1},
    }
    plain = {"name": "shapes10", "validation": 20, "train": 45}
    settings = {"kind": "training", "title": "t", "question": "q", "arms": {"one": arm}}
    return TrainingScenario.model_validate({**settings, "data": {**plain, **data}})


def rows(images: torch.Tensor) -> set[bytes]:
    return {image.numpy().tobytes() for image in images}


def test_an_epoch_sees_each_picture_at_most_once_and_never_a_held_out_one() -> None:
    batches = Batches(scenario(), CPU)
    assert batches.per_epoch == 4
    held = set().union(*(rows(batch.inputs) for batch in batches.validation()))
    epochs = [[rows(batches.training(4 * epoch + k, PLAIN)[0]) for k in range(4)] for epoch in range(2)]
    for epoch in epochs:
        seen = set().union(*epoch)
        assert len(seen) == 40
        assert not seen & held
    assert epochs[0] != epochs[1]
    assert len(held) == 20


def test_pictures_are_normalised_by_the_training_split() -> None:
    batches = Batches(scenario(train=40), CPU)
    images = torch.cat([batches.training(k, PLAIN)[0] for k in range(4)])
    assert images.mean((0, 2, 3)).tolist() == pytest.approx([0, 0, 0], abs=1e-4)
    assert images.std((0, 2, 3)).tolist() == pytest.approx([1, 1, 1], abs=1e-3)


def test_a_batch_is_the_same_whatever_was_drawn_before() -> None:
    first, second = (Batches(scenario(), CPU) for _ in range(2))
    how = Augmentation(flip=True, translate=2)
    for k in (0, 1, 2, 9):
        images, labels, *_ = first.training(k, how)
    again_images, again_labels, *_ = second.training(9, how)
    assert torch.equal(images, again_images)
    assert torch.equal(labels, again_labels)


def test_a_batch_larger_than_the_training_set_is_one_sentence() -> None:
    with pytest.raises(DataError, match="batch of 100 is more than the 12 training examples"):
        Batches(scenario(train=12, batch=100), CPU)


def test_arms_with_the_same_augmentation_are_handed_the_same_tensors() -> None:
    batches = Batches(scenario(), CPU)
    assert batches.training(3, PLAIN).inputs is batches.training(3, Augmentation()).inputs
    assert not torch.equal(
        batches.training(3, PLAIN).inputs, batches.training(3, Augmentation(flip=True)).inputs
    )
    assert not torch.equal(batches.training(3, PLAIN, 1).labels, batches.training(3, PLAIN).labels)


@pytest.mark.parametrize("name", ["spirals", "rings", "moons", "checkerboard", "blobs"])
def test_points_are_handed_out_as_they_are(name: str) -> None:
    batches = Batches(scenario(name=name, train=60, validation=40), CPU)
    inputs, labels, *_ = batches.training(0, PLAIN)
    assert inputs.shape == (10, 2)
    assert batches.shape == (2,)
    assert batches.held_inputs.shape == (40, 2)
    assert set(labels.tolist()) <= {0, 1}
    assert inputs.abs().max() < 1.5


def test_too_few_pictures_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from tuilab.parts.datasets import DATASETS, shapes10

    monkeypatch.setitem(DATASETS, "shapes10", lambda seed, count: shapes10(seed, 50))
    with pytest.raises(
        DataError, match="has 50 examples; 20 for validation leave 30 to train on, 45 are wanted"
    ):
        Batches(scenario(), CPU)
    with pytest.raises(DataError, match="50 for validation leave 0"):
        Batches(scenario(validation=50, train=None), CPU)


@pytest.mark.parametrize(
    "optimizer",
    [
        {"name": "sgd", "lr": 0.1, "weight_decay": 0.1},
        {"name": "momentum", "lr": 0.1, "momentum": 0.8},
        {"name": "nesterov", "lr": 0.1, "momentum": 0.8, "weight_decay": 0.1},
        {"name": "adam", "lr": 0.01, "beta1": 0.7, "beta2": 0.9, "eps": 1e-4, "weight_decay": 0.1},
    ],
)
def test_weights_move_by_the_lessons_rule(optimizer: dict[str, Any]) -> None:
    checked = scenario(optimizer)
    batches = Batches(checked, CPU)
    learner = Learner(checked, checked.arms["one"], batches, 4, CPU)
    settings = {key: value for key, value in optimizer.items() if key != "name"}
    rule = OPTIMIZERS[optimizer["name"]](**settings)
    weight = learner.network.weights[0]
    expected = weight.detach().clone()
    state = rule.start(expected)
    for step in range(4):
        learner.forward_backward(batches.training(step, PLAIN), step)
        expected, state = rule.step(expected, weight.grad, state)
        learner.update(step)
        torch.testing.assert_close(weight.detach(), expected)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"translate": 8}, r"arm one: augment\.translate is 8 pixels, and the pictures are 8 × 8: at most 7"),
        ({"window": 9}, r"arm one: augment\.window is 9 pixels, and the pictures are 8 × 8: at most 8"),
        ({}, r"test cropped: crops is 8 pixels, and the pictures are 8 × 8: at most 7"),
    ],
)
def test_pictures_too_small_for_what_is_done_to_them_are_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], sentence: str
) -> None:
    monkeypatch.setenv("TUILAB_DATA", str(tmp_path))
    for number in range(30):
        place = tmp_path / "small" / f"class {number % 2}"
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8, 3), 8 * number, np.uint8)).save(place / f"{number}.png")
    plain = scenario()
    changed = plain.model_dump() | {
        "data": {"name": "folder", "folder": "small", "size": 8, "validation": 10}
    }
    changed["arms"]["one"] |= {"augment": changes, "network": {"name": "resnet"}}
    changed["tests"] = {} if changes else {"cropped": {"crops": 8}}
    with pytest.raises(DataError, match=sentence):
        Batches(TrainingScenario.model_validate(changed), CPU)

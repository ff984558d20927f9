"""What a training run is made of: its batches, and optimisers that do what the lesson's rules say."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tuilab.data import DataError
from tuilab.experiments.batches import Batches
from tuilab.experiments.learner import Learner
from tuilab.parts.optimizers import OPTIMIZERS
from tuilab.scenario.kinds.training import Training

CPU = torch.device("cpu")


def scenario(optimizer: dict[str, Any] | None = None, **data: Any) -> Training:
    arm = {
        "network": {"name": "mlp", "width": 8, "depth": 1},
        "optimizer": optimizer or {"name": "sgd", "lr": 0.1},
    }
    plain = {"name": "shapes10", "validation": 20, "train": 45, "flip": False, "translate": 0}
    settings = {"kind": "training", "title": "t", "question": "q", "batch": 10, "arms": {"one": arm}}
    return Training.model_validate({**settings, "data": {**plain, **data}})


def rows(images: torch.Tensor) -> set[bytes]:
    return {image.numpy().tobytes() for image in images}


def test_an_epoch_sees_each_picture_at_most_once_and_never_a_held_out_one() -> None:
    batches = Batches(scenario(), CPU)
    assert batches.per_epoch == 4
    held = set().union(*(rows(images) for images, _ in batches.validation()))
    epochs = [[rows(batches.training(4 * epoch + k)[0]) for k in range(4)] for epoch in range(2)]
    for epoch in epochs:
        seen = set().union(*epoch)
        assert len(seen) == 40
        assert not seen & held
    assert epochs[0] != epochs[1]
    assert len(held) == 20


def test_pictures_are_normalised_by_the_training_split() -> None:
    batches = Batches(scenario(train=40), CPU)
    images = torch.cat([batches.training(k)[0] for k in range(4)])
    assert images.mean((0, 2, 3)).tolist() == pytest.approx([0, 0, 0], abs=1e-4)
    assert images.std((0, 2, 3)).tolist() == pytest.approx([1, 1, 1], abs=1e-3)


def test_a_batch_is_the_same_whatever_was_drawn_before() -> None:
    first, second = (Batches(scenario(flip=True, translate=2), CPU) for _ in range(2))
    for k in (0, 1, 2, 9):
        images, labels = first.training(k)
    again_images, again_labels = second.training(9)
    assert torch.equal(images, again_images)
    assert torch.equal(labels, again_labels)


def test_a_batch_is_never_larger_than_the_training_set() -> None:
    batches = Batches(scenario(train=12).model_copy(update={"batch": 100}), CPU)
    assert (batches.size, batches.per_epoch) == (12, 1)
    assert len(batches.training(3)[1]) == 12


def test_too_few_pictures_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from tuilab.parts.datasets import DATASETS, shapes10

    monkeypatch.setitem(DATASETS, "shapes10", lambda seed, count: shapes10(seed, 50))
    with pytest.raises(
        DataError, match="has 50 pictures; 20 for validation leave 30 to train on, 45 are wanted"
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
    learner = Learner("one", checked, batches, 4, CPU)
    settings = {key: value for key, value in optimizer.items() if key != "name"}
    rule = OPTIMIZERS[optimizer["name"]](**settings)
    weight = learner.network.weights[0]
    expected = weight.detach().clone()
    state = rule.start(expected)
    for step in range(4):
        learner.look(*batches.training(step), watched=False)
        expected, state = rule.step(expected, weight.grad, state)
        learner.update(step)
        torch.testing.assert_close(weight.detach(), expected)

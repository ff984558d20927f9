"""Data sets from files, all the way into a network that learns."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.data.data_files import IMAGES, idx, write_idx
from tuilab.data import DataError
from tuilab.experiments.training import TrainingExperiment
from tuilab.experiments.training.batches import Batches
from tuilab.scenario.load import load

CPU = torch.device("cpu")
SMALL = ["network.channels=[4,4]", "batch=16", "steps=4", "tests={}", 'watch=["samples","mistakes"]']
IDX = 'data={name="idx", folder="mine"}'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TUILAB_DATA", str(tmp_path))
    return tmp_path


def stripes(count: int, classes: int, side: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Grey pictures whose class is the height of a bright stripe."""
    labels = (np.arange(count) % classes).astype(np.uint8)
    pictures = np.random.default_rng(0).integers(0, 50, (count, side, side), np.uint8)
    for picture, label in zip(pictures, labels, strict=True):
        picture[label * side // classes :][: side // classes] += 150
    return pictures, labels


def test_a_scenario_of_cifar10_runs_on_pictures_of_one_channel(home: Path) -> None:
    write_idx(home / "mine", *stripes(200, 3), packed=True)
    experiment = TrainingExperiment(load("cifar10", [IDX, *SMALL]), CPU)
    seen = list(experiment)
    network = experiment._arms[0]._networks[0]
    assert network.weights[0].shape == (4, 1, 3, 3)
    assert network.weights[-1].shape[0] == 3
    assert seen[0].values["convnet/train.loss"] == pytest.approx(np.log(3), rel=0.05)
    assert seen[-1].step == 4
    assert seen[0].frames["convnet/samples"][0].shape[1:] == (12, 12, 1)
    assert not [event for event in seen[0].events if event[0] == "missing"]


def test_a_folder_of_pictures_trains_in_the_size_asked_for(home: Path) -> None:
    rng = np.random.default_rng(0)
    for number, name in enumerate(("cat", "dog")):
        (home / "pets" / name).mkdir(parents=True)
        for k in range(30):
            pixels = rng.integers(100 * number, 100 * number + 99, (20, 31, 3), np.uint8)
            Image.fromarray(pixels).save(home / "pets" / name / f"{k}.png")
    data = 'data={name="folder", folder="pets", size=16}'
    *_, last = TrainingExperiment(load("cifar10", [data, *SMALL]), CPU)
    assert last.frames["convnet/samples"][0].shape[1:] == (16, 16, 3)
    assert last.frames["convnet/mistakes.captions"][1]["classes"] == ["cat", "dog"]


def test_a_tenth_is_held_out_the_same_for_a_seed(home: Path) -> None:
    write_idx(home / "mine", *stripes(200, 3))
    first, again, other = (Batches(load("cifar10", [IDX, *SMALL, f"seed={seed}"]), CPU) for seed in (1, 1, 2))
    assert len(first.held_labels) == 20
    assert len(first.labels) == 180
    assert torch.equal(first.held_inputs, again.held_inputs)
    assert not torch.equal(first.held_inputs, other.held_inputs)


def test_a_class_that_the_split_leaves_out_is_an_event(home: Path) -> None:
    pictures, labels = stripes(200, 2)
    labels[17] = 2
    write_idx(home / "mine", pictures, labels)
    few = 'data={name="idx", folder="mine", train=20, validation=10}'
    scenario = load("cifar10", [few, *SMALL])
    parts = Batches(scenario, CPU)
    first = next(TrainingExperiment(scenario, CPU))
    assert {split["split"] for kind, _, split in first.events if kind == "missing"} == {
        split
        for split, labels in (("train", parts.labels), ("validation", parts.held_labels))
        if 2 not in labels
    }
    assert next(split["classes"] for kind, _, split in first.events if kind == "missing") == "2"


def test_pictures_too_small_for_the_network_are_a_sentence(home: Path) -> None:
    write_idx(home / "mine", *stripes(200, 3, side=6))
    with pytest.raises(DataError, match=r"6 × 6 are too small for a convnet of 3 stages.*8 × 8 it takes"):
        TrainingExperiment(load("cifar10", [IDX, *SMALL[1:], "network.channels=[4,4,4]"]), CPU)


def test_many_pictures_are_counted_as_few_are(home: Path) -> None:
    """Mean and deviation, counted a thousand pictures at a time, are those of all."""
    pictures, labels = stripes(2_345, 3, side=4)
    write_idx(home / "mine", pictures, labels)
    batches = Batches(load("cifar10", [IDX, *SMALL]), CPU)
    values = batches.inputs.double()
    assert float(batches._mean) == pytest.approx(float(values.mean()), rel=1e-6)
    assert float(batches._std) == pytest.approx(float(values.std(correction=0)), rel=1e-6)


def test_the_command_names_the_damaged_file_and_leaves_with_2(home: Path, tmp_path: Path) -> None:
    pictures, labels = stripes(200, 3)
    write_idx(home / "mine", pictures, labels)
    (home / "mine" / IMAGES).write_bytes(idx(pictures)[:-7])
    words = ["run", "cifar10", "-s", IDX]
    done = subprocess.run(
        [sys.executable, "-m", "tuilab", *words],
        env=os.environ | {"TUILAB_RUNS": str(tmp_path / "runs")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert f"{IMAGES}: ends at offset 28,809 where 28,816 bytes belong" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.glob("runs/*/"))

"""A part of the user's own of every family that may have one, in an engine."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from tuilab.engine import EngineError, conduct
from tuilab.prepare import prepare
from tuilab.runs import Run

PARTS = """
import math
import torch
from torch import nn
from tuilab.parts.activations import Activation
from tuilab.parts.datasets import Examples
from tuilab.parts.initializers import Initializer
from tuilab.parts.models import Activate, Network
from tuilab.parts.surfaces import Surface

class Sine(Activation):
    low, high = -1.0, 1.0
    def __init__(self, w: float = 1.0): self.w = w
    def __call__(self, h): return torch.sin(self.w * h)
    def derivative(self, h): return self.w * torch.cos(self.w * h)
    def flat(self, x): return x.abs() > 0.9999

def scale(fan_in, fan_out, gain=1.0): return gain / math.sqrt(fan_in)
even = Initializer(scale, "uniform")
def rademacher(rows, columns, generator):
    return torch.randint(0, 2, (rows, columns), generator=generator).float() * 2 - 1
signs = Initializer(scale, rademacher)

def half(t, at=0.5): return 1.0 if t < at else 0.1

class Root:
    def __init__(self, power=0.5): self.power = power
    def __call__(self, t): return (1 - t) ** self.power

def hinge(scores, labels, margin=1.0):
    right = scores.gather(1, labels[:, None])
    return torch.relu(scores - right + margin).sum(1).mean() - margin

class Net(Network):
    def __init__(self, shape, classes, width=16):
        layer = nn.Sequential(nn.Linear(math.prod(shape), width), Activate("tanh"))
        super().__init__([nn.Flatten(), layer], width, classes)

def crosses(seed, count, noise=0.1):
    g = torch.Generator().manual_seed(seed)
    x = torch.rand(count or 400, 2, generator=g) * 2 - 1
    return Examples("crosses", x, (x[:, 0] * x[:, 1] > 0).long(), ("off", "on"))

def shares(fan_in, fan_out): return "much"
def late(t): return None if t > 0.5 else 1.0
def flat(scores, labels): return scores.detach().sum()
def plain(shape, classes): return nn.Linear(math.prod(shape), classes)
def wide(shape, classes): return Net(shape, classes + 1)
def far(seed, count): return Examples("far", torch.zeros(400, 2), torch.full((400,), 7), ("a", "b"))
class Lazy(Activation):
    low, high = 0.0, 1.0
    def __call__(self, h): return h

class Bowl(Surface):
    minima = ((0.0, 0.0),)
    def __init__(self, k: float = 3.0): self.k = k
    def value(self, p): return 0.5 * (p[..., 0] ** 2 + self.k * p[..., 1] ** 2)
    def gradient(self, p): return p * torch.tensor([1.0, self.k], dtype=p.dtype)
    def hessian(self, p):
        return torch.diag(torch.tensor([1.0, self.k], dtype=p.dtype)).expand(*p.shape[:-1], 2, 2)
class Rule:
    def __init__(self, lr): self.lr = lr
    def start(self, x): return ()
    def step(self, x, g, state): return x - self.lr * g, ()

class Heavy(Rule):
    def start(self, x): return (torch.zeros_like(x),)
    def step(self, x, g, state):
        v = 0.5 * state[0] + g
        return x - self.lr * v, (v,)

class Ahead(Rule):
    def step(self, x, g, state, surface): return x - self.lr * surface.gradient(x - self.lr * g), ()
"""
NET = """
kind = "training"
title = "All mine"
question = "Does it run?"
steps = 6
evaluate = 3
data = { name = "parts.py:crosses", train = 200, validation = 100 }
network = "parts.py:Net"
init = "parts.py:signs"
loss = "parts.py:hinge"
batch = 32
optimizer = { name = "parts.py:Rule", lr = 0.1 }
[arms.half]
schedule = "parts.py:half"
[arms.root]
schedule = { name = "parts.py:Root", power = 2.0 }
[arms.sine]
network = { name = "mlp", width = 16, activation = { name = "parts.py:Sine", w = 2.0 } }
optimizer = { name = "parts.py:Ahead", lr = 0.1 }
"""
DESCENT = """
kind = "descent"
title = "My surface"
question = "Does it run?"
steps = 6
surface = { name = "parts.py:Bowl", k = 4.0 }
start = [2, 1]
[arms.one]
optimizer = { name = "parts.py:Rule", lr = 0.1 }
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TUILAB_RUNS", str(tmp_path / "runs"))
    Path("parts.py").write_text(PARTS)


def conducted(text: str, *settings: str) -> Run:
    Path("one.toml").write_text(text)
    run = prepare("one.toml", settings, trust=True, checkpoint=0)
    conduct(run, trust=True)
    return run


def test_a_training_of_nothing_but_own_parts() -> None:
    with conducted(NET).open() as recording:
        assert {fact["part"] for fact in recording.header["own"]} == {
            "optimizer", "activation", "initializer", "schedule", "model", "loss", "data set"
        }  # fmt: skip
        rates = recording.read("half/learning_rate")[1], recording.read("root/learning_rate")[1]
        np.testing.assert_allclose(rates[0], [0.1] * 3 + [0.01] * 4)
        np.testing.assert_allclose(rates[1], 0.1 * (1 - np.arange(7) / 6) ** 2)
        losses = recording.read("sine/train.loss")[1]
        assert losses[0] == pytest.approx(1.0, abs=0.05), "the hinge of equal scores is its margin"
        assert np.isfinite(losses).all()
        classes = [event.data for event in recording.events() if event.kind == "data"]
        assert classes[0]["name"] == "crosses"


def test_an_own_surface_is_walked_on() -> None:
    with conducted(DESCENT).open() as recording:
        x, y = (recording.read(f"one/{axis}")[1] for axis in "xy")
        np.testing.assert_allclose(x, 2 * 0.9 ** np.arange(7))
        np.testing.assert_allclose(y, 0.6 ** np.arange(7))


def test_an_own_initializer_and_activation_in_a_network_that_does_not_learn() -> None:
    text = """
kind = "propagation"
title = "Mine"
question = "?"
steps = 1
network = { width = 64, depth = 3, activation = "parts.py:Sine" }
[arms.signs]
init = "parts.py:signs"
[arms.even]
init = { name = "parts.py:even", gain = 2.0 }
"""
    with conducted(text, "probes.weights=true").open() as recording:
        for layer in (1, 2, 3):
            assert recording.read(f"signs/weight.std/{layer}")[1][0] == pytest.approx(1 / 8, rel=1e-3)
            assert recording.read(f"even/weight.std/{layer}")[1][0] == pytest.approx(2 / 8, rel=0.05)
            assert recording.read(f"even/weight.std.predicted/{layer}")[1][0] == pytest.approx(2 / 8)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ('init="parts.py:shares"', "shares: the scale gave 'much'; wanted a number"),
        ('arms.half.schedule="parts.py:late"', "late: at t = 1 the schedule gave nothing; wanted a number"),
        ('loss="parts.py:flat"', "flat: its number does not hang on the scores"),
        (
            'arms.half.network="parts.py:plain"',
            "plain: it made a Linear; wanted a tuilab.parts.models.Network",
        ),
        (
            'arms.half.network="parts.py:wide"',
            "wide: it gave a tensor (2, 3) float32 for 2 inputs of (2,); wanted scores (2, 2)",
        ),
        ('data={name="parts.py:far", train=10}', "far: its labels go from 7 to 7, and it names 2 classes"),
        (
            'arms.sine.network={name="mlp", activation="parts.py:Lazy"}',
            "Lazy: it has no derivative and no flat, which tuilab.parts.activations.Activation wants",
        ),
        ('arms.half.network={name="convnet"}', "a convnet wants pictures, and crosses are points"),
    ],
)
def test_a_part_that_does_not_keep_its_protocol(setting: str, said: str) -> None:
    with pytest.raises(EngineError) as caught:
        conducted(NET, setting)
    assert said in str(caught.value)


def test_two_runs_with_an_own_network_start_with_the_same_weights() -> None:
    ends = []
    for _ in range(2):
        with conducted(NET).open() as recording:
            ends.append(recording.read("half/train.loss")[1].tolist())
    assert ends[0] == ends[1]


def test_a_training_of_own_parts_that_was_interrupted_is_equal_to_one_that_was_not() -> None:
    def stop(step: int, steps: int, waiting: str) -> None:
        if step == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    Path("one.toml").write_text(NET.replace("parts.py:Rule", "parts.py:Heavy"))
    whole = prepare("one.toml", trust=True)
    conduct(whole, trust=True)
    parted = prepare("one.toml", trust=True)
    assert conduct(parted, stop, trust=True) == "stopped"
    with pytest.raises(EngineError, match="add --trust"):
        conduct(parted, resume=True)
    assert conduct(parted, resume=True, trust=True) == "finished"
    with whole.open() as one, parted.open() as other:
        for arm in ("half", "root", "sine"):
            for metric in ("train.loss", "validation.accuracy"):
                series = f"{arm}/{metric}"
                assert one.read(series)[1].tolist() == other.read(series)[1].tolist(), series

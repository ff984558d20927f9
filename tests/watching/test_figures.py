"""What is recorded of a watched loop is what torch says of it, and the loop is as it would be without."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import tuilab
from tests.watching.conftest import batches, network, newest, told, train, watched


class Picky(nn.Module):
    """Everything that could be disturbed: running statistics, dropout's draws, in-place operations."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.act, self.drop = nn.ReLU(inplace=True), nn.Dropout(0.3)
        self.out = nn.Linear(4 * 6, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.act(self.norm(self.conv(x.view(-1, 1, 2, 3))))
        return self.out(self.drop(x.flatten(1)))


@pytest.mark.parametrize("optimizer", [torch.optim.Adam, torch.optim.SGD])
def test_the_training_is_the_same_to_the_last_bit(runs: Path, optimizer: Any) -> None:
    def trained(watch: bool) -> tuple[list[float], dict[str, torch.Tensor], torch.Tensor]:
        torch.manual_seed(3)
        model = Picky()
        updates = optimizer(model.parameters(), lr=0.01, weight_decay=0.1)
        w = tuilab.watch(model, updates, every=2) if watch else None
        losses = train(model, updates, 30, w)
        if w is not None:
            w.close()
        return losses, model.state_dict(), torch.get_rng_state()

    plain, seen = trained(False), trained(True)
    assert plain[0] == seen[0]
    assert all(torch.equal(value, seen[1][name]) for name, value in plain[1].items())
    assert torch.equal(plain[2], seen[2])


def test_gradients_weights_and_updates_are_those_that_torch_has(runs: Path) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    expected: dict[str, dict[int, float]] = {}

    def note(name: str, step: int, value: Any) -> None:
        expected.setdefault(name, {})[step] = float(value)

    with tuilab.watch(model, optimizer, every=5, sample=0) as w:
        for step, (x, y) in enumerate(batches(20), 1):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            before = nn.utils.clip_grad_norm_(model.parameters(), 0.3)
            note("gradient.global_norm", step, before)
            weights = {k: model[k].weight.detach().clone() for k in (0, 2, 4)}
            if step <= 2 or step % 5 == 0:
                norms = [p.grad.norm() for p in model.parameters() if p.grad is not None]
                note("gradient.global_norm.clipped", step, torch.stack(norms).norm())
                for k, weight in weights.items():
                    note(f"weight_gradient.norm/{k}", step, model[k].weight.grad.norm())
                    note(f"weight.norm/{k}", step, weight.norm())
            optimizer.step()
            if step <= 2 or step % 5 == 0:
                for k, weight in weights.items():
                    note(
                        f"update.ratio/{k}", step, (model[k].weight.detach() - weight).norm() / weight.norm()
                    )
            note("learning_rate", step, 0.1)
            note("loss", step, loss.item())
            w.log(loss=loss)
    found = told(newest(runs)).series
    for name, values in expected.items():
        assert found[f"Sequential/{name}"].keys() == values.keys(), name
        assert found[f"Sequential/{name}"] == pytest.approx(values, rel=1e-5), name


def test_activations_and_their_gradients_are_those_of_the_pass(runs: Path) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with tuilab.watch(model, optimizer, every=4, sample=0) as w:
        for x, y in batches(8):
            shadow = copy.deepcopy(model)
            outputs = [x]
            for layer in shadow:
                outputs.append(layer(outputs[-1]))
                outputs[-1].retain_grad()
            nn.functional.cross_entropy(outputs[-1], y).backward()
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            w.log(loss=loss)
    seen = [out.detach().double() for out in outputs[1:]]
    grads = [out.grad.double() for out in outputs[1:] if out.grad is not None]
    expect = {
        "activation.mean": [out.mean() for out in seen],
        "activation.std": [out.std(correction=0) for out in seen],
        "activation.dead": [(out == 0).all(0).double().mean() for out in seen],
        "gradient.norm": [grad.norm() for grad in grads],
        "gradient.std": [grad.std(correction=0) for grad in grads],
    }
    found = told(newest(runs))
    for metric, values in expect.items():
        for layer, value in enumerate(values):
            got = found.series[f"Sequential/{metric}/{layer}"][8]
            assert got == pytest.approx(float(value), rel=1e-5, abs=1e-12), (metric, layer)
    assert found.layers("activation.std") == ["0", "1", "2", "3", "4"]
    frame = found.frames["Sequential/activation.histogram"][8]
    assert frame is not None
    assert frame.meta["layers"] == ["0", "1", "2", "3", "4"]
    np.testing.assert_allclose(frame.array.sum(1), 1, rtol=1e-6)
    for layer, out in enumerate(seen):
        low, high = frame.meta["low"][layer], frame.meta["high"][layer]
        counts, _ = np.histogram(out.numpy().clip(low, high), 64, (low, high))
        np.testing.assert_allclose(frame.array[layer], counts / out.numel(), atol=2.5 / out.numel())


def test_nan_and_inf_are_counted_apart_and_the_rest_has_its_histogram(runs: Path) -> None:
    class Breaks(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = x.clone()
            x[:, 0], x[:2, 1] = torch.nan, torch.inf
            return x

    class Beside(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.breaks, self.out = nn.Linear(6, 8), Breaks(), nn.Linear(8, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.inner(x)
            self.breaks(x)
            return self.out(x)

    found = watched(runs, Beside(), 3)
    assert found.series["Beside/activation.nan/breaks"][2] == 1 / 8
    assert found.series["Beside/activation.inf/breaks"][2] == 2 / (16 * 8)
    assert np.isnan(found.series["Beside/activation.std/breaks"][2])
    frame = found.frames["Beside/activation.histogram"][2]
    assert frame is not None
    np.testing.assert_allclose(frame.array.sum(1), 1, rtol=1e-6)


def test_figures_of_any_name_and_kind_belong_to_the_step_they_are_logged_at(runs: Path) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with tuilab.watch(model, optimizer, every=0, config={"width": 8, "deep": {"on": True}}) as w:
        w.log(before=1)
        for step, (x, y) in enumerate(batches(3), 1):
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
            w.log(**{"train/loss": torch.tensor([step / 2]), "np": np.float32(step), "n": step})
            w.log(n=10 * step)
    found = told(newest(runs))
    assert found.series["Sequential/before"] == {0: 1}
    assert found.series["Sequential/train.loss"] == {1: 0.5, 2: 1.0, 3: 1.5}
    assert found.series["Sequential/np"] == {1: 1, 2: 2, 3: 3}
    assert found.series["Sequential/n"] == {1: 10, 2: 20, 3: 30}
    assert not [name for name in found.series if "activation" in name or "weight" in name]
    arm = found.header["scenario"]["arms"]["Sequential"]
    assert (arm["width"], arm["deep"]) == (8, {"on": True})
    assert arm["network"] == {"name": "Sequential", "parameters": sum(p.numel() for p in model.parameters())}
    assert (arm["optimizer"]["name"], arm["optimizer"]["lr"]) == ("SGD", 0.1)
    assert found.kinds() == ["started", "finished"]


def test_a_sample_is_said_to_be_one(runs: Path) -> None:
    found = watched(runs, network(), 2, sample=50)
    assert found.header["sampled"]["activation.std"] == 50
    assert "weight.norm" not in found.header["sampled"]
    assert found.series["Sequential/activation.std/0"][2] > 0


def test_looks_that_cost_too_much_are_made_half_as_often_and_it_is_said(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuilab.watching.watch.BUDGET", 0.0)
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with tuilab.watch(model, optimizer, every=2) as w:
        train(model, optimizer, 40, w)
    found = told(newest(runs))
    first, *_ = [event for event in found.events if event.kind == "probes-thinned"]
    assert (first.step, first.data["every"]) == (12, 4)
    assert list(found.series["Sequential/weight.norm/0"])[:9] == [1, 2, 4, 6, 8, 10, 12, 16, 20]

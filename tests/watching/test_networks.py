"""Networks and loops of all sorts are borne: seen as far as they can be, and never disturbed."""

from __future__ import annotations

import copy
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

import tuilab
from tests.watching.conftest import batches, network, newest, told, train, watched


class LSTM(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn, self.out = nn.LSTM(6, 5, num_layers=2, batch_first=True), nn.Linear(5, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.rnn(x[:, None].expand(-1, 4, -1))[0][:, -1])


class Transformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        block = nn.TransformerEncoderLayer(6, 2, 12, dropout=0.1, batch_first=True)
        self.encoder, self.out = nn.TransformerEncoder(block, 2, enable_nested_tensor=False), nn.Linear(6, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.encoder(x[:, None].expand(-1, 4, -1)).mean(1))


class Nested(nn.Module):
    """A module that gives a dict of tuples, and takes part by one of them."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(6, 3)

    def forward(self, x: torch.Tensor) -> dict[str, Any]:
        y = self.inner(x)
        return {"main": (y, y.detach()), "count": 3, "none": None, "indices": y.argmax(1)}


class TakesNested(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = Nested()
        self.body.scale = nn.Parameter(torch.ones(3, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x)["main"][0] @ self.body.scale


class Shared(nn.Module):
    """One layer used three times, and a matrix that two layers share."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.again, self.out = nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 3)
        self.tied = nn.Linear(6, 6)
        self.tied.weight = self.again.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for _ in range(3):
            x = self.again(x).tanh()
        return self.out(self.tied(self.first(x)))


class Parts(nn.Module):
    """A network that is never called as a whole."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.head = nn.Linear(6, 6), nn.Linear(6, 3)


class Recomputed(nn.Module):
    def __init__(self, reentrant: bool) -> None:
        super().__init__()
        self.body, self.out, self.reentrant = network(), nn.Linear(3, 3), reentrant

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.requires_grad_()
        return self.out(checkpoint(self.body, x, use_reentrant=self.reentrant))


def same_training(make: Any, runs: Path, count: int = 25) -> Any:
    """Trains twice, watched and not; both come to the same. What was recorded."""

    def trained(watch: bool) -> tuple[list[float], nn.Module]:
        torch.manual_seed(5)
        model = make()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        w = tuilab.watch(model, optimizer, every=5) if watch else None
        losses = train(model, optimizer, count, w)
        if w is not None:
            w.close()
        return losses, model

    plain, seen = trained(False), trained(True)
    assert plain[0] == seen[0]
    return told(newest(runs))


@pytest.mark.parametrize(
    ("make", "layers", "weights"),
    [
        (
            LSTM,
            ["rnn.0", "rnn.1.0", "rnn.1.1", "out"],
            ["rnn.weight_ih_l0", "rnn.weight_hh_l0", "rnn.weight_ih_l1", "rnn.weight_hh_l1", "out"],
        ),
        (TakesNested, ["body.inner", "body.main.0", "body.main.1"], ["body.scale", "body.inner"]),
        (Shared, ["again", "again#2", "again#3", "first", "tied", "out"], ["first", "again", "out"]),
        (lambda: Recomputed(True), ["out"], ["body.0", "body.2", "body.4", "out"]),
        (
            lambda: Recomputed(False),
            ["body.0", "body.1", "body.2", "body.3", "body.4", "out"],
            ["body.0", "body.2", "body.4", "out"],
        ),
    ],
)
def test_layers_are_seen_by_their_names(make: Any, layers: list[str], weights: list[str], runs: Path) -> None:
    found = same_training(make, runs)
    assert found.layers("activation.std") == layers
    assert found.layers("weight_gradient.norm") == weights
    assert all(math.isfinite(v) for name, at in found.series.items() for v in at.values() if "std" in name)


def test_a_transformer_is_seen_block_by_block(runs: Path) -> None:
    found = same_training(Transformer, runs)
    layers = found.layers("activation.std")
    assert layers[-1] == "out"
    assert [name for name in layers if name.endswith("linear1")] == [
        "encoder.layers.0.linear1",
        "encoder.layers.1.linear1",
    ]
    assert "encoder.layers.1.self_attn.in_proj_weight" in found.layers("weight.norm")


def test_a_network_that_is_used_in_parts_is_seen_too(runs: Path) -> None:
    model = Parts()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with tuilab.watch(model, optimizer, every=2):
        for x, y in batches(6):
            for half in (slice(0, 8), slice(8, 16)):  # accumulated, too
                nn.functional.cross_entropy(model.head(model.encoder(x[half])), y[half]).backward()
            optimizer.step()
            optimizer.zero_grad()
    assert told(newest(runs)).layers("activation.std") == ["encoder", "head"]


def test_frozen_weights_and_gradients_that_never_come_are_told_apart(runs: Path) -> None:
    class Half(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.frozen, self.used, self.forgotten = nn.Linear(6, 6), nn.Linear(6, 3), nn.Linear(6, 3)
            self.frozen.requires_grad_(False)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.used(self.frozen(x))

    found = watched(runs, Half())
    assert found.layers("weight_gradient.norm") == ["used"]
    assert found.layers("weight.norm") == ["frozen", "used", "forgotten"]
    assert found.series["Half/update.ratio/forgotten"][2] == 0
    (missing,) = [event for event in found.events if event.kind == "no-gradient"]
    assert missing.data == {"parameters": ["forgotten.weight", "forgotten.bias"]}
    assert found.header["scenario"]["arms"]["Half"]["network"]["frozen"] == ["frozen.weight", "frozen.bias"]


def test_a_module_that_is_replaced_half_way_is_seen_from_then_on(runs: Path) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def replace(step: int) -> None:
        if step == 10:
            model[3] = nn.Sequential(nn.Linear(8, 8), nn.ELU())
            optimizer.add_param_group({"params": list(model[3].parameters()), "lr": 0.05})

    with tuilab.watch(model, optimizer, every=5) as w:
        train(model, optimizer, 30, w, replace)
    found = told(newest(runs))
    assert found.kinds() == ["started", "finished"]
    assert set(found.series["Sequential/activation.std/3"]) == {2, 5, 10}
    assert set(found.series["Sequential/weight_gradient.norm/3.0"]) == {15, 20, 25, 30}
    assert found.series["Sequential/learning_rate/2"][30] == 0.05


def test_accumulated_gradients_are_measured_at_the_optimizers_step(runs: Path) -> None:
    model, expected = network(), []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with tuilab.watch(model, optimizer, every=1, sample=0) as w:
        for number, (x, y) in enumerate(batches(12), 1):
            (nn.functional.cross_entropy(model(x), y) / 4).backward()
            if number % 4 == 0:
                norms = [p.grad.norm() for p in model.parameters() if p.grad is not None]
                expected.append(float(torch.stack(norms).norm()))
                optimizer.step()
                optimizer.zero_grad()
            w.log(loss=number)
    found = told(newest(runs))
    assert found.last_step == 3
    assert list(found.series["Sequential/gradient.global_norm"].values()) == pytest.approx(expected, rel=1e-5)
    assert found.series["Sequential/loss"] == {0: 3, 1: 7, 2: 11, 3: 12}
    assert found.layers("activation.std") == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("fused", [False, True])
def test_scaled_gradients_are_measured_unscaled_and_skipped_steps_do_not_count(
    fused: bool, runs: Path
) -> None:
    model, expected = network(), []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, fused=fused)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    with tuilab.watch(model, optimizer, every=1) as w:
        for number, (x, y) in enumerate(batches(6), 1):
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16):
                loss = nn.functional.cross_entropy(model(x), y)
            scaler.scale(loss * (math.inf if number == 3 else 1.0)).backward()
            scale = scaler.get_scale()
            norms = [p.grad.norm() / scale for p in model.parameters() if p.grad is not None]
            if number != 3:
                expected.append(float(torch.stack(norms).norm()))
            scaler.step(optimizer)
            scaler.update()
            w.log(loss=loss)
    found = told(newest(runs))
    norms = list(found.series["Sequential/gradient.global_norm"].values())
    if fused:  # the optimiser is called, and skips the step itself
        assert not math.isfinite(norms.pop(2))
    assert norms == pytest.approx(expected, rel=1e-4)
    assert found.layers("activation.std") == ["0", "1", "2", "3", "4"]


def test_two_networks_of_a_gan_are_two_arms_on_one_axis_of_steps(runs: Path) -> None:
    torch.manual_seed(0)
    maker, judge = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 6)), network()
    optimizers = [torch.optim.Adam(m.parameters(), lr=lr) for m, lr in ((maker, 1e-3), (judge, 1e-2))]
    with tuilab.watch({"generator": maker, "judge": judge}, optimizers, every=4) as w:
        for number, (x, _) in enumerate(batches(24), 1):
            optimizers[1].zero_grad()
            fake = maker(torch.randn(16, 4))
            lost = judge(fake.detach())[:, 0].mean() - judge(x)[:, 0].mean()
            lost.backward()
            optimizers[1].step()
            w.log(judge={"loss": lost})
            if number % 3 == 0:
                optimizers[0].zero_grad()
                gained = -judge(fake)[:, 0].mean()
                gained.backward()
                optimizers[0].step()
                w.log(generator={"loss": gained})
    found = told(newest(runs))
    assert found.header["arms"] == ["generator", "judge"]
    assert found.last_step == 24
    assert list(found.series["judge/loss"]) == list(range(1, 25))
    assert list(found.series["generator/loss"]) == list(range(3, 25, 3))
    assert set(found.series["judge/gradient.global_norm"]) == {1, 2, 4, 8, 12, 16, 20, 24}
    assert set(found.series["generator/gradient.global_norm"]) == {3, 6, 12, 24}
    assert found.series["generator/learning_rate"][3] == 1e-3
    assert set(found.series["generator/activation.std/1"]) <= {6, 12, 24}


def test_without_an_optimizer_those_that_update_the_network_count(runs: Path) -> None:
    model, other = network(), network(1)
    mine, others = (torch.optim.SGD(m.parameters(), lr=0.1) for m in (model, other))
    with tuilab.watch(model, every=2) as w:
        train(other, others, 5)
        train(model, mine, 4, w)
    found = told(newest(runs))
    assert found.last_step == 4
    assert set(found.series["Sequential/loss"]) == {1, 2, 3, 4}


def test_a_closure_is_called_as_often_as_before(runs: Path) -> None:
    model = network()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=3)
    x, y = batches(1)[0]

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        return loss

    with tuilab.watch(model, optimizer, every=1) as w:
        for _ in range(4):
            w.log(loss=optimizer.step(closure))
    found = told(newest(runs))
    assert found.last_step == 4
    assert found.layers("activation.std") == ["0", "1", "2", "3", "4"]


def test_networks_of_numpy_are_watched_by_their_arrays(runs: Path) -> None:
    random = np.random.default_rng(0)
    with tuilab.watch(name="by hand", every=10) as w:
        for step in range(1, 31):
            hidden = np.maximum(random.standard_normal((16, 8)) - 10 * (np.arange(8) == 3), 0)
            w.log_layer("hidden", hidden)
            w.log(loss=1 / step)
    found = told(newest(runs))
    assert found.series["network/loss"] == {step: 1 / step for step in range(1, 31)}
    assert set(found.series["network/activation.mean/hidden"]) == {1, 2, 10, 20, 30}
    assert found.series["network/activation.mean/hidden"][30] == pytest.approx(hidden.mean())
    assert found.series["network/activation.dead/hidden"][30] == 1 / 8


def test_copies_and_saved_networks_have_nothing_of_the_watcher_in_them(runs: Path) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    kept: list[nn.Module] = []

    def keep(step: int) -> None:
        kept.append(copy.deepcopy(model))
        copy.deepcopy(optimizer).state_dict()
        torch.save(model, file := io.BytesIO())
        assert b"tuilab" not in file.getvalue()

    with tuilab.watch(model, optimizer, every=1) as w:
        train(model, optimizer, 4, w, keep)
    assert told(newest(runs)).kinds() == ["started", "finished"]
    assert all(not module._forward_hooks for each in kept for module in each.modules())

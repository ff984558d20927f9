"""Sharpness of a learning network against its Hessian written down, and the edge of stability."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from tuilab.experiments import build
from tuilab.experiments.training import TrainingExperiment
from tuilab.experiments.training.sharpness import edge
from tuilab.scenario.kinds.training import TrainingScenario
from tuilab.scenario.parts.optimizers import SGD, Adam, Momentum, Nesterov


def scenario(**settings: Any) -> TrainingScenario:
    base: dict[str, Any] = {
        "kind": "training",
        "title": "t",
        "question": "q",
        "steps": 4,
        "seed": 3,
        "data": {"name": "moons", "train": 60, "validation": 20},
        "probes": {"every": 0, "curvature": 2},
        "arms": {
            "gd": {
                "network": {"name": "mlp", "width": 6, "depth": 1, "activation": "tanh"},
                "optimizer": {"name": "sgd", "lr": 0.5},
                "batch": 60,
            }
        },
    }
    return TrainingScenario.model_validate({**base, **settings})


def test_sharpness_is_the_hessians_largest_eigenvalue() -> None:
    experiment = build(scenario(), torch.device("cpu"))
    assert isinstance(experiment, TrainingExperiment)
    first = next(experiment)
    learner = build(scenario(), torch.device("cpu"))._arms[0]._members[0]  # type: ignore[attr-defined]
    net, batches = learner.network, experiment._batches
    shapes = {name: p.shape for name, p in net.named_parameters()}

    def loss(flat: torch.Tensor) -> torch.Tensor:
        parts = flat.split([shape.numel() for shape in shapes.values()])
        named = {n: part.view(s) for (n, s), part in zip(shapes.items(), parts, strict=True)}
        return cross_entropy(functional_call(net, named, (batches.inputs,)), batches.labels)

    at = torch.cat([p.detach().flatten() for p in net.parameters()])
    largest = torch.linalg.eigvalsh(torch.autograd.functional.hessian(loss, at))[-1].item()
    assert first.values["gd/sharpness"] == pytest.approx(largest, rel=0.01)
    assert first.values["gd/sharpness.predicted"] == pytest.approx(2 / 0.5)


def test_it_is_measured_when_due_and_changes_nothing() -> None:
    watched = list(build(scenario(), torch.device("cpu")))
    alone = list(build(scenario(probes={"every": 0}), torch.device("cpu")))
    assert [("gd/sharpness" in o.values) for o in watched] == [True, False, True, False, True]
    assert not any("gd/sharpness" in o.values for o in alone)
    assert [o.values["gd/train.loss"] for o in watched] == [o.values["gd/train.loss"] for o in alone]


def test_the_edges() -> None:
    assert edge(SGD(name="sgd", lr=1.0), 0.1) == pytest.approx(20)
    assert edge(Momentum(name="momentum", lr=1.0), 0.1) == pytest.approx(38)
    assert edge(Nesterov(name="nesterov", lr=1.0), 0.1) == pytest.approx(3.8 / 2.8 / 0.1)
    assert np.isnan(edge(Adam(name="adam", lr=1.0), 0.1))
    assert np.isnan(edge(Momentum(name="momentum", lr=1.0, dampening=1.0), 0.1))


@pytest.mark.parametrize(
    "optimizer",
    [
        SGD(name="sgd", lr=0.1, weight_decay=0.5),
        Momentum(name="momentum", lr=0.1, weight_decay=0.5),
        Momentum(name="momentum", lr=0.1, weight_decay=0.5, dampening=0.9),
        Momentum(name="momentum", lr=0.1, momentum=0.3, dampening=0.2),
        Nesterov(name="nesterov", lr=0.1, weight_decay=0.5),
    ],
)
def test_on_either_side_of_the_edge_torch_converges_and_diverges(
    optimizer: SGD | Momentum | Nesterov,
) -> None:
    """Torch's own optimiser on ½h·x², weight decay being its and no part of the curvature."""
    for curvature, grows in ((0.98, False), (1.02, True)):
        h, x = curvature * edge(optimizer, 0.1), torch.ones(1, dtype=torch.float64, requires_grad=True)
        given = optimizer.model_dump(exclude={"name"}) | {"nesterov": optimizer.name == "nesterov"}
        torchs = torch.optim.SGD([x], **given)
        for _ in range(600):
            torchs.zero_grad()
            (0.5 * h * x.square()).sum().backward()
            torchs.step()
        assert (x.abs().item() > 10) is grows
        assert (x.abs().item() < 0.1) is not grows


def test_the_schedule_is_drawn_before_it_runs() -> None:
    arms = scenario().model_dump()["arms"]
    arms["gd"]["schedule"] = {"name": "cosine"}
    observations = list(build(scenario(arms=arms), torch.device("cpu")))
    curve, meta = observations[0].frames["gd/schedule"]
    ran = [o.values["gd/learning_rate"] for o in observations]
    assert curve[0].tolist() == pytest.approx(ran)
    assert meta["x"] == [0, 4]

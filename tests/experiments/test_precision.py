"""Products in half precision: nearly the same learning, and figures that are as exact as before."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.experiments.training_runs import ARM, experiment, figures, series
from tuilab.experiments.training import TrainingExperiment

NET = {**ARM, "network": {"name": "convnet", "channels": [4, 6], "dropout": 0.2}}


def test_bf16_learns_nearly_the_same() -> None:
    exact = list(experiment({"one": NET}))
    half = list(experiment({"one": NET}, precision="bf16"))
    wanted, found = (list(series(run, "one/train.loss").values()) for run in (exact, half))
    np.testing.assert_allclose(found, wanted, rtol=0.02)
    assert found != wanted
    for name in ("gradient.norm/1", "activation.std/2", "weight_gradient.norm/3", "dropout.variance/1"):
        assert series(half, f"one/{name}")[5] == pytest.approx(series(exact, f"one/{name}")[5], rel=0.05)


def test_auto_is_float32_on_a_cpu() -> None:
    plain, auto = experiment({"one": NET}), experiment({"one": NET}, precision="auto")
    assert figures(list(auto)) == figures(list(plain))


def test_weights_stay_float32() -> None:
    run: TrainingExperiment = experiment({"one": NET}, precision="bf16")
    for _ in range(3):
        next(run)
    network = run.state()["arms"]["one"]["members"][0]["network"]
    assert {tensor.dtype for tensor in network.values()} == {torch.float32}


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_learns_as_the_cpu_does() -> None:
    cpu = list(experiment({"one": ARM}))
    gpu = list(experiment({"one": ARM}, device="cuda"))
    wanted, found = (list(series(run, "one/train.loss").values()) for run in (cpu, gpu))
    np.testing.assert_allclose(found, wanted, rtol=1e-2)

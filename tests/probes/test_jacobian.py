"""The input–output Jacobian against autograd, and its spectrum where it is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from tuilab.parts.activations import ACTIVATIONS
from tuilab.parts.dense import Dense, Standardize
from tuilab.parts.initializers import LAWS
from tuilab.parts.randomness import stream
from tuilab.probes.jacobian import jacobian, spectrum


@pytest.mark.parametrize("norm", [None, Standardize((-1,))])
def test_it_is_autograds(norm: Standardize | None) -> None:
    phi = ACTIVATIONS["tanh"]
    network = [Dense(torch.randn(a, b, generator=stream(a)), 0.4) for a, b in ((7, 9), (9, 5))]
    x = torch.randn(7, generator=stream(0), dtype=torch.float64)

    def output(x: torch.Tensor) -> torch.Tensor:
        for layer in network:
            h = layer.forward(x[None])
            x = phi(norm.forward(h)[0] if norm else h)[0]
        return x

    expected = torch.autograd.functional.jacobian(output, x)
    torch.testing.assert_close(jacobian(x, network, phi, norm), expected)


def test_orthogonal_linear_networks_are_isometries() -> None:
    network = [Dense(LAWS["orthogonal"](30, 30, stream(k)), torch.ones(1, 1, 1)) for k in range(20)]
    found = spectrum(jacobian(torch.ones(30), network, ACTIVATIONS["identity"]))
    assert found.values == pytest.approx(np.ones(30), abs=1e-5)
    assert found.rms == pytest.approx(1, abs=1e-6)
    assert found.spread == pytest.approx(0, abs=1e-9)


def test_figures_of_a_known_spectrum() -> None:
    found = spectrum(torch.diag(torch.tensor([3.0, -1.0, 0.0], dtype=torch.float64)))
    assert found.values == pytest.approx([3, 1, 0])
    assert found.rms == pytest.approx(math.sqrt(10 / 3))
    assert found.spread == pytest.approx(np.var([9, 1, 0]) / (10 / 3) ** 2)


def test_rounding_is_no_direction() -> None:
    assert spectrum(torch.diag(torch.tensor([2.0, 1e-12, 1e-14]).double())).values == pytest.approx(
        [2, 1e-12, 0]
    )


def test_what_is_lost_or_not_finite_is_a_number_still() -> None:
    lost = spectrum(torch.zeros(3, 3, dtype=torch.float64))
    assert (lost.values == 0).all()
    assert math.isnan(lost.spread)
    huge = spectrum(torch.diag(torch.tensor([1e200, 1e199], dtype=torch.float64)))
    assert huge.rms == pytest.approx(1e200 * math.sqrt(1.01 / 2))
    assert np.isnan(spectrum(torch.full((2, 3), math.inf)).values).all()

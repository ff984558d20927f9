"""Quadrature against closed forms."""

from __future__ import annotations

import math

import pytest
import torch

from tuilab.parts.gaussian import gaussian_mean, gaussian_nodes


def test_gaussian_means_with_a_closed_form() -> None:
    assert gaussian_mean(lambda z: z**10) == pytest.approx(945, rel=1e-14)
    assert gaussian_mean(lambda z: z.abs(), [0.0]) == pytest.approx(math.sqrt(2 / math.pi), rel=1e-14)
    step = 0.3141592
    share = gaussian_mean(lambda z: (z > step).double(), [step])
    assert share == pytest.approx(math.erfc(step / math.sqrt(2)) / 2, rel=1e-14)
    assert gaussian_mean(torch.exp) == pytest.approx(math.sqrt(math.e), rel=1e-14)


@pytest.mark.parametrize("std", [0.0, 0.1, 1.0, 20.0])
def test_a_kink_stays_where_it_is_however_wide_the_variable(std: float) -> None:
    h, weights = gaussian_nodes(std, (0.3,))
    expected = 0.5 * math.erfc(0.3 / (std * math.sqrt(2))) if std else 0.0
    assert float((h > 0.3).double() @ weights) == pytest.approx(expected, abs=1e-14)

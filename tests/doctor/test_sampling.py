"""Statistics of draws against published tables, torch's own laws and simulated samples."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tuilab.doctor.statistics import as_sigmas, interval, outside, reach, sign_test, standard_error

# Critical values of Student's t, two-sided .05 and .001: Fisher & Yates, "Statistical Tables" (1938).
TABLE = {1: (12.706, 636.619), 2: (4.303, 31.598), 5: (2.571, 6.869), 10: (2.228, 4.587), 30: (2.042, 3.646)}


@pytest.mark.parametrize("freedom", TABLE)
def test_students_law_is_the_published_table(freedom: int) -> None:
    for t, chance in zip(TABLE[freedom], (0.05, 0.001), strict=True):
        assert outside(t, freedom) == pytest.approx(chance, rel=2e-3)


def test_many_draws_know_their_spread_and_few_do_not() -> None:
    assert reach(4, 100_000) == pytest.approx(4, rel=1e-3)
    assert reach(1.959964, 16) == pytest.approx(2.131, abs=1e-3)
    assert reach(4, 16) > reach(4, 64) > 4


@given(st.floats(0.1, 6), st.integers(2, 200))
def test_sigmas_and_standard_errors_are_each_others_inverse(sigmas: float, n: int) -> None:
    assert as_sigmas(-reach(sigmas, n) * 0.3, 0.3, n) == pytest.approx(-sigmas, rel=1e-6)


def test_an_interval_holds_the_mean_as_often_as_it_says() -> None:
    drawn = torch.randn(4_000, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64).exp()
    drawn = drawn.log() * 3 + 7  # Gaussian again: mean 7, standard deviation 3
    held = sum(low <= 7 <= high for low, high in (interval(row.tolist()) for row in drawn))
    assert held / 4_000 == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / 4_000))
    errors = torch.tensor([standard_error(row.tolist()) for row in drawn])
    assert errors.square().mean().sqrt().item() == pytest.approx(3 / math.sqrt(6), rel=0.03)


def test_a_sign_test_counts_coin_flips() -> None:
    law = torch.distributions.Binomial(20, torch.tensor(0.5, dtype=torch.float64))
    for kept in (0, 1, 10, 15, 20):
        tail = law.log_prob(torch.arange(kept, 21, dtype=torch.float64)).exp().sum()
        assert sign_test(kept, 20) == pytest.approx(tail.item())


def test_what_cannot_be_known_is_not_a_number() -> None:
    assert math.isnan(standard_error([1.0]))
    assert math.isnan(standard_error([1.0, math.inf]))
    assert math.isnan(as_sigmas(1.0, math.nan, 5))
    assert math.isnan(as_sigmas(1.0, 1.0, 1))
    assert as_sigmas(0.1, 0.0, 5) == math.inf
    assert as_sigmas(0.0, 0.0, 5) == 0

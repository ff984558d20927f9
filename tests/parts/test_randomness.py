"""Random streams: repeatable, and a different one for every purpose."""

from __future__ import annotations

import hashlib
import json
from itertools import product

import numpy as np
import pytest
import torch

from tuilab.parts.randomness import restart, stream


def draw(seed: int, *purpose: str | int) -> torch.Tensor:
    return torch.randn(20_000, generator=stream(seed, *purpose))


def test_the_same_seed_and_purpose_draw_the_same_numbers() -> None:
    assert torch.equal(draw(3, "inputs", 7), draw(3, "inputs", 7))


def test_every_seed_word_and_number_has_a_stream_of_its_own() -> None:
    draws = torch.stack(
        [
            draw(0, "inputs", 7),
            draw(1, "inputs", 7),
            draw(0, "weights", 7),
            draw(0, "inputs", 8),
            draw(7, "inputs", 0),
            draw(0, "inputs"),
            draw(0, "inputs", 0),
            draw(0, "inputs", 0, 0),
            draw(0, "inputs", "0"),
            draw(2**32, "inputs", 0),
            draw(0, "inputs", 2**32),
        ]
    )
    correlation = torch.corrcoef(draws) - torch.eye(len(draws))
    assert correlation.abs().max() < 0.03


def test_of_a_hundred_thousand_streams_no_two_begin_alike() -> None:
    """Seeds of 32 bits would have a pair or two, and so would longer ones that torch cuts to 32."""
    names = product(range(4), ("order", "augmentation", "dropout", "noise"), range(6_250))
    begun = [torch.empty(1, dtype=torch.int64).random_(generator=stream(*name)).item() for name in names]
    assert len(set(begun)) == len(begun) == 100_000


def test_the_numbers_are_those_of_the_mersenne_twister_in_that_state() -> None:
    """NumPy's, given the same state: torch takes a single-precision number from the low 24 bits."""
    drawn = np.frombuffer(hashlib.shake_128(json.dumps([5, "x", 2]).encode()).digest(8 + 4 * 624), "<u4")
    oracle = np.random.MT19937()
    oracle.state = {"bit_generator": "MT19937", "state": {"key": drawn[2:], "pos": 624}}
    found = torch.rand(2_000, generator=stream(5, "x", 2)).numpy()
    assert np.array_equal(found, (oracle.random_raw(2_000) % 2**24 / 2**24).astype(np.float32))


def test_a_generator_that_is_restarted_draws_the_stream_and_drops_what_it_had_ready() -> None:
    generator = torch.Generator()
    torch.randn(1, generator=generator)  # normal numbers come in pairs: one is left over
    restart(generator, 3, "dropout", 8)
    wanted = stream(3, "dropout", 8)
    assert generator.initial_seed() == wanted.initial_seed() >= 2**32
    assert torch.equal(torch.randn(99, generator=generator), torch.randn(99, generator=wanted))


@pytest.mark.parametrize("seed", [2**32 - 1, 2**63])
def test_the_largest_seeds_work(seed: int) -> None:
    assert torch.isfinite(draw(seed, "weights", 10**9)).all()

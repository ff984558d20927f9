"""Random streams: repeatable, and a different one for every purpose."""

from __future__ import annotations

import torch

from tuilab.parts.randomness import stream


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
        ]
    )
    correlation = torch.corrcoef(draws) - torch.eye(len(draws))
    assert correlation.abs().max() < 0.03


def test_the_largest_seed_works() -> None:
    assert torch.isfinite(draw(2**32 - 1, "weights", 10**9)).all()

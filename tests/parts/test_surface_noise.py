"""The noise of minibatches: its law, and that it hangs on nothing but seed, step and walker."""

from __future__ import annotations

import pytest
import torch

from tuilab.parts.surfaces import minibatch_noise


def test_it_is_gaussian_of_std_over_the_root_of_the_batch() -> None:
    for batch in (1, 4, 64):
        found = minibatch_noise(0, 3, torch.arange(100_000), 2.0, batch) * batch**0.5 / 2.0
        assert found.mean(0).tolist() == pytest.approx([0, 0], abs=0.01)
        assert found.std(0).tolist() == pytest.approx([1, 1], abs=0.01)
        assert (found**4).mean(0).tolist() == pytest.approx([3, 3], abs=0.1)
        assert torch.corrcoef(found.T)[0, 1].item() == pytest.approx(0, abs=0.01)


def test_steps_are_independent_of_each_other() -> None:
    found = torch.stack([minibatch_noise(0, step, torch.tensor([5]), 1.0, 1)[0] for step in range(4_000)])
    assert found.std(0).tolist() == pytest.approx([1, 1], abs=0.05)
    assert (found[1:] * found[:-1]).mean(0).tolist() == pytest.approx([0, 0], abs=0.05)


def test_a_walker_meets_the_same_noise_alone_and_in_a_crowd() -> None:
    crowd = minibatch_noise(1, 7, torch.arange(1_000), 1.0, 1)
    torch.testing.assert_close(
        crowd[77:78], minibatch_noise(1, 7, torch.tensor([77]), 1.0, 1), rtol=1e-14, atol=1e-14
    )
    assert not torch.equal(crowd, minibatch_noise(2, 7, torch.arange(1_000), 1.0, 1)), "another seed"

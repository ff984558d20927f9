"""Normalisation by hand: torch's own, the running averages, the identity, and what is averaged over."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from tuilab.parts.fusion import fuse
from tuilab.parts.normalization import (
    NORMALIZATIONS,
    BatchNorm,
    GroupNorm,
    InstanceNorm,
    Normalization,
    shares,
    standardize,
)

C = 6
DENSE, PICTURES = (5, C), (5, C, 4, 3)
THEIRS: dict[tuple[str, tuple[int, ...]], Callable[[], nn.Module]] = {
    ("batch", DENSE): lambda: nn.BatchNorm1d(C),
    ("batch", PICTURES): lambda: nn.BatchNorm2d(C),
    ("layer", DENSE): lambda: nn.LayerNorm(C),
    ("layer", PICTURES): lambda: nn.GroupNorm(1, C),
    ("instance", PICTURES): lambda: nn.InstanceNorm2d(C, affine=True),
    ("group", DENSE): lambda: nn.GroupNorm(2, C),
    ("group", PICTURES): lambda: nn.GroupNorm(2, C),
    ("rms", DENSE): lambda: nn.RMSNorm(C, eps=1e-5),
}


def normal(*shape: int, seed: int = 0, mean: float = 0.0) -> Tensor:
    return mean + 2 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def made(name: str, by_hand: bool) -> Normalization:
    norm = NORMALIZATIONS[name](C, by_hand=by_hand)
    assert isinstance(norm, Normalization)
    return norm


def close(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("by_hand", [True, False])
@pytest.mark.parametrize(("name", "shape"), THEIRS)
def test_equal_to_torch_forward_and_backward_in_both_modes(
    name: str, shape: tuple[int, ...], by_hand: bool
) -> None:
    ours, theirs = made(name, by_hand).double(), THEIRS[name, shape]().double()
    with torch.no_grad():
        for norm in (ours, theirs):
            for k, parameter in enumerate(norm.parameters()):
                parameter.copy_(normal(C, seed=k))
    for step in range(6):
        if step == 4:
            ours.eval()
            theirs.eval()
        x = normal(*shape, seed=step, mean=3).double().requires_grad_()
        y, expected = ours(x), theirs(x)
        close(y, expected)
        gradient = normal(*shape, seed=100 + step).double()
        for mine, their in zip(
            torch.autograd.grad(y, [x, *ours.parameters()], gradient),
            torch.autograd.grad(expected, [x, *theirs.parameters()], gradient),
            strict=True,
        ):
            close(mine, their)
    for key, buffer in ours.named_buffers():
        close(buffer, getattr(theirs, key))


def test_rms_norm_of_pictures_is_torchs_over_all_but_the_examples() -> None:
    x = normal(*PICTURES)
    for by_hand in (True, False):
        close(made("rms", by_hand)(x), nn.functional.rms_norm(x, x.shape[1:], eps=1e-5))


def test_the_backward_pass_is_the_derivative() -> None:
    x = normal(7, 3).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: standardize(x, (0,))[0], x)


def test_running_averages_fill_by_a_tenth_of_what_is_missing() -> None:
    """20 batches of mean 5: 5·(1 − .9²⁰) = 4.392."""
    norm = BatchNorm(1)
    for step in range(20):
        batch = normal(64, 1, seed=step)
        norm(batch - batch.mean() + 5)
    assert norm.running_mean.item() == pytest.approx(5 * (1 - 0.9**20), abs=1e-5)
    assert norm.running_mean.item() == pytest.approx(4.392, abs=5e-4)


def test_gamma_sigma_and_beta_mu_give_the_input_back() -> None:
    x = normal(50, C, mean=5)
    norm = BatchNorm(C, by_hand=True)
    with torch.no_grad():
        norm.weight.copy_((x.var(0, correction=0) + norm.eps).sqrt())
        norm.bias.copy_(x.mean(0))  # type: ignore[union-attr]
    torch.testing.assert_close(norm(x), x, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("by_hand", [True, False])
def test_one_example_has_no_spread(by_hand: bool) -> None:
    norm = BatchNorm(C, by_hand=by_hand)
    close(norm(normal(1, C)), torch.zeros(1, C))
    assert norm.running_var.isfinite().all()
    with pytest.raises(ValueError, match="one value a channel"):
        InstanceNorm(C)(normal(5, C))


def test_which_values_share_a_mean() -> None:
    corner = torch.zeros(4, 8, dtype=torch.bool)
    corner[0, 0] = True
    first_row, first_column = corner.clone(), corner.clone()
    first_row[0] = True
    first_column[:, 0] = True
    group = corner.clone()
    group[0, :4] = True
    expected = {"batch": first_column, "layer": first_row, "instance": corner, "rms": first_row}
    for name, cells in expected.items():
        norm = NORMALIZATIONS[name](8)
        assert isinstance(norm, Normalization)
        assert torch.equal(shares(norm), cells), name
    assert torch.equal(shares(GroupNorm(8, groups=2)), group)


def test_groups_divide_the_channels() -> None:
    assert [GroupNorm(channels).groups for channels in (32, 12, 7)] == [8, 4, 1]


@pytest.mark.parametrize("bias", [True, False])
def test_fused_into_the_map_before_it(bias: bool) -> None:
    for linear, norm, shape in (
        (nn.Conv2d(3, C, 3, bias=bias), BatchNorm(C), (16, 3, 8, 8)),
        (nn.Linear(4, C, bias=bias), BatchNorm(C), (64, 4)),
        (nn.Conv2d(3, C, 3, bias=bias), nn.BatchNorm2d(C, affine=False), (16, 3, 8, 8)),
    ):
        for step in range(5):
            norm(linear(normal(*shape, seed=step, mean=1)))
        norm.eval()
        x = normal(*shape, seed=9, mean=1)
        assert isinstance(linear, nn.Linear | nn.Conv2d)
        fused = fuse(linear, norm)
        assert (fused(x) - norm(linear(x))).abs().max() < 1e-5


def test_without_running_statistics_nothing_can_be_fused() -> None:
    with pytest.raises(ValueError, match="running statistics"):
        fuse(nn.Linear(4, C), nn.BatchNorm1d(C, track_running_stats=False))

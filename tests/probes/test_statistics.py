"""Layer figures against numpy, value by value."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tuilab.probes.statistics import gradient_statistics, layer_statistics, norms


def measure(outputs: list[torch.Tensor], activation: str = "tanh", sample: int = 0, bins: int = 8):
    return layer_statistics(outputs, activation, bins=bins, sample=sample, low=-1.0, high=1.0)


@pytest.mark.parametrize("shapes", [[(6, 5), (6, 5)], [(6, 5), (6, 9), (6, 3, 4, 2)]])
def test_every_figure_equals_numpys(shapes: list[tuple[int, ...]]) -> None:
    torch.manual_seed(1)
    outputs = [torch.randn(shape) * 1.5 for shape in shapes]
    found = measure(outputs)
    for k, h in enumerate(outputs):
        x = h.double().numpy()
        assert found.mean[k] == pytest.approx(x.mean())
        assert found.std[k] == pytest.approx(x.std())
        assert found.saturated[k] == pytest.approx((np.abs(x) > 0.99).mean())
        expected, _ = np.histogram(np.clip(x, -1, 1), bins=8, range=(-1, 1))
        np.testing.assert_allclose(found.histogram[k], expected / x.size)


def test_channels_last_measures_the_same_values() -> None:
    torch.manual_seed(2)
    h = torch.randn(4, 6, 5, 5)
    plain, last = measure([h]), measure([h.contiguous(memory_format=torch.channels_last)])
    assert last.mean == pytest.approx(plain.mean)
    assert last.std == pytest.approx(plain.std)
    np.testing.assert_array_equal(last.histogram, plain.histogram)


def test_a_sample_sees_every_channel() -> None:
    # Channel k holds k: a stride of a multiple of 32 would see one channel, and a spread of 0.
    h = (
        torch.arange(32.0)[None, :, None, None]
        .expand(128, 32, 32, 32)
        .contiguous(memory_format=torch.channels_last)
    )
    found = layer_statistics([h], "identity", bins=32, sample=4096, low=-0.5, high=31.5)
    assert found.mean[0] == pytest.approx(15.5, abs=0.5)
    assert found.std[0] == pytest.approx(np.arange(32).std(), rel=0.03)
    assert found.histogram[0] == pytest.approx(np.full(32, 1 / 32), abs=0.01)


def test_a_sample_is_the_same_every_time_and_close_to_all() -> None:
    torch.manual_seed(3)
    h = torch.tanh(2 * torch.randn(64, 2048))
    first, again, exact = measure([h], sample=4096), measure([h], sample=4096), measure([h])
    assert first.std == again.std
    assert first.std == pytest.approx(exact.std, rel=0.02)
    assert first.saturated == pytest.approx(exact.saturated, abs=0.02)


@pytest.mark.parametrize("sample", [0, 16])
def test_dead_units_are_counted_over_the_whole_batch(sample: int) -> None:
    h = torch.zeros(50, 10)
    h[49, :4] = 0.5
    h[3, 4] = -0.5
    conv = torch.zeros(8, 4, 6, 6)
    conv[7, 2, 5, 5] = 1e-30
    found = measure([h], "relu", sample), measure([conv], "relu", sample)
    assert found[0].dead == pytest.approx([0.5])
    assert found[1].dead == pytest.approx([0.75])


@pytest.mark.parametrize(
    ("activation", "values", "share"),
    [
        ("tanh", [-0.995, -0.98, 0.0, 0.995], 0.5),
        ("sigmoid", [0.001, 0.5, 0.98, 0.999], 0.5),
        ("relu", [0.0, 0.0, 0.0, 3.0], 0.75),
        ("identity", [0.0, 1.0, 2.0, 3.0], 0.0),
    ],
)
def test_saturated_is_the_flat_part_of_each_activation(
    activation: str, values: list[float], share: float
) -> None:
    assert measure([torch.tensor([values])], activation).saturated == pytest.approx([share])


def test_a_nan_is_said_and_leaves_the_other_layers_alone() -> None:
    sick = torch.tensor([[0.1, float("nan")], [0.1, float("inf")]])
    found = measure([sick, torch.tensor([[0.5, -0.5], [0.5, -0.5]]), torch.full((2, 2), float("nan"))])
    for figure in (found.mean, found.std, found.saturated, found.dead):
        np.testing.assert_array_equal(np.isnan(figure), [True, False, True])
    assert found.std[1] == 0.5
    np.testing.assert_array_equal(found.histogram.sum(1), [1, 1, 0])


def test_infinity_is_an_infinite_mean_and_no_spread() -> None:
    found = measure([torch.tensor([[0.0, float("inf")]])])
    assert np.isinf(found.mean[0])
    assert np.isnan(found.std[0])
    assert found.saturated[0] == 0.5


def test_gradients_equal_numpys_and_reach_beyond_float32s_squares() -> None:
    torch.manual_seed(4)
    gradients = [torch.randn(16, 40) * scale for scale in (1.0, 1e-28, 1e25)]
    found = gradient_statistics(gradients, sample=0)
    exact = [g.double().numpy() for g in gradients]
    np.testing.assert_allclose(found.norm, [np.linalg.norm(g) for g in exact], rtol=1e-6)
    np.testing.assert_allclose(found.std, [g.std() for g in exact], rtol=1e-6)


def test_norms_of_zero_and_of_what_is_not_finite() -> None:
    found = norms([torch.zeros(3), torch.tensor([1.0, float("nan")]), torch.tensor([float("inf"), 1.0])])
    np.testing.assert_array_equal(found, [0, np.nan, np.inf])

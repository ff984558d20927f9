"""Top eigenvalues of a Hessian that is not written down, against the one that is."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from tests.far_device import FAR, FarDevice
from tuilab.probes.curvature import hessian_product, top_eigenvalues


def small_net() -> tuple[nn.Module, Tensor, Tensor]:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3)).double()
    return net, torch.randn(20, 4, dtype=torch.float64), torch.randint(3, (20,))


def written_down(net: nn.Module, x: Tensor, labels: Tensor) -> Tensor:
    names, shapes = zip(*((n, p.shape) for n, p in net.named_parameters()), strict=True)
    sizes = [shape.numel() for shape in shapes]

    def loss(flat: Tensor) -> Tensor:
        parts = [part.view(shape) for part, shape in zip(flat.split(sizes), shapes, strict=True)]
        return cross_entropy(functional_call(net, dict(zip(names, parts, strict=True)), (x,)), labels)

    at = torch.cat([p.detach().flatten() for p in net.parameters()])
    return torch.autograd.functional.hessian(loss, at)


def test_a_networks_products_and_eigenvalues_are_its_hessians() -> None:
    net, x, labels = small_net()
    hessian = written_down(net, x, labels)
    product = hessian_product(cross_entropy(net(x), labels), list(net.parameters()))
    v = torch.randn(len(hessian), dtype=torch.float64)
    torch.testing.assert_close(product(v), hessian @ v)
    expected = torch.linalg.eigvalsh(hessian).flip(0)[:5]
    found = top_eigenvalues(product, v, 5, tolerance=1e-8, products=len(v))
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert top_eigenvalues(product, v).item() == pytest.approx(expected[0].item(), rel=1e-3)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), n=st.integers(1, 40), count=st.integers(1, 5))
def test_a_random_symmetric_matrix(seed: int, n: int, count: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    a = torch.randn(n, n, dtype=torch.float64, generator=draw)
    a = a + a.T
    start = torch.randn(n, dtype=torch.float64, generator=draw)
    found = top_eigenvalues(a.__matmul__, start, count, tolerance=0, products=n)
    np.testing.assert_allclose(found, torch.linalg.eigvalsh(a).flip(0)[:count], rtol=1e-6, atol=1e-6)


def test_the_largest_is_not_the_most_negative() -> None:
    a = torch.diag(torch.tensor([-10.0, 1.0, 2.0]))
    assert top_eigenvalues(a.__matmul__, torch.ones(3)).item() == pytest.approx(2, rel=1e-4)


def test_no_curvature_and_parameters_that_do_not_matter() -> None:
    w, unused = torch.ones(3, requires_grad=True), torch.ones(2, requires_grad=True)
    flat = hessian_product(w.sum(), [w, unused])
    assert top_eigenvalues(flat, torch.ones(5)).tolist() == [0]
    bowl = hessian_product((torch.tensor([1.5, 1.0, 0.5]) * w * w).sum(), [w, unused])
    assert top_eigenvalues(bowl, torch.arange(1.0, 6.0), 3).tolist() == pytest.approx([3, 2, 1], abs=1e-4)


def test_one_transfer_a_product() -> None:
    a = torch.diag(torch.tensor([3.0, 1.0, 0.5, -2.0]))
    with FarDevice() as device:
        there, start = a.to(FAR), torch.ones(4).to(FAR)
        products = 0

        def product(v: Tensor) -> Tensor:
            nonlocal products
            products += 1
            return there @ v

        device.waits.clear()
        found = top_eigenvalues(product, start, tolerance=0)
    assert found == pytest.approx([3], rel=1e-5)
    assert len(device.waits) == products == 4


def test_a_matrix_that_is_not_finite_has_none() -> None:
    a = torch.full((3, 3), float("nan"))
    assert np.isnan(top_eigenvalues(a.__matmul__, torch.ones(3), 2)).all()

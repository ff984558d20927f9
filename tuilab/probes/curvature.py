"""The curvature of a network's loss: the largest eigenvalues of a Hessian that is never written down.

With N weights the Hessian has N² elements, but its product with a vector, H·v = ∇(∇fᵀv), costs about as
much as two gradients (Pearlmutter, Neural Computation 6, 1994). Eigenvalues need nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from tuilab.probes.statistics import Floats

Product = Callable[[Tensor], Tensor]
"""v ↦ H·v on vectors (N,)."""


def hessian_product(loss: Tensor, parameters: Sequence[Tensor]) -> Product:
    """The Hessian of a loss as a map of vectors that hold all its parameters one after another.

    Args:
        loss: a scalar with its graph.
        parameters: what it depends on, N numbers in all.
    """
    slopes = torch.autograd.grad(loss, parameters, create_graph=True, materialize_grads=True)
    slope = torch.cat([part.flatten() for part in slopes])

    def product(v: Tensor) -> Tensor:
        along = slope @ v
        parts = torch.autograd.grad(along, parameters, retain_graph=True, materialize_grads=True)
        return torch.cat([part.flatten() for part in parts])

    return product


def top_eigenvalues(
    product: Product, start: Tensor, count: int = 1, *, products: int = 60, tolerance: float = 1e-4
) -> Floats:
    """The largest eigenvalues of a symmetric matrix that is known by its products, by Lanczos' method.

    Power iteration multiplies a vector by H again and again until the eigenvector of the largest |λ| is left.
    Lanczos keeps all the iterates: in the orthonormal basis q₁, q₂, … of the space that they span H is
    tridiagonal, and its extreme eigenvalues come close to H's after few products, the largest and the most
    negative alike (Golub & Van Loan, "Matrix Computations", 4th ed., §10.1). Rounding spoils the basis, so
    each new vector is made orthogonal to all before it. An eigenvalue that H has twice is found once.

    The vectors stay on their device; two numbers a product come from it, in one transfer.

    Args:
        product: v ↦ H·v.
        start: where the iteration starts, (N,), not zero; a random vector misses no direction.
        count: how many eigenvalues are wanted.
        products: products at most; with N of them the result is exact.
        tolerance: relative change of the eigenvalues, from one product to the next, at which they are good.

    Returns:
        (min(count, N),), the largest first; NaN where a product is not finite.
    """
    basis = [start / start.norm()]
    diagonal: list[float] = []
    beside: list[float] = []
    found = np.empty(0)
    for k in range(min(products, len(start))):
        next_one = product(basis[k])
        along = basis[k] @ next_one
        for _ in range(2):  # twice is enough (Kahan): once leaves rounding errors
            known = torch.stack(basis)
            next_one = next_one - known.T @ (known @ next_one)
        length = next_one.norm()
        place, step = torch.stack([along, length]).tolist()
        if not math.isfinite(place + step):
            return np.full(min(count, len(start)), math.nan)
        diagonal.append(place)
        before, found = found, _tridiagonal(diagonal, beside)[:count]
        largest = np.abs(found).max()
        if len(before) == count == len(found) and (np.abs(found - before) <= tolerance * largest).all():
            break
        if step <= 1e-6 * largest:
            break  # the space is complete: these are eigenvalues
        beside.append(step)
        basis.append(next_one / length)
    return found


def _tridiagonal(diagonal: Sequence[float], beside: Sequence[float]) -> Floats:
    """Eigenvalues of a symmetric tridiagonal matrix, the largest first."""
    return np.linalg.eigvalsh(np.diag(diagonal) + np.diag(beside, -1))[::-1]  # it reads the lower half

"""Out of memory, however torch and Python say it; and memory that is not given back between two steps."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""glibc's names for what `mallopt` sets."""


def keep_freed_memory() -> None:
    """Let this process keep what tensors on the CPU free, for the next step's tensors.

    By itself glibc gives memory back to the kernel whenever much of it is free at the heap's end. A step
    frees all its activations, and the next one would have to fetch them again, zeroed page by page: that took
    14 % of a step of `cifar10`, or nothing, by what small object happened to lie at the heap's end. Does
    nothing where the C library is another.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(_M_MMAP_THRESHOLD, 1 << 25)  # 32 MiB is the most that it takes
    mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)


def lacks_memory(error: BaseException) -> bool:
    """Whether that is what an error says: Python's own, CUDA's, or that of torch's allocator on the CPU."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate memory" in str(error)


@contextmanager
def room(advice: str) -> Iterator[None]:
    """Say what would help should memory run out inside.

    Raises:
        MemoryError: it did; the text is the advice.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not lacks_memory(error):
            raise
        raise MemoryError(advice) from None


def smaller(batch: int) -> str:
    """What to do about a batch that did not fit. What would have is a guess."""
    if batch == 1:
        return "one example is too much for the memory there is; make the network smaller"
    less = 1 << (batch - 1).bit_length() - 1
    return f"a batch of {batch} does not fit into memory; the next smaller power of two is -s batch={less}"

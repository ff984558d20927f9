"""Out of memory, however torch and Python say it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


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

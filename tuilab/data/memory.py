"""Whether pictures fit into memory, asked before they are read."""

from __future__ import annotations

import math

from tuilab.data.folder import DataError

_COPIES = 2
"""Of the bytes, for a moment: as they were read, and split."""


def refuse_too_large(what: str, count: int, shape: tuple[int, ...], remedy: str) -> None:
    """Raises DataError if so many pictures don't fit into the memory that is free.

    Args:
        what: whose pictures.
        count: how many.
        shape: of one, (height, width, channels); a byte a value.
        remedy: the end of the sentence: what would make them fit.
    """
    import psutil

    size, free = count * math.prod(shape), psutil.virtual_memory().available
    if _COPIES * size > free:
        told = " × ".join(str(side) for side in shape)
        raise DataError(
            f"{what}: {count:,} pictures of {told} are {size / 1e9:,.1f} GB, for a moment twice that while "
            f"they are split, and {free / 1e9:,.1f} GB of memory is free; {remedy}"
        )

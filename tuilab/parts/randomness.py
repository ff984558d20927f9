"""Independent streams of random numbers, one a purpose.

Every draw of a run comes from a stream named after what it is for: `stream(0, "weights", 3)`,
`stream(0, "inputs", 17)`. So the weights of layer 3 are the same numbers in every arm of a comparison,
whatever the other arms drew before, and batch 17 can be drawn again without the sixteen before it.
"""

from __future__ import annotations

import zlib

import numpy as np
import torch


def stream(seed: int, *purpose: str | int) -> torch.Generator:
    """The random numbers of one seed for one purpose, from their beginning.

    The generator lives on the CPU: the same seed draws the same numbers whatever device they are
    then moved to.

    Args:
        seed: the scenario's seed, ≥ 0.
        purpose: words and non-negative counters; streams of different purposes are independent
            (NumPy's `SeedSequence`, after M. E. O'Neill, "Developing a seed_seq alternative", 2015).
    """
    words = [zlib.crc32(word.encode()) if isinstance(word, str) else word for word in purpose]
    return torch.Generator().manual_seed(int(np.random.SeedSequence([seed, *words]).generate_state(1)[0]))

"""Independent streams of random numbers, one a purpose.

Every draw of a run comes from a stream named after what it is for: `stream(0, "weights", 3)`,
`stream(0, "inputs", 17)`. So the weights of layer 3 are the same numbers in every arm of a comparison,
whatever the other arms drew before, and batch 17 can be drawn again without the sixteen before it. Nothing is
drawn from the generators that torch, NumPy and Python keep for everybody.

torch's generator on the CPU, a Mersenne Twister, takes no more than the low 32 bits of a seed: of 100,000
seeded streams one pair would be the same. So its whole state is filled in instead, from the SHAKE-128 hash
(FIPS 202) of the stream's name.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np
import torch

_WORDS = 624
"""32-bit words of the Mersenne Twister's state."""
_AT = 3
"""Where they begin in torch's, one in 64 bits each: behind the seed and two counters."""


def stream(seed: int, *purpose: str | int) -> torch.Generator:
    """The random numbers of one seed for one purpose, from their beginning.

    The generator lives on the CPU: the same seed draws the same numbers whatever device they are
    then moved to.

    Args:
        seed: the scenario's seed, ≥ 0.
        purpose: words and counters. Streams of different names are independent; how many words there are
            and which of them are text belongs to the name.
    """
    name = json.dumps([seed, *purpose]).encode()
    drawn = np.frombuffer(hashlib.shake_128(name).digest(8 + 4 * _WORDS), "<u4")
    generator = torch.Generator()
    state = generator.get_state()
    words = state.numpy().view(np.uint64)
    words[0] = drawn[:2].view("<u8")[0]
    words[_AT : _AT + _WORDS] = drawn[2:]
    generator.set_state(state)
    return generator


def restart(generator: torch.Generator, seed: int, *purpose: str | int) -> None:
    """Let a generator go on with the stream of this name.

    On the CPU with the very numbers of `stream`; elsewhere with others, seeded by 64 bits of the name's hash.
    """
    begun = stream(seed, *purpose)
    if generator.device.type == "cpu":
        generator.set_state(begun.get_state())
    else:
        generator.manual_seed(begun.initial_seed())

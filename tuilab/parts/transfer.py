"""From the host to the device without anybody waiting."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

_ALIGNED = 16
"""Bytes between which each tensor starts: enough for every dtype."""


def sent(tensors: Sequence[Tensor], device: torch.device) -> list[Tensor]:
    """Small tensors on the host to a device, all in one copy that is not waited for.

    The bytes of all of them are put into one pinned buffer: of memory that may be moved a device wants a
    pinned copy first, and the host would wait for that.

    Args:
        tensors: on the host, of any dtypes.
        device: where to; on the CPU they are there already.
    """
    if device.type == "cpu":
        return list(tensors)
    flat = [tensor.contiguous().view(-1).view(torch.uint8) for tensor in tensors]
    ends = [0]
    for part in flat:
        ends.append(ends[-1] + -(-len(part) // _ALIGNED) * _ALIGNED)
    buffer = torch.empty(ends[-1], dtype=torch.uint8, pin_memory=device.type == "cuda")
    for part, start in zip(flat, ends, strict=False):
        buffer[start : start + len(part)] = part
    there = buffer.to(device, non_blocking=True)
    return [
        there[start : start + len(part)].view(tensor.dtype).view(tensor.shape)
        for tensor, part, start in zip(tensors, flat, ends, strict=False)
    ]

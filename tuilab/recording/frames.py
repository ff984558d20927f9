"""Frames: the writer's buffer of arrays of one name, dtype, shape and meta."""

from __future__ import annotations

import numpy as np

from tuilab.recording.definitions import FrameDefinition
from tuilab.recording.format import FRAMES, pack_chunk
from tuilab.recording.steps import pack_steps

CHUNK_BYTES = 128 * 1024
"""Frames are gathered in one chunk up to about this size: reading one frame checks its chunk's CRC."""


class FrameBuffer:
    """The frames of one definition that were not flushed yet."""

    __slots__ = ("definition", "frames", "given", "id", "last", "steps")

    def __init__(self, id: int, definition: FrameDefinition, given: object, last: int) -> None:
        self.id = id
        self.definition = definition
        self.given = given
        self.last = last
        self.steps: list[int] = []
        self.frames: list[bytes] = []

    def encode(self) -> list[bytes]:
        """The buffered frames as chunks; the buffer is empty then."""
        chunks = pack_frames(self.id, self.definition.size, self.steps, self.frames)
        self.steps, self.frames = [], []
        return chunks


def pack_frames(id: int, size: int, steps: list[int], frames: list[bytes]) -> list[bytes]:
    """Frames of `size` bytes each, in chunks."""
    chunks = []
    many = max(1, CHUNK_BYTES // max(size, 8))
    for at in range(0, len(steps), many):
        taken = np.array(steps[at : at + many], np.int64)
        payload = pack_steps(taken, sized=size > 0) + b"".join(frames[at : at + many])
        chunks.append(pack_chunk(FRAMES, payload, id=id, rows=len(taken), first=int(taken[0])))
    return chunks

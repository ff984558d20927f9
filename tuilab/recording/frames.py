"""Frames: the writer's buffer of arrays of one name, dtype, shape and meta."""

from __future__ import annotations

import numpy as np

from tuilab.recording.definitions import FrameDefinition
from tuilab.recording.format import FRAMES, Ints, pack_chunk
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
        size = self.definition.size
        many = max(1, CHUNK_BYTES // max(size, 8))
        chunks = []
        for at in range(0, len(self.steps), many):
            steps = np.array(self.steps[at : at + many], np.int64)
            chunks.append(pack_frames(self.id, steps, b"".join(self.frames[at : at + many]), size > 0))
        self.steps, self.frames = [], []
        return chunks


def pack_frames(id: int, steps: Ints, data: bytes, sized: bool) -> bytes:
    """A chunk of frames, whose bytes `data` are; `sized` is false when those are none."""
    return pack_chunk(FRAMES, pack_steps(steps, sized) + data, id=id, rows=len(steps), first=int(steps[0]))

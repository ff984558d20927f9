"""Frames: the writer's buffer of arrays of one name, dtype, shape and meta."""

from __future__ import annotations

from collections.abc import Sequence

from tuilab.recording.definitions import FrameDefinition
from tuilab.recording.format import FRAMES, Ints, pack_chunk
from tuilab.recording.steps import pack_steps


class FrameBuffer:
    """The frames of one definition that were not flushed yet.

    Attributes:
        given: the meta as the caller passed it, to be recognised when passed again.
        last: step of the last frame of this name, -1 before the first.
    """

    __slots__ = ("definition", "dtype", "frames", "given", "id", "last", "shape", "size", "steps")

    def __init__(self, id: int, definition: FrameDefinition, given: object, last: int) -> None:
        self.id = id
        self.definition = definition
        self.dtype = definition.dtype
        self.shape = definition.shape
        self.size = definition.size
        self.given = given
        self.last = last
        self.steps: list[int] = []
        self.frames: list[bytes] = []

    def encode(self) -> list[bytes]:
        """The buffered frames as a chunk, in pieces; the buffer is empty then."""
        pieces = pack_frames(self.id, self.steps, b"".join(self.frames), self.size > 0)
        self.steps, self.frames = [], []
        return pieces


def pack_frames(id: int, steps: Sequence[int] | Ints, data: bytes, sized: bool) -> list[bytes]:
    """A chunk of frames, whose bytes `data` are; `sized` is false when those are none."""
    return pack_chunk(FRAMES, pack_steps(steps, sized), data, id=id, rows=len(steps), first=int(steps[0]))

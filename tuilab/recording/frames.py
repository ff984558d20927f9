"""Frames: the writer's buffer of arrays of one name, type and meta."""

from __future__ import annotations

from collections.abc import Sequence

from tuilab.recording.arrays import FrameDefinition
from tuilab.recording.format import FRAMES, Ints, Piece, pack_chunk
from tuilab.recording.steps import pack_steps


class FrameBuffer:
    """The frames of one definition that were not flushed yet.

    Attributes:
        dtype: of their array; None where further ones belong to it.
        shape: of their array.
        rows: their steps and bytes.
        given: the meta as the caller passed it, to be recognised when passed again.
        last: step of the last frame of this name, -1 before the first.
    """

    __slots__ = ("definition", "dtype", "given", "id", "last", "rows", "shape", "size")

    def __init__(self, id: int, definition: FrameDefinition, given: object, last: int) -> None:
        self.id = id
        self.definition = definition
        self.dtype = None if definition.arrays else definition.type.dtype
        self.shape = definition.type.shape
        self.size = definition.size
        self.given = given
        self.last = last
        self.rows: list[tuple[int, bytes]] = []

    def encode(self) -> list[Piece]:
        """The buffered frames as a chunk, in pieces."""
        steps = [step for step, _ in self.rows]
        return pack_frames(self.id, steps, b"".join([data for _, data in self.rows]), self.size > 0)


def pack_frames(id: int, steps: Sequence[int] | Ints, data: bytes, sized: bool) -> list[Piece]:
    """A chunk of frames, whose bytes `data` are; `sized` is false when those are none."""
    return pack_chunk(FRAMES, pack_steps(steps, sized), data, id=id, rows=len(steps), first=int(steps[0]))

"""Chunks of rows in a file: what series and frames have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property

import numpy as np

from tuilab.recording.file import File
from tuilab.recording.format import HEAD_SIZE, Ints
from tuilab.recording.index import Group, fill
from tuilab.recording.pieces import Pieces
from tuilab.recording.steps import STRIDE, last_of


class Rows(ABC):
    """The chunks of one table, or of the frames of one definition. What is damaged is a gap of the file."""

    def __init__(self, file: File, id: int) -> None:
        self.file = file
        self.id = id
        self._indexed: Group | None = None

    @cached_property
    def pieces(self) -> Pieces:
        """Where they lie; what an index says of that is taken when somebody asks."""
        pieces = Pieces()
        group = self._indexed
        if group is not None:
            try:
                fill(pieces, group, self.length)
            except ValueError as error:
                self.file.gap(group.offset[0], group.length[0], str(error))
        return pieces

    def expect(self, group: Group) -> None:
        """Takes the chunks from an index; raises ValueError when it names them twice."""
        if self._indexed is not None:
            raise ValueError("an index that names its chunks twice")
        self._indexed = group

    @abstractmethod
    def length(self, rows: int, stride: int) -> int:
        """Bytes of the payload of a chunk with so many rows, at least 1, and such a stride.

        Raises:
            ValueError: there can't be such a chunk.
        """

    def add(self, first: int, last: int, rows: int, stride: int, offset: int, kind: int, sound: bool) -> None:
        """Takes one more chunk; raises ValueError when its steps overlap those of an earlier one."""
        self.pieces.add(first, last, rows, stride, offset, kind, sound)

    def steps(self, piece: int) -> Ints | None:
        """The steps (n,) of a chunk, None when it is damaged."""
        pieces = self.pieces
        first, rows, stride = pieces.first[piece], pieces.rows[piece], pieces.stride[piece]
        if stride:
            return np.arange(rows) * stride + first
        offset = pieces.offset[piece]
        data = self.file.exact(offset + HEAD_SIZE + 8, 8 * rows)
        try:
            if data is not None:
                steps = np.frombuffer(data, "<i8").astype(np.int64, copy=False)
                if last_of(first, rows, 0, steps) == pieces.last[piece]:
                    return steps
        except ValueError:
            pass
        self.file.gap(offset, HEAD_SIZE + 8 + 8 * rows, "its steps do not increase")
        return None

    def last_before(self, stop: int) -> int:
        """The greatest step below `stop`, -1 when there is none."""
        for piece in self.pieces.upto(stop - 1):
            if self.pieces.last[piece] < stop:
                return self.pieces.last[piece]
            steps = self.steps(piece)
            if steps is not None:
                return int(steps[np.searchsorted(steps, stop) - 1])
        return -1

    def covered(self, piece: int, length: int) -> bytes | None:
        """The covered bytes of a chunk, which are `length`; None when they are damaged."""
        pieces = self.pieces
        offset = pieces.offset[piece]
        data = self.file.covered(
            offset, length, pieces.kind[piece], self.id, pieces.rows[piece], pieces.first[piece]
        )
        if data is None or STRIDE.unpack_from(data)[0] != pieces.stride[piece]:
            self.file.gap(offset, HEAD_SIZE + length, "it is not what the index says")
            return None
        return data

"""Where the rows of one table, or the frames of one definition, lie in a file."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right

from tuilab.recording.format import BLOCK, HEAD_SIZE


class Pieces:
    """Chunks of rows in order of their steps, as columns: few bytes a chunk, and none a row.

    Attributes:
        first: the first step of each chunk.
        last: its last step.
        rows: how many.
        stride: between its steps; 0 when they are stored one by one.
        offset: of the chunk in the file.
        kind: the chunk's type.
        sound: whether all of its checksums were found right already, as they are where a file is read from
            its start.
    """

    COLUMNS = ("first", "last", "rows", "stride", "offset", "kind", "sound")
    __slots__ = COLUMNS

    def __init__(self) -> None:
        self.first = array("q")
        self.last = array("q")
        self.rows = array("q")
        self.stride = array("q")
        self.offset = array("q")
        self.kind = array("B")
        self.sound = array("B")

    def __len__(self) -> int:
        return len(self.first)

    def add(self, first: int, last: int, rows: int, stride: int, offset: int, kind: int, sound: bool) -> int:
        """Adds a chunk, which replaces those that begin at or after its first step; returns how many stay.

        Raises:
            ValueError: an earlier chunk begins before that step and ends after it.
        """
        keep = bisect_left(self.first, first)
        if keep and self.last[keep - 1] >= first:
            raise ValueError("steps overlap those of an earlier chunk")
        if keep < len(self.first):
            for column in self.COLUMNS:
                del getattr(self, column)[keep:]
        self.first.append(first)
        self.last.append(last)
        self.rows.append(rows)
        self.stride.append(stride)
        self.offset.append(offset)
        self.kind.append(kind)
        self.sound.append(sound)
        return keep

    def span(self, start: int, stop: int) -> range:
        """The chunks that may hold steps in [start, stop)."""
        return range(bisect_left(self.last, start), bisect_left(self.first, stop))

    def upto(self, step: int) -> range:
        """The chunks that begin at or before `step`, latest first."""
        return range(bisect_right(self.first, step) - 1, -1, -1)

    def data(self, piece: int, columns: int) -> int:
        """Where a chunk's values begin: after its header, its steps and, in a block, the columns' CRCs."""
        offset = self.offset[piece] + HEAD_SIZE + 8
        if not self.stride[piece]:
            offset += 8 * self.rows[piece]
        if self.kind[piece] == BLOCK:
            offset += 4 * columns
        return offset

"""Reading the frames of one definition of one file."""

from __future__ import annotations

from tuilab.recording.definitions import FrameDefinition
from tuilab.recording.file import File
from tuilab.recording.format import Ints
from tuilab.recording.pieces import Pieces
from tuilab.recording.results import Frame


class FrameReader:
    """The frames of a definition.

    Attributes:
        checked: whether the chunks' CRCs were found right, as they are where a file is read from its start.
    """

    def __init__(self, file: File, definition: FrameDefinition) -> None:
        self.checked = True
        self.file = file
        self.definition = definition
        self.pieces = Pieces()

    def at(self, step: int) -> tuple[int, int, int] | None:
        """The last intact frame at or before `step`: its step, its chunk, its row."""
        pieces = self.pieces
        for piece in pieces.upto(step):
            steps = self.steps(piece)
            if steps is not None:
                row = int(steps.searchsorted(step, "right")) - 1
                return int(steps[row]), piece, row
        return None

    def load(self, piece: int, row: int) -> Frame | None:
        """One frame, None when the file has been cut short."""
        steps = self.steps(piece)
        size = self.definition.size
        data = self.file.exact(self.pieces.data(piece, 0) + row * size, size)
        if steps is None or data is None:
            return None
        meta = self.definition.meta
        return Frame(self.definition.name, int(steps[row]), self.definition.array(data), meta)

    def data(self, piece: int) -> bytes | None:
        """All frames of a chunk, None when the file has been cut short."""
        return self.file.exact(self.pieces.data(piece, 0), self.pieces.rows[piece] * self.definition.size)

    def steps(self, piece: int) -> Ints | None:
        """The steps of a chunk's frames, None when it is damaged."""
        pieces = self.pieces
        offset, rows = pieces.offset[piece], pieces.rows[piece]
        good = self.checked or self.file.trusted(offset)
        if good is None:
            length = 8 + rows * self.definition.size + (0 if pieces.stride[piece] else 8 * rows)
            good = self.file.covered(offset, length) is not None
        return self.file.steps(pieces, piece) if good else None

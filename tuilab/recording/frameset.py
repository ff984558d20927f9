"""Reading the frames of one definition of one file."""

from __future__ import annotations

import numpy as np

from tuilab.recording.arrays import FrameDefinition
from tuilab.recording.file import File
from tuilab.recording.format import Ints
from tuilab.recording.results import Frame
from tuilab.recording.rows import Rows

_NONE = np.empty(0, np.int64)


class FrameReader(Rows):
    """The frames of a definition."""

    def __init__(self, file: File, id: int, definition: FrameDefinition) -> None:
        super().__init__(file, id)
        self.definition = definition
        # The steps of the chunks that were asked for, and how many chunks these are.
        self._all, self._taken = _NONE, 0

    def add(self, first: int, last: int, rows: int, stride: int, offset: int, kind: int, sound: bool) -> None:
        """Takes one more chunk; raises ValueError when its steps overlap those of an earlier one."""
        if self.pieces.add(first, last, rows, stride, offset, kind, sound) < self._taken:
            self._all, self._taken = _NONE, 0

    def length(self, rows: int, stride: int) -> int:
        """Bytes of the payload of a chunk with so many frames and such a stride."""
        if stride and not self.definition.size:
            raise ValueError("an index whose steps do not fit its rows")
        return 8 + rows * (self.definition.size + (0 if stride else 8))

    def all_steps(self) -> Ints:
        """The steps (n,) of all intact frames; not to be changed."""
        if self._taken < len(self.pieces):
            found = [self.steps(piece) for piece in range(self._taken, len(self.pieces))]
            self._all = np.concatenate([self._all, *(steps for steps in found if steps is not None)])
            self._all.flags.writeable = False
            self._taken = len(self.pieces)
        return self._all

    def at(self, step: int) -> tuple[int, int, int] | None:
        """The last intact frame at or before `step`: its step, its chunk, its row."""
        for piece in self.pieces.upto(step):
            steps = self.steps(piece)
            if steps is not None:
                row = int(steps.searchsorted(step, "right")) - 1
                return int(steps[row]), piece, row
        return None

    def load(self, step: int, piece: int, row: int) -> Frame | None:
        """The frame that `at` found, None when the file has been cut short."""
        size = self.definition.size
        data = self.file.exact(self.pieces.data(piece, 0) + row * size, size)
        if data is None:
            return None
        array, arrays = self.definition.split(data)
        return Frame(self.definition.name, step, array, self.definition.meta, arrays)

    def data(self, piece: int) -> bytes | None:
        """All frames of a chunk, None when the file has been cut short."""
        return self.file.exact(self.pieces.data(piece, 0), self.pieces.rows[piece] * self.definition.size)

    def steps(self, piece: int) -> Ints | None:
        """The steps (n,) of a chunk's frames, None when it is damaged."""
        pieces = self.pieces
        good = pieces.sound[piece] or self.file.trusted(pieces.offset[piece])
        if good is None:
            rows, own = pieces.rows[piece], 0 if pieces.stride[piece] else 8
            good = self.covered(piece, 8 + rows * (own + self.definition.size)) is not None
        return super().steps(piece) if good else None

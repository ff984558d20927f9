"""Reading one file of a recording, and following it while it grows."""

from __future__ import annotations

import zlib
from pathlib import Path

from tuilab.recording.contents import Contents
from tuilab.recording.errors import NewerVersionError, NotARecordingError, RecordingError
from tuilab.recording.file import File
from tuilab.recording.format import END, HEAD_SIZE, INDEX, VERSION, Head, unpack_head
from tuilab.recording.index import unpack_index
from tuilab.recording.results import Gap
from tuilab.recording.scan import Found, Newer, Window, scan


class FileReader:
    """One file, and what is in it so far."""

    def __init__(self, path: Path) -> None:
        """Opens a file.

        Raises:
            RecordingError: it cannot be read, is no recording, or of a newer format.
        """
        self.path = path
        try:
            self._file = File(path)
        except OSError as error:
            raise RecordingError(f"{path}: cannot be opened: {error.strerror}") from None
        try:
            self.contents = Contents(self._file)
            self._position = 0
            if not self._by_index():
                self.contents = Contents(self._file)
                self._position = 0
                self._follow()
            if not self._position:
                what = "holds no intact piece of a recording" if self._file.size else "is empty"
                raise NotARecordingError(f"{path} {what}")
        except OSError as error:
            self._file.close()
            raise RecordingError(f"{path}: cannot be read: {error.strerror}") from None
        except BaseException:
            self._file.close()
            raise

    @property
    def whole(self) -> bool:
        """Whether nothing follows the last intact chunk."""
        return self._position == self._file.size

    @property
    def gaps(self) -> list[Gap]:
        """What was skipped so far."""
        return self._file.gaps

    def close(self) -> None:
        """Closes the file; safe to call twice."""
        self._file.close()

    def refresh(self) -> bool:
        """Reads what was appended, or the file that has taken this one's place.

        Raises:
            RecordingError: that file is no recording.
        """
        try:
            now = self.path.stat()
        except OSError:
            return False
        if self._file.is_same(now) and now.st_size >= self._file.size:
            if now.st_size == self._file.size:
                return False
            self._file.size = now.st_size
            return self._follow()
        new = FileReader(self.path)
        self._file.close()
        self._file, self.contents, self._position = new._file, new.contents, new._position
        return True

    def _by_index(self) -> bool:
        """Takes a compacted file's contents from its index; False when it has none that is sound."""
        file = self._file
        end = file.head(file.size - HEAD_SIZE, END)
        index = file.head(end.first, INDEX) if end else None
        if end is None or index is None or end.first + 2 * HEAD_SIZE + index.length != file.size:
            return False
        payload = file.exact(end.first + HEAD_SIZE, index.length)
        if payload is None or zlib.crc32(payload) != index.crc:
            return False
        try:
            (first, length, again, more), groups = unpack_index(payload, end.first)
            if not self._region(first, length) and not self._region(again, more):
                return False
            for group in groups:
                self.contents.enter(group)
        except ValueError:
            return False
        self._position = file.size
        self.contents.finished = self.contents.indexed = True
        return True

    def _region(self, offset: int, length: int) -> bool:
        """Takes the definitions of a region, one behind the other; False when some of it is damaged."""
        known = len(self.gaps)
        window, at, end = Window(self._file.fd, offset + length), offset, offset + length
        while at < end:
            head = unpack_head(window.read(at, HEAD_SIZE))
            after = at + HEAD_SIZE + (head.length if head else 0)
            if head is None or after > end or window.crc(at + HEAD_SIZE, head.covered) != head.crc:
                self._file.gap(at, end - at, "no intact chunk")
                return False
            self._position = after
            self._take_one(Found(at, after, head), head, window)
            at = after
        return len(self.gaps) == known

    def _follow(self) -> bool:
        """Takes what is intact behind what was read; True if there was anything."""
        began = self._position
        self._take(Window(self._file.fd, self._file.size))
        if self.contents.finished and not self.whole:
            self._file.gap(self._position, self._file.size - self._position, "no intact chunk")
        return self._position > began

    def _take(self, window: Window) -> None:
        early: list[Found] = []
        try:
            for found in scan(window, self._position):
                self._position = found.end
                if found.head is None:
                    self._file.gap(found.offset, found.end - found.offset, "no intact chunk")
                elif self.contents.has_definition(found.head):
                    self._take_one(found, found.head, window)
                else:
                    early.append(found)
        except Newer as newer:
            raise NewerVersionError(
                f"{self.path} is of recording format {newer.args[0]}, this tuilab reads up to {VERSION}: "
                "upgrade tuilab"
            ) from None
        for found in early:  # a closed file repeats its definitions at the end
            if found.head is not None:
                self._take_one(found, found.head, window)

    def _take_one(self, found: Found, head: Head, window: Window) -> None:
        try:
            self.contents.take(found.offset, head, window)
        except ValueError as error:
            self._file.gap(found.offset, found.end - found.offset, str(error))

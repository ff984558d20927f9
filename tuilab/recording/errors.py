"""What can be wrong with a recording, each said in one sentence that names the file."""


class RecordingError(Exception):
    """A recording cannot be read or written as asked."""


class NotARecordingError(RecordingError):
    """The file is empty, or holds no intact chunk of a recording."""


class NewerVersionError(RecordingError):
    """The file is of a recording format newer than this tuilab reads."""

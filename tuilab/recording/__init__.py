"""The recording: series, frames and events in append-only files that are readable while written."""

from tuilab.recording.errors import NewerVersionError, NotARecordingError, RecordingError
from tuilab.recording.names import Series, SeriesName, layer_number, layer_order
from tuilab.recording.readable import Readable
from tuilab.recording.recording import Recording
from tuilab.recording.results import Event, Frame, Gap, Overview
from tuilab.recording.segment import Segment
from tuilab.recording.table import Table, TimedTable
from tuilab.recording.writer import Writer

__all__ = [
    "Event",
    "Frame",
    "Gap",
    "NewerVersionError",
    "NotARecordingError",
    "Overview",
    "Readable",
    "Recording",
    "RecordingError",
    "Segment",
    "Series",
    "SeriesName",
    "Table",
    "TimedTable",
    "Writer",
    "layer_number",
    "layer_order",
]

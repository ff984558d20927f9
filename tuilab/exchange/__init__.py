"""Other people's logs made into runs, and recordings made into other people's files."""

from tuilab.exchange.detect import open_log
from tuilab.exchange.errors import ExchangeError
from tuilab.exchange.exporting import FORMATS, Look, export
from tuilab.exchange.importing import import_log
from tuilab.exchange.transcribe import Report

__all__ = ["FORMATS", "ExchangeError", "Look", "Report", "export", "import_log", "open_log"]

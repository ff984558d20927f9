"""Runs an experiment and records it, obeying the control file. The only room that writes recordings."""

from tuilab.engine.conduct import conduct
from tuilab.engine.errors import EngineError, NoDataError

__all__ = ["EngineError", "NoDataError", "conduct"]

"""Runs an experiment and records it, obeying the control file. The only room that writes recordings."""

from tuilab.engine.conduct import EngineError, NoDataError, conduct

__all__ = ["EngineError", "NoDataError", "conduct"]

"""What keeps a run from starting or going on."""

from __future__ import annotations


class EngineError(Exception):
    """A run that could not start or go on: one clear sentence."""


class NoDataError(EngineError):
    """A run that could not start because its data set has not been fetched."""

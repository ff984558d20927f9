"""What can go wrong with a run's folder."""

from __future__ import annotations


class RunError(Exception):
    """A run that can't be made, found or used: one clear sentence."""

"""What goes wrong with other people's files."""

from __future__ import annotations


class ExchangeError(Exception):
    """A log that can't be read or an export that can't be made: one clear sentence."""


class RewrittenError(ExchangeError):
    """A log that is being followed was written anew: read it from the start."""

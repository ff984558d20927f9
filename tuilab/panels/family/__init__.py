"""Curves over any x, every arm's in one chart."""

from tuilab.panels.family.panel import Family

__all__ = ["Family"]

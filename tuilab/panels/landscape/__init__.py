"""A surface from above, and the paths on it."""

from tuilab.panels.landscape.panel import Landscape

__all__ = ["Landscape"]

"""A field of values over two axes."""

from tuilab.panels.map.panel import Map

__all__ = ["Map"]

"""Pictures in a grid."""

from tuilab.panels.tiles.panel import Tiles

__all__ = ["Tiles"]

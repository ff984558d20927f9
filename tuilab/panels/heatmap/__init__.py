"""A metric over steps and layers."""

from tuilab.panels.heatmap.panel import Heatmap

__all__ = ["Heatmap"]

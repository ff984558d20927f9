"""Histograms of layers over time, as ridges."""

from tuilab.panels.ridgeline.panel import Ridgeline

__all__ = ["Ridgeline"]

"""Series over the steps."""

from tuilab.panels.curves.panel import Curves

__all__ = ["Curves"]

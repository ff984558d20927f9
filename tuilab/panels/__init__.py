"""Recording × moment × size → picture in cells. No Textual, no torch; plotext only behind `chart`."""

from tuilab.panels.declared import panels_of
from tuilab.panels.drawn import Drawn
from tuilab.panels.palette import ARM_COLORS, arm_color, arm_mark
from tuilab.panels.picture import Picture, changed_spans
from tuilab.panels.view import Panel, View

__all__ = [
    "ARM_COLORS",
    "Drawn",
    "Panel",
    "Picture",
    "View",
    "arm_color",
    "arm_mark",
    "changed_spans",
    "panels_of",
]

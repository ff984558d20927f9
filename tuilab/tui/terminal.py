"""What the terminal can show, from the environment."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuilab.panels.view import Glyphs

MIN_WIDTH, MIN_HEIGHT = 80, 24
"""The smallest terminal that the lab works in."""


def glyphs() -> Glyphs:
    """The finest marks there are: `$TUILAB_GLYPHS`, else what encoding and terminal suggest."""
    match os.environ.get("TUILAB_GLYPHS"):
        case "braille":
            return "braille"
        case "block":
            return "block"
        case "ascii":
            return "ascii"
    encoding = (getattr(sys.__stderr__, "encoding", "") or "").lower().replace("-", "")
    if encoding != "utf8" or os.environ.get("TERM") == "dumb":
        return "ascii"
    # The fonts of the Linux console hold 256 or 512 characters, none of them braille.
    return "block" if os.environ.get("TERM") == "linux" else "braille"


def colored() -> bool:
    """Whether colours are wanted."""
    return "NO_COLOR" not in os.environ

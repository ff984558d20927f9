"""How training examples are changed at random."""

from __future__ import annotations

from pydantic import Field

from tuilab.scenario.strict import Strict


class Augment(Strict):
    """Nothing, unless it is said: training examples then come as they are."""

    flip: bool = Field(default=False, description="mirror each training picture with probability one half")
    translate: int = Field(
        default=0, ge=0, le=16, description="shift each training picture by up to this many pixels"
    )

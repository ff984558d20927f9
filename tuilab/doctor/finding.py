"""A named diagnosis with its evidence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with an arm, how that shows, and what to try."""

    name: str
    """Such as `overfitting`."""
    arm: str
    steps: tuple[int, int]
    """The first and the last step that show it."""
    layers: tuple[int, ...]
    """The layers concerned, from 1; none where the network as a whole is meant."""
    evidence: str
    """The numbers, in a sentence."""
    advice: str

    @property
    def where(self) -> str:
        """The arm with its layers, such as `small, layers 2–7`."""
        if not self.layers:
            return self.arm
        first, last = self.layers[0], self.layers[-1]
        if len(self.layers) == 1:
            return f"{self.arm}, layer {first}"
        if list(self.layers) == list(range(first, last + 1)):
            return f"{self.arm}, layers {first}–{last}"
        return f"{self.arm}, layers {', '.join(map(str, self.layers))}"

"""A named diagnosis with its evidence."""

from __future__ import annotations

from dataclasses import dataclass

from tuilab.doctor.kinds import Kind, kind_of

Layer = int | str
"""The number of a counted layer, or the name of one."""


_NAMED = 3
"""Names of layers that are all told."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with an arm, how that shows, and what to try."""

    name: str
    """Such as `overfitting`."""
    arm: str
    steps: tuple[int, int]
    """The first and the last step that show it."""
    layers: tuple[Layer, ...]
    """The layers concerned, counted ones from 1; none where the network as a whole is meant."""
    evidence: str
    """The numbers, in a sentence."""
    advice: str

    @property
    def kind(self) -> Kind:
        """What it is a finding of: its number, how bad and how sure it is."""
        return kind_of(self.name)

    @property
    def where(self) -> str:
        """The arm with its layers, such as `small, layers 2–7`, or `mine, encoder.ffn to head (5 layers)`."""
        if not self.layers:
            return self.arm
        numbers = [layer for layer in self.layers if isinstance(layer, int)]
        if len(numbers) < len(self.layers):
            return f"{self.arm}, {_listed(self.layers)}"
        if len(numbers) == 1:
            return f"{self.arm}, layer {numbers[0]}"
        if numbers == list(range(numbers[0], numbers[-1] + 1)):
            return f"{self.arm}, layers {numbers[0]}–{numbers[-1]}"
        return f"{self.arm}, layers {', '.join(map(str, numbers))}"


def _listed(layers: tuple[Layer, ...]) -> str:
    """Layers by their names, the ends of a longer list."""
    if len(layers) <= _NAMED:
        return ", ".join(map(str, layers))
    return f"{layers[0]} to {layers[-1]} ({len(layers)} layers)"

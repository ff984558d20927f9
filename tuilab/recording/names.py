"""What a series is of: its arm, its metric and its layer, in one place."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

_DIGITS = 9
"""Longer numbers are names: no network has so many layers."""


class SeriesName(NamedTuple):
    """A series' name taken apart; `str` puts it together again as ARM/METRIC or ARM/METRIC/LAYER.

    Attributes:
        arm: whose series it is; `engine` for the engine's own clocks.
        metric: what is measured, such as `activation.std`.
        layer: which layer's: a number counted from 1, or the name of a module such as `encoder.layers.3.ffn`;
            None for what is measured once an arm.
    """

    arm: str
    metric: str
    layer: str | None = None

    @classmethod
    def parse(cls, name: str) -> SeriesName:
        """A name as it stands in a file; neither arms nor metrics hold a slash, layers may.

        Where they do, only the definition of the series knows: ask `Readable.identity`.
        """
        arm, _, rest = name.partition("/")
        metric, slash, layer = rest.partition("/")
        return cls(arm, metric, layer if slash else None)

    def __str__(self) -> str:
        return "/".join(part for part in self if part is not None)

    @property
    def number(self) -> int | None:
        """The layer's number where layers are counted; None for a named layer, or none."""
        return None if self.layer is None else layer_number(self.layer)

    @property
    def quantity(self) -> str:
        """METRIC or METRIC/LAYER: what is measured, whoever's it is."""
        return self.metric if self.layer is None else f"{self.metric}/{self.layer}"

    def of_layer(self, layer: int | str | None) -> SeriesName:
        """The same metric at another layer."""
        return self._replace(layer=None if layer is None else str(layer))


class Series(NamedTuple):
    """A series as it is defined where it is recorded.

    Attributes:
        identity: what it is of.
        unit: of its values, such as `nats`; empty for a plain number, or where nobody said.
        meaning: what they mean, in a sentence; empty where nobody said.
    """

    identity: SeriesName
    unit: str = ""
    meaning: str = ""

    @property
    def name(self) -> str:
        """What it is called in the recording."""
        return str(self.identity)

    @classmethod
    def parse(cls, name: str) -> Series:
        """A series that is no more than a name."""
        return cls(SeriesName.parse(name))


@lru_cache(maxsize=4096)
def layer_number(layer: str) -> int | None:
    """The number of a counted layer; None for a named one."""
    return int(layer) if layer.isascii() and layer.isdecimal() and len(layer) <= _DIGITS else None


def layer_order(layer: str) -> tuple[bool, int]:
    """A key that sorts counted layers by their numbers, and named ones behind them, as they come."""
    number = layer_number(layer)
    return number is None, number or 0

"""What an expectation claims of one figure: where it should lie, in numbers and in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tuilab.scenario.expect import Expectation


@dataclass(frozen=True, slots=True)
class Claim:
    """A figure should lie from `low` to `high`."""

    words: str
    low: float = -math.inf
    high: float = math.inf
    strict: bool = False
    """Whether the ends themselves are outside."""
    possible: bool = True
    """False where the arm that is compared with has nothing."""

    def holds(self, figure: float | None) -> bool:
        """Whether it does; NaN keeps no claim."""
        if figure is None or not self.possible:
            return False
        return self.low < figure < self.high if self.strict else self.low <= figure <= self.high

    def distance(self, figure: float) -> float:
        """From the nearer end, negative outside."""
        return min(figure - self.low, self.high - figure)

    def margin(self, figure: float) -> float:
        """The distance in half-widths of the claim, 1 in its middle; one-sided, the factor's logarithm.

        Between ends whose ratio is large figures differ by factors: there by their logarithms too.
        """
        low, high = self.low, self.high
        if low > 0 and math.isfinite(high) and high > 4 * low:
            low, high = math.log(low), math.log(high)
            figure = math.log(figure) if figure > 0 else -math.inf
        if math.isfinite(low) and math.isfinite(high):
            half = (high - low) / 2
            if half == 0:
                return 0.0 if figure == low else -math.inf
            return min(figure - low, high - figure) / half
        end, side = (low, 1) if math.isfinite(low) else (high, -1)
        if end > 0 and figure > 0:
            return side * math.log(figure / end)
        return self.distance(figure) / (abs(end) or 1.0)


def claim_of(expectation: Expectation, bound: float | None = None, position: int = 0) -> Claim:
    """What is claimed of one figure.

    Args:
        expectation: that of `between`, `near`, `below` and `above` which it has.
        bound: the figure of the arm that it is compared with, if it is.
        position: which of a list of `near` values.
    """
    if expectation.between is not None:
        low, high = expectation.between
        return Claim(f"= {low:.5g}" if low == high else f"in {low:.5g} … {high:.5g}", low, high)
    if expectation.near is not None:
        near = expectation.near[position] if isinstance(expectation.near, list) else expectation.near
        words = f"≈ {near:.5g} ({tolerance(expectation)})"
        if isinstance(expectation.within, float):
            spread = abs(near) * expectation.within
            return Claim(words, near - spread, near + spread)
        return Claim(words, near, near)
    other = expectation.below or expectation.above
    if other is None:
        return Claim("", possible=False)
    text = "nothing" if bound is None else f"{bound:.4g}"
    factor = expectation.by or 1.0
    by = "" if expectation.by is None else f" by a factor of {factor:g}"
    if factor < 1:
        by = f", or beyond it by {100 * (1 / factor - 1):.2g} % at most"
    possible, end = bound is not None, math.nan if bound is None else bound
    if expectation.below is not None:
        return Claim(f"below {other}'s ({text}){by}", high=end / factor, strict=True, possible=possible)
    return Claim(f"above {other}'s ({text}){by}", low=end * factor, strict=True, possible=possible)


def tolerance(expectation: Expectation) -> str:
    """`within` in words."""
    if isinstance(expectation.within, str):
        return f"±{expectation.within}"
    return f"±{100 * (expectation.within or 0):g} %"

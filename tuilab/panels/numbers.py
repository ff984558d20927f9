"""Numbers as short text."""

from __future__ import annotations

import math
from collections.abc import Sequence

WIDTH = 7
"""The width of most results of `short`."""


def short(value: float | None) -> str:
    """A value to 3 significant digits: 0.312, 12.3, 1230, 1.23e-5; NaN and Inf in words, "–" for none."""
    if value is None:
        return "–"
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    if value == 0:
        return "0"
    rounded = float(f"{value:.2e}")
    if not 1e-3 <= abs(rounded) < 1e5:
        return _exponent(f"{value:.2e}")
    if abs(rounded) >= 100:
        return f"{rounded:.0f}"
    return f"{rounded:.{2 - math.floor(math.log10(abs(rounded)))}f}"


def brief(value: float) -> str:
    """`short` without the zeros that only fill up to 3 digits: for figures that stay as they are."""
    text = short(value)
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def tick_labels(values: Sequence[float], step: float) -> list[str]:
    """Labels of a linear axis, all in the same form, with just the digits that tell neighbours apart."""
    largest = max(map(abs, values), default=0.0)
    digits = math.floor(math.log10(step) + 1e-9)
    if largest and (largest >= 1e5 or largest < 1e-3):
        places = max(0, math.floor(math.log10(largest) + 1e-9) - digits)
        return ["0" if abs(value) < step / 2 else _exponent(f"{value:.{places}e}") for value in values]
    return [f"{0.0 if abs(value) < step / 2 else value:.{max(0, -digits)}f}" for value in values]


def power_label(exponent: float) -> str:
    """A power of ten: 0.01, 1, 100, 1e5."""
    whole = round(exponent)
    return f"{10.0**whole:g}" if -2 <= whole <= 3 else f"1e{whole}"


def factor_label(exponent: float) -> str:
    """A value given by its decimal logarithm, one digit of it: 0.02, 5, 2e-7."""
    whole = math.floor(exponent + 1e-9)
    digit = round(10.0 ** (exponent - whole))
    return f"{digit * 10.0**whole:g}" if -2 <= whole <= 3 else f"{digit}e{whole}"


def integer_label(value: int) -> str:
    """A whole number; from 10,000 on as 20k, 3M, 5G."""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if value >= max(size, 10_000) and value % (size // 10) == 0:
            return f"{value / size:g}{unit}"
    return str(value)


def _exponent(text: str) -> str:
    """Python's 1.50e-05 as 1.5e-5."""
    mantissa, _, exponent = text.partition("e")
    if not exponent:
        return text
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent)}"

"""Conditions that a run is to go on until: `loss < 0.5`, `step >= 500`, `sgd/loss > 10`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping

from tuilab.recording.names import SeriesName

Condition = Callable[[int, Mapping[str, float]], bool]
"""Whether it holds after a step, of which these figures were measured."""
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_FORM = re.compile(r"\s*([^<>=]+?)\s*(<=|>=|<|>)\s*([^<>=\s]+)\s*")


def condition(text: str) -> Condition:
    """The test that a text such as `loss < 0.5` stands for; of several arms or layers one is enough.

    A figure is meant by its metric (`validation.loss`), the end of that (`loss`), or its whole name
    (`sgd/loss`). What is not a number, of which nothing is smaller or greater, fulfils no condition.

    Raises:
        ValueError: it can't be read.
    """
    found = _FORM.fullmatch(text)
    try:
        name, compare, bound = found[1], _OPERATORS[found[2]], float(found[3])  # type: ignore[index]
    except (TypeError, ValueError):
        raise ValueError(
            f"{text[:100]!r} is no condition; wanted one such as `loss < 0.5` or `step >= 500`"
        ) from None

    def holds(step: int, figures: Mapping[str, float]) -> bool:
        if name == "step":
            return compare(step, bound)
        return any(compare(float(value), bound) for series, value in figures.items() if _meant(series, name))

    return holds


def _meant(series: str, name: str) -> bool:
    metric = SeriesName.parse(series).metric
    return name in (series, metric) or metric.endswith(f".{name}")

"""The numbers of a running experiment that a person may change."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from pydantic import ValidationError

from tuilab.scenario.strict import Strict


def numbers(settings: Mapping[str, Strict]) -> dict[str, float]:
    """`{"sgd/optimizer": …}` as `{"sgd/optimizer.lr": 0.01, …}`: every number in those settings.

    Counts are not among them, such as the steps that L-BFGS remembers: what is remembered has their shape.
    """
    return {
        f"{place}.{name}": value
        for place, part in settings.items()
        for name, value in part
        if isinstance(value, float)
    }


def changed(settings: Mapping[str, Strict], key: str, value: float) -> tuple[str, Strict]:
    """The place that a key such as `sgd/optimizer.lr` speaks of and its settings with that number changed.

    Raises:
        KeyError: there is no such number.
        ValueError: the value is out of the bounds that a scenario file has to keep too.
    """
    known = numbers(settings)
    if key not in known:
        near = difflib.get_close_matches(key, known, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known) or 'none'}"
        raise KeyError(f"{key} is not a number that can be changed here; {hint}")
    place, _, name = key.rpartition(".")
    part = settings[place]
    try:
        return place, type(part).model_validate({**part.model_dump(), name: value})
    except ValidationError as error:
        wanted = error.errors()[0]["msg"]
        raise ValueError(f"{key} = {value:g}: {wanted[0].lower()}{wanted[1:]}") from None

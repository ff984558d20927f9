"""The numbers of a running experiment that a person may change."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

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
        raise KeyError(f"{key} is not a number that can be changed here; {_hint(key, list(known))}")
    place, _, name = key.rpartition(".")
    return place, _validated(settings[place], {name: value}, f"{place}.")


def patched(settings: Mapping[str, Strict], at: str, changes: Mapping[str, Any]) -> tuple[str, Strict]:
    """The place that a path such as `arms.sgd.optimizer` speaks of, and its settings with all the changes.

    Raises:
        KeyError: there is no such place, or no such number in it.
        ValueError: the settings would be none that a scenario file may have.
    """
    places = {f"arms.{place.replace('/', '.')}": place for place in settings}
    if at not in places:
        raise KeyError(f"{at} is no place where something can be changed; {_hint(at, list(places))}")
    if not changes:
        raise ValueError(f"nothing is to be changed at {at}")
    place = places[at]
    known = [key.rpartition(".")[2] for key in numbers({place: settings[place]})]
    for name in changes:
        if name not in known:
            raise KeyError(f"{at} has no number {name} that can be changed here; {_hint(name, known)}")
    return place, _validated(settings[place], changes, f"{at}.")


def _hint(wanted: str, known: list[str]) -> str:
    near = difflib.get_close_matches(wanted, known, 1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(known) or 'none'}"


def _validated(part: Strict, changes: Mapping[str, Any], prefix: str) -> Strict:
    try:
        return type(part).model_validate({**part.model_dump(), **changes})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"])) or next(iter(changes))
        value, wanted = changes.get(name), first["msg"]
        shown = f"{value:g}" if isinstance(value, float) else repr(value)[:40]
        raise ValueError(f"{prefix}{name} = {shown}: {wanted[0].lower()}{wanted[1:]}") from None

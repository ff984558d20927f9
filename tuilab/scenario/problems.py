"""What a check found wrong, in sentences that say where, what was found and what was wanted."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tuilab.scenario.errors import shortened
from tuilab.scenario.read import Place, key_of, line_of

MOST = 20
"""Problems told at once; a file with more is something else, or has one mistake in many places."""
_LONGEST = 1_000
"""Characters of a message; some quote what they found."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a checked scenario came from: the file as written, and the overrides by their keys."""

    path: Path
    text: str
    raw: dict[str, Any]
    overrides: dict[tuple[str, ...], str]

    def where(self, place: Place) -> str:
        """`line 12` or the override's own text, as the origin of the value at `place`."""
        keys = tuple(str(piece) for piece in place)
        for overridden, option in self.overrides.items():
            if keys[: len(overridden)] == overridden:
                return option
        line = line_of(self.text, place)
        return f"line {line}" if line else ""


def sentences(
    error: ValidationError, model: type[BaseModel], expanded: dict[str, Any], source: Source
) -> list[str]:
    """One sentence a problem, without repeats: a mistake in the base shows up in every arm."""
    said: dict[str, None] = {}
    for detail in error.errors(include_url=False):
        if len(said) == MOST:
            said["there is more: mend these first"] = None
            break
        place = _without_tags(detail["loc"], expanded)
        place = _as_written(place, source.raw)
        # What names a part is one key further down than the part that pydantic speaks of.
        where = source.where((*place, "name") if detail["type"] == "union_tag_invalid" else place)
        key = key_of(place)
        start = ": ".join(piece for piece in (where, key) if piece)
        said[f"{start}: {_claim(detail, model)}" if start else _claim(detail, model)] = None
    return list(said)


def _without_tags(location: Place, expanded: Any) -> Place:
    """Pydantic puts a union's tag into the location; the file's keys don't have it."""
    place: list[str | int] = []
    below = expanded
    for position, piece in enumerate(location):
        last = position == len(location) - 1
        if (
            isinstance(below, dict)
            and not isinstance(below.get(str(piece)), dict | list)
            and not last
            and piece in (below.get("name"), below.get("type"))
        ):
            continue
        if str(piece).startswith("[") or (not isinstance(below, dict | list) and not last):
            continue
        place.append(piece)
        try:
            below = below[piece]
        except (KeyError, IndexError, TypeError):
            below = None
    return tuple(place)


def _as_written(place: Place, raw: dict[str, Any]) -> Place:
    """A key of an arm stands at the top level when the arm inherited it from the base."""
    if len(place) < 3 or place[0] != "arms":
        return place
    arm = raw.get("arms", {}).get(place[1], {})
    if isinstance(arm, dict) and place[2] in arm:
        below: Any = arm[place[2]]
        for piece in place[3:]:
            if not isinstance(below, dict) or piece not in below:
                break
            below = below[piece]
        else:
            return place
        base = raw.get(str(place[2]))
        for piece in place[3:]:
            base = base.get(piece) if isinstance(base, dict) else None
        return place[2:] if base is not None else place
    return place[2:] if place[2] in raw else place


def _claim(detail: ErrorDetails, model: type[BaseModel]) -> str:
    message = shortened(detail["msg"].removeprefix("Value error, "), _LONGEST)
    match detail["type"]:
        case "extra_forbidden":
            known = _fields_at(model, detail["loc"][:-1])
            near = difflib.get_close_matches(str(detail["loc"][-1])[:100], known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
            return f"unknown key; {hint}"
        case "model_attributes_type" | "model_type" | "dict_type":
            return f"found {quoted(detail['input'])}; wanted a table, such as {{ name = … }}"
        case "missing":
            return "is missing"
        case "value_error" if not isinstance(detail["input"], str | int | float):
            return message
        case "union_tag_not_found":
            return "names no part: add name = …, one of " + str(
                detail.get("ctx", {}).get("discriminator", "the parts")
            )
        case "union_tag_invalid":
            context = detail.get("ctx", {})
            wanted = str(context.get("expected_tags", "")).replace("'", "").split(", ")
            near = difflib.get_close_matches(str(context.get("tag"))[:100], wanted, n=1, cutoff=0.5)
            hint = f" (did you mean {near[0]}?)" if near else ""
            if ".py" in str(context.get("tag")):
                hint = ', or one of your own as "FILE.py:NAME"'
            return f"found {quoted(context.get('tag'))}; wanted one of {', '.join(wanted)}{hint}"
    return f"found {quoted(detail['input'])}; {message[:1].lower()}{message[1:]}"


def quoted(value: object) -> str:
    """A value as it stands in Python, shortened."""
    return shortened(repr(value))


def _fields_at(model: Any, location: Place) -> list[str]:
    """The keys that are known at a location, found by walking the models."""
    here: set[type[BaseModel]] = {model}
    for piece in location:
        below: set[type[BaseModel]] = set()
        for candidate in here:
            field = candidate.model_fields.get(str(piece))
            if field is not None:
                below |= _models_in(field.annotation)
        tagged = {
            m for m in here if any(str(piece) in get_args(f.annotation) for f in m.model_fields.values())
        }
        here = below or tagged or here
    own = {name for candidate in here for name in candidate.model_fields}
    if not location and hasattr(model, "SETUP"):
        own |= set(model.SETUP.model_fields)
    return sorted(own)


def _models_in(annotation: Any) -> set[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    return {found for argument in get_args(annotation) for found in _models_in(argument)}

"""Scenarios as TOML again: the standard library reads the format and does not write it."""

from __future__ import annotations

import json
import math
from typing import Any


def dumps(table: dict[str, Any], place: str = "") -> str:
    """The text of a table, with its tables and arrays of tables below."""
    here = [f"{_key(key)} = {_value(value)}" for key, value in table.items() if not _is_below(value)]
    below = []
    for key, value in table.items():
        name = f"{place}.{_key(key)}" if place else _key(key)
        if isinstance(value, dict):
            below.append(f"[{name}]\n{dumps(value, name)}")
        elif _is_below(value):
            below += [f"[[{name}]]\n{dumps(item, name)}" for item in value]
    return "\n".join([*here, *below]) + "\n"


def _is_below(value: Any) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)
    )


def _key(key: str) -> str:
    return json.dumps(str(key))


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else str(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_key(k)} = {_value(v)}' for k, v in value.items())}}}"
    return json.dumps(str(value))

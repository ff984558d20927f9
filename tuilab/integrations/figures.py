"""Which of the things that frameworks log are figures."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any


def figures(logged: Mapping[str, Any] | None) -> dict[str, Any]:
    """The numbers, and tensors and arrays of one element."""
    return {str(name): value for name, value in (logged or {}).items() if _is_figure(value)}


def _is_figure(value: Any) -> bool:
    if isinstance(value, Real):
        return not isinstance(value, bool)
    count = getattr(value, "numel", None) or getattr(value, "size", None)
    return hasattr(value, "shape") and (count() if callable(count) else count) == 1

"""The panels a recording's header declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tuilab.panels.curves import Curves
from tuilab.panels.family import Family
from tuilab.panels.heatmap import Heatmap
from tuilab.panels.histograms import Histograms
from tuilab.panels.landscape import Landscape
from tuilab.panels.layers import Layers
from tuilab.panels.map import Map
from tuilab.panels.ridgeline import Ridgeline
from tuilab.panels.scatter import Scatter
from tuilab.panels.tiles import Tiles
from tuilab.panels.unknown import Unknown
from tuilab.panels.values import Values
from tuilab.panels.view import Panel

Declaration = Mapping[str, Any]


def panels_of(header: Mapping[str, Any]) -> list[Panel]:
    """The panels in the header's order. What cannot be understood becomes a panel that says so."""
    declared = header.get("panels")
    return [_panel(panel) for panel in declared] if isinstance(declared, list) else []


def _panel(declared: Any) -> Panel:
    if not isinstance(declared, dict):
        return Unknown("panel", "its declaration is no table of settings")
    title = declared.get("title")
    title = title if isinstance(title, str) else ""
    kind = declared.get("type")
    make = _TYPES.get(kind) if isinstance(kind, str) else None
    if make is None:
        return Unknown(title or "panel", f"this tuilab knows no panels of type {kind!r}; a newer one may")
    try:
        return make(title, declared)
    except (KeyError, TypeError):
        return Unknown(
            title or str(kind), f"the settings of this {kind} panel are incomplete or of a wrong type"
        )


def _text(declared: Declaration, key: str, default: str | None = None) -> str:
    value = declared[key] if default is None else declared.get(key, default)
    if not isinstance(value, str):
        raise TypeError(key)
    return value


def _globs(declared: Declaration, key: str = "series") -> tuple[str, ...]:
    globs = declared[key]
    if not isinstance(globs, list) or not globs or not all(isinstance(glob, str) for glob in globs):
        raise TypeError(key)
    return tuple(globs)


def _log(declared: Declaration) -> bool:
    return _text(declared, "scale", "linear") == "log"


def _arm(declared: Declaration) -> str:
    """An arm's name, or nothing for all of them."""
    return "" if declared.get("arm") is None else _text(declared, "arm")


def _number(declared: Declaration, key: str) -> int | None:
    """A whole number from 1 on, or none."""
    value = declared.get(key)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
        raise TypeError(key)
    return value


_TYPES: dict[str, Callable[[str, Declaration], Panel]] = {
    "curves": lambda title, it: Curves(title or ", ".join(_globs(it)), _globs(it), _log(it)),
    "layers": lambda title, it: Layers(title or _text(it, "metric"), _text(it, "metric"), _log(it)),
    "histograms": lambda title, it: Histograms(
        title or "histograms", _text(it, "frame", "activation.histogram"), _arm(it), _log(it)
    ),
    "heatmap": lambda title, it: Heatmap(title or _text(it, "metric"), _text(it, "metric"), _log(it)),
    "landscape": lambda title, it: Landscape(
        title or "landscape", _text(it, "frame", "landscape"), _text(it, "points") if it.get("points") else ""
    ),
    "map": lambda title, it: Map(
        title or _text(it, "frame"), _text(it, "frame"), _text(it, "points", "") or None, _log(it)
    ),
    "ridgeline": lambda title, it: Ridgeline(
        title or "histograms over time",
        _text(it, "frame", "activation.histogram"),
        _arm(it),
        _number(it, "layer"),
        _log(it),
    ),
    "scatter": lambda title, it: Scatter(
        title or _text(it, "frame"), _text(it, "frame"), it.get("ellipse") is not False
    ),
    "family": lambda title, it: Family(
        title or _text(it, "frame"), _text(it, "frame"), _globs(it, "rows") if "rows" in it else (), _log(it)
    ),
    "tiles": lambda title, it: Tiles(
        title or _text(it, "frame"), _text(it, "frame"), _text(it, "captions", "") or None
    ),
    "values": lambda title, it: Values(title or "values", _globs(it)),
}

"""The panels that an imported log likes to be seen with."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable
from typing import Any

from tuilab.exchange.survey import Survey

_SPLITS = {
    "train",
    "training",
    "val",
    "valid",
    "validation",
    "eval",
    "test",
    "dev",
    "step",
    "epoch",
    "batch",
    "avg",
}
"""Words of names that say on which data, or how often: what differs in these alone shares a panel."""

_FIRST = ("loss", "perplexity", "error", "acc", "accuracy", "reward", "return")
_MOST_CURVES = 6
_MOST_FRAMES = 2
_MOST_TOGETHER = 8


def panels_for(survey: Survey) -> list[dict[str, Any]]:
    """Curves of what belongs together, losses first; histograms; pictures; the latest numbers."""
    tags = list(dict.fromkeys(tag for _, tag in survey.series))
    panels = [
        {
            "type": "curves",
            "title": title,
            "series": [f"*/{glob.escape(tag)}" for tag in together[:_MOST_TOGETHER]],
        }
        for title, together in _together(tags)[:_MOST_CURVES]
    ]
    frames = list(dict.fromkeys(group_of(tag) for _, tag in survey.ranges))[:_MOST_FRAMES]
    bars = [
        {"type": kind, "title": f"{group}{ending}", "frame": group}
        for group in frames
        for kind, ending in (("histograms", ""), ("ridgeline", " over time"))
    ]
    pictures = [
        {"type": "tiles", "title": tag, "frame": tag}
        for tag in list(dict.fromkeys(tag for _, tag in survey.images))[:_MOST_FRAMES]
    ]
    table = {
        "type": "values",
        "title": "latest",
        "series": [f"*/{glob.escape(tag)}" for tag in tags[:_MOST_TOGETHER]],
    }
    return [*panels[:2], *bars, *pictures, *panels[2:], *([table] if tags else [])]


def group_of(tag: str) -> str:
    """The frame that a histogram is a row of: what its name has before the last slash."""
    group, slash, _ = tag.rpartition("/")
    return group if slash and group else "histograms"


def _together(tags: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Tags by what they measure."""
    groups: dict[str, list[str]] = {}
    for tag in tags:
        words = [word for word in re.split(r"[/._\s-]+", tag) if word]
        kept = [word for word in words if word.lower() not in _SPLITS]
        groups.setdefault(".".join(kept or words) or tag, []).append(tag)
    return sorted(groups.items(), key=lambda group: _rank(group[0]))


def _rank(title: str) -> int:
    words = re.split(r"[.]", title.lower())
    return next((place for place, word in enumerate(_FIRST) if word in words), len(_FIRST))

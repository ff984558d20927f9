"""Which figures come from a sample: the header's `sampled` says from how many values a layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuilab.panels.theory import SUFFIX


def sampled(header: Mapping[str, Any], name: str) -> int:
    """Values a layer that a metric's or frame's figures are taken from; 0 for all of them."""
    known = header.get("sampled")
    count = known.get(name.removesuffix(SUFFIX)) if isinstance(known, dict) else None
    return count if isinstance(count, int) and not isinstance(count, bool) and count > 0 else 0


def sample_note(header: Mapping[str, Any], name: str) -> list[str]:
    """For a panel's title: nothing for exact figures."""
    count = sampled(header, name)
    return [f"sample of {count:,}"] if count else []


def of_what(header: Mapping[str, Any], name: str) -> str:
    """For a sentence: nothing for exact figures."""
    count = sampled(header, name)
    return f" (of a sample of {count:,} values a layer)" if count else ""

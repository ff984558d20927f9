"""A run's vital signs for the header: epoch, steps a second, time left, learning rate, device."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tuilab.amounts import duration
from tuilab.runs import State
from tuilab.tui.snapshot import Snapshot


def vitals(snapshot: Snapshot, rate: float | None) -> list[str]:
    """What a practitioner looks for first, as far as it is known.

    Args:
        snapshot: The moment.
        rate: Steps a second by the last looks at a running engine; None where there are none.
    """
    told = [_epoch(snapshot)]
    if snapshot.state is State.RUNNING and rate:
        told.append(f"{_figures(rate)} steps/s")
        left = (snapshot.steps - snapshot.last) / rate if snapshot.steps else 0
        told.append(f"{duration(left)} left" if left > 0 else "")
    if snapshot.lr is not None:
        told.append(f"lr {_figures(snapshot.lr)}")
    told.append(_device(snapshot.header))
    return [each for each in told if each]


def _epoch(snapshot: Snapshot) -> str:
    scenario = snapshot.header.get("scenario")
    epochs = scenario.get("epochs") if isinstance(scenario, Mapping) else None
    if not isinstance(epochs, int | float) or isinstance(epochs, bool) or not snapshot.steps:
        return ""
    if not 0 < epochs < 1e9:
        return ""
    return f"epoch {snapshot.step / snapshot.steps * epochs:.1f}/{epochs:g}"


def _device(header: Mapping[str, Any]) -> str:
    device, threads = header.get("device"), header.get("threads")
    if not isinstance(device, str):
        return ""
    return f"{device[:12]} ×{threads}" if device == "cpu" and isinstance(threads, int) else device[:12]


def _figures(value: float) -> str:
    """Three significant digits without an exponent as long as that is short."""
    if not math.isfinite(value) or value == 0:
        return f"{value:g}"
    if 1e-4 <= abs(value) < 1e5:
        digits = max(2 - math.floor(math.log10(abs(value))), 0)
        text = f"{value:.{digits}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{value:.2e}"

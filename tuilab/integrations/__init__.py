"""Front doors: callbacks by which other people's training loops are watched. Each module wants its package.

    from tuilab.integrations.lightning import TuilabCallback, TuilabLogger
    from tuilab.integrations.transformers import TuilabCallback
    from tuilab.integrations.accelerate import TuilabTracker
    from tuilab.integrations.keras import TuilabCallback

All take what `tuilab.watch` takes by name: `name`, `config`, `runs`, `control`, `every`, …
"""

from __future__ import annotations

import os

WANTED = "TUILAB_WATCH"
"""The variable that wakes the entry point for Lightning."""


def lightning_callbacks() -> list[object]:
    """The entry point `lightning.pytorch.callbacks_factory`: a callback where `TUILAB_WATCH=1` wants one."""
    if os.environ.get(WANTED, "") in ("", "0"):
        return []
    from tuilab.integrations.lightning import TuilabCallback

    return [TuilabCallback()]

"""tuilab: a training lab for the terminal.

    import tuilab
    w = tuilab.watch(model, optimizer)
    w.log(loss=loss)

Nothing is loaded until it is used.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuilab.api import compare, findings, open_run, watch

__version__ = "0.1.0"
__all__ = ["compare", "findings", "open_run", "watch"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module("tuilab.api"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

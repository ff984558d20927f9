"""Own parts: a class or function of a user's file, tried once and put beside ours under its whole name.

From then on `OPTIMIZERS["/home/me/mine.py:MyAdam"]` is there like `OPTIMIZERS["adam"]`, and nothing else
needs to know. Whoever calls `load` has been told that the file may run; nobody else opens it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuilab.parts.own.files import OwnError, OwnFile, load, said, words
from tuilab.parts.own.protocols import FITS, completed
from tuilab.parts.registry import FAMILIES

__all__ = ["FITS", "OwnError", "OwnFile", "admit", "load", "said", "words"]


def admit(family: str, file: OwnFile, name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Try a part of a file with these settings and put it into its family's table.

    Args:
        family: a key of `tuilab.parts.registry.FAMILIES`.
        file: that it lies in.
        name: of the class or function there.
        settings: what the scenario gives it.

    Returns:
        The settings, completed by the part's own defaults.

    Raises:
        OwnError: it is not there, takes other settings, fails, or does not keep its part's protocol.
    """
    whole = f"{file.path}:{name}"
    made = vars(file.module).get(name)
    if made is None:
        raise OwnError(f"{file.path}: there is no {name} in it; there are {', '.join(file.names) or 'none'}")
    settings = completed(family, made, whole, settings)
    try:
        FAMILIES[family][whole] = FITS[family](made, whole, settings)
    except (Exception, SystemExit) as error:
        raise OwnError(said(error) or f"{whole}: {words(error)}") from None
    return settings

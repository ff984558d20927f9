"""What goes wrong in the watcher ends the watching, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

import torch


class Stop(KeyboardInterrupt):
    """Somebody asked the watched loop to stop: raised as Ctrl-C would be, after an optimiser's step."""


class Watching(Protocol):
    """Who may go wrong."""

    asleep: bool
    _process: int

    def _harm(self, error: Exception) -> None:
        """Watch no more."""


P = ParamSpec("P")
W = TypeVar("W", bound=Watching)


def harmless(method: Callable[Concatenate[W, P], None]) -> Callable[Concatenate[W, P], None]:
    """A method that raises nothing, and does nothing where it must not: asleep, in a fork, while compiled."""

    @wraps(method)
    def safely(self: W, /, *args: P.args, **kwargs: P.kwargs) -> None:
        if self.asleep or os.getpid() != self._process or torch.compiler.is_compiling():
            return
        try:
            method(self, *args, **kwargs)
        except Exception as error:
            self._harm(error)

    return safely

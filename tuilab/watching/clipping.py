"""The norm of gradients before they are clipped: torch works it out in any case, and here it is overheard."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils import clip_grad

_NAME = "_clip_grads_with_norm_"
"""What torch's clip_grad_norm_ scales gradients with, whatever name it was imported by."""

Listener = Callable[[list[Tensor], Tensor], None]
"""Told the parameters and the norm of their gradients."""

_listeners: list[Listener] = []
_original: Any = None


def listen(listener: Listener) -> None:
    """Have it told of every clipping, until `unlisten`."""
    global _original
    if not _listeners and hasattr(clip_grad, _NAME):
        _original = getattr(clip_grad, _NAME)
        setattr(clip_grad, _NAME, _overheard(_original))
    _listeners.append(listener)


def unlisten(listener: Listener) -> None:
    """Leave it alone; after the last one torch is as it was."""
    global _original
    if listener in _listeners:
        _listeners.remove(listener)
    if not _listeners and _original is not None:
        if getattr(getattr(clip_grad, _NAME), "__wrapped__", None) is _original:
            setattr(clip_grad, _NAME, _original)
        _original = None


def _overheard(clip: Any) -> Any:
    @wraps(clip)
    def heard(
        parameters: Tensor | Iterable[Tensor], max_norm: Any, total_norm: Tensor, *rest: Any, **more: Any
    ) -> Any:
        parameters = [parameters] if isinstance(parameters, Tensor) else list(parameters)
        if not torch.compiler.is_compiling():
            for listener in list(_listeners):
                listener(parameters, total_norm)
        return clip(parameters, max_norm, total_norm, *rest, **more)

    return heard

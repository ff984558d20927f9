"""What a network of the user's own is made of: its layers by their names, its weights by theirs."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable

from torch import Tensor, nn
from torch.nn.parallel import DataParallel, DistributedDataParallel
from torch.optim import Optimizer

from tuilab.probes.network import leaves

_PASSING = (nn.Identity, nn.Flatten, nn.Unflatten, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)
"""Modules whose outputs tell no more than their inputs."""

MOST_LAYERS = 400
"""Of one network; further ones are not looked at."""


def bare(model: nn.Module) -> nn.Module:
    """The network itself, without what torch.compile and data parallelism wrap around it."""
    while True:
        if isinstance(model, DistributedDataParallel | DataParallel):
            model = model.module
        elif isinstance(inner := getattr(model, "_orig_mod", None), nn.Module):
            model = inner
        else:
            return model


def is_compiled(model: nn.Module) -> bool:
    """Whether torch.compile has been asked to compile it, or a part of it."""
    return any(
        hasattr(module, "_orig_mod") or getattr(module, "_compiled_call_impl", None) is not None
        for module in model.modules()
    )


def anything_compiled() -> bool:
    """Whether torch.compile has compiled anything in this process."""
    dynamo = sys.modules.get("torch._dynamo.utils")
    return dynamo is not None and bool(dynamo.counters["frames"]["total"])


def layers(model: nn.Module) -> dict[nn.Module, str]:
    """The modules that compute, each by its own name; wrappers leave no mark in it."""
    names = {module: name or type(module).__name__ for name, module in model.named_modules()}
    found = [module for module in leaves(model) if not isinstance(module, _PASSING)]
    return {module: plain(names[module]) for module in found[:MOST_LAYERS]}


def weights(model: nn.Module) -> dict[str, nn.Parameter]:
    """The weights by the names of their layers, `rnn.weight_hh_l0` where a layer has several.

    Parameters of one axis, biases and gains, are left out, unless there are no others.
    """
    named = [(plain(name), parameter) for name, parameter in model.named_parameters()]
    wide = [(name, parameter) for name, parameter in named if parameter.dim() > 1] or named
    short = [name.removesuffix(".weight") for name, _ in wide]
    return {
        (label if short.count(label) == 1 else name): parameter
        for label, (name, parameter) in list(zip(short, wide, strict=True))[:MOST_LAYERS]
    }


def plain(name: str) -> str:
    """A module's name without what wrappers have put in."""
    return re.sub(
        r"(^|\.)(_orig_mod|_checkpoint_wrapped_module|_fsdp_wrapped_module)(?=\.|$)", "", name
    ).lstrip(".")


def unwrapped(optimizer: object) -> Optimizer:
    """The optimiser itself, without what accelerate and others wrap around it.

    Raises:
        TypeError: it is none.
    """
    inner = optimizer
    while isinstance(getattr(inner, "optimizer", None), Optimizer):
        inner = inner.optimizer  # type: ignore[attr-defined]
    if not isinstance(inner, Optimizer):
        raise TypeError(
            f"watch: an optimizer is to be a torch.optim.Optimizer, not {type(optimizer).__name__}"
        )
    return inner


def parameters(optimizer: Optimizer) -> Iterable[Tensor]:
    """All that an optimiser updates."""
    return (parameter for group in optimizer.param_groups for parameter in group["params"])

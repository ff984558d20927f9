"""An experiment's state as tensors with names and plain data, for files that hold nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

_MARK = "tensor:"


def split(state: Any, place: str = "") -> tuple[dict[str, Tensor], Any]:
    """The tensors of nested dicts and lists, and the same nesting with a reference in each one's place.

    Args:
        state: dicts with text keys, lists, tuples, tensors, numbers, text, None.
        place: what the tensors' names begin with.

    Returns:
        Tensors by names such as `arms/sgd/members/0/network/scores.weight`, and what JSON can hold.

    Raises:
        TypeError: there is something else in it.
    """
    if isinstance(state, Tensor):
        return {place: state}, _MARK + place
    if isinstance(state, Mapping):
        pairs = [
            (str(key), split(value, f"{place}/{key}" if place else str(key))) for key, value in state.items()
        ]
        tensors = {name: tensor for _, (found, _) in pairs for name, tensor in found.items()}
        return tensors, {key: plain for key, (_, plain) in pairs}
    if isinstance(state, list | tuple):
        found, plain = split({str(number): value for number, value in enumerate(state)}, place)
        return found, list(plain.values())
    if state is None or isinstance(state, bool | int | float | str):
        return {}, state
    raise TypeError(f"{place}: a {type(state).__name__} can't be kept")


def joined(tensors: Mapping[str, Tensor], plain: Any) -> Any:
    """The state that `split` took apart, tuples having become lists; raises KeyError for a missing tensor."""
    if isinstance(plain, str) and plain.startswith(_MARK):
        return tensors[plain.removeprefix(_MARK)]
    if isinstance(plain, Mapping):
        return {key: joined(tensors, value) for key, value in plain.items()}
    if isinstance(plain, list):
        return [joined(tensors, value) for value in plain]
    return plain


def alike(mine: Tensor, saved: Tensor) -> Tensor:
    """A copy of the saved numbers that is of my type, on my device and lies in memory as mine does.

    The last bit of a sine may hang on the latter.

    Raises:
        ValueError: there are more of them, or fewer.
    """
    if mine.shape != saved.shape:
        raise ValueError(f"{tuple(saved.shape)} is no state of {tuple(mine.shape)}")
    return torch.empty_like(mine).copy_(saved)


def copied(state: Any) -> Any:
    """The state with tensors of its own, which go on being what they are now."""
    tensors, plain = split(state)
    return joined({name: tensor.detach().clone() for name, tensor in tensors.items()}, plain)

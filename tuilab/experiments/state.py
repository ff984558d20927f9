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


def differences(here: Any, there: Any, place: str = "state") -> list[str]:
    """What is missing in another state, too much, of another kind or shape; a few words each.

    An empty dict or list here is one that fills with time, so whatever is in it there is right.
    """
    if isinstance(here, Tensor) and isinstance(there, Tensor):
        if here.shape != there.shape:
            return [f"{place} is {_sizes(there)} there and {_sizes(here)} here"]
        return [] if here.dtype == there.dtype else [f"{place} is {there.dtype} there and {here.dtype} here"]
    if _kind(here) != _kind(there):
        return [f"{place} is {_kind(there)} there and {_kind(here)} here"]
    if not isinstance(here, Mapping | list | tuple) or not here:
        return []
    if not isinstance(here, Mapping):
        if _kind(here[0]) in _PLAIN:
            found = {_kind(part) for part in there} or {"nothing"}
            return (
                []
                if found == {_kind(here[0])}
                else [f"{place} is a list of {' and '.join(sorted(found))} there"]
            )
        here, there = (dict(enumerate(parts)) for parts in (here, there))
    return (
        [f"{place}/{key} is missing" for key in here if key not in there]
        + [f"{place}/{key} is not here" for key in there if key not in here]
        + [
            said
            for key, value in here.items()
            if key in there
            for said in differences(value, there[key], f"{place}/{key}")
        ]
    )


_PLAIN = ("a number", "text")
"""What lists may hold any number of, but for none."""


def _kind(part: Any) -> str:
    kinds = {
        Tensor: "a tensor",
        Mapping: "a table",
        list | tuple: "a list",
        str: "text",
        bool: "true or false",
    }
    found = next((name for kind, name in kinds.items() if isinstance(part, kind)), "a number")
    return "nothing" if part is None else found


def _sizes(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "a number"


def counted(number: int, most: int) -> int:
    """The number, if it is one from 0 to the most that there can be; raises ValueError."""
    if not 0 <= number <= most:
        raise ValueError(f"{number} of {most} steps")
    return number


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

"""A device that is not there, to see on any machine what a GPU would be waited for."""

from __future__ import annotations

import traceback
from functools import partial
from typing import Any
from unittest import mock

import torch
import torch._dynamo  # what is imported late must not meet the generator below
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

FAR = torch.device("meta")
_LOOKS = ("_local_scalar_dense", "nonzero", "masked_select", "_unique2", "bincount", "equal")
"""Operations whose result, or its size, the host has to know."""


class Far(Tensor):
    """A tensor whose numbers lie in the host's memory, and which says that they lie on the device."""

    near: Tensor

    @staticmethod
    def __new__(cls, near: Tensor) -> Far:
        found = torch.Tensor._make_wrapper_subclass(
            cls,
            near.shape,
            strides=near.stride(),
            storage_offset=near.storage_offset(),
            dtype=near.dtype,
            device=FAR,
        )
        found.near = near
        return found

    def tolist(self) -> Any:
        return self.cpu().tolist()

    @classmethod
    def __torch_dispatch__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise AssertionError(f"{function} after the device has gone")


class FarDevice(TorchDispatchMode):
    """Inside of it `torch.device("meta")` computes, on the CPU, and is as strict as a GPU.

    What lies there and what lies here can't be mixed, and every look from here is noted.
    """

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[str] = []
        """Where the host waited for the device."""
        self.sent: list[str] = []
        """Where something was copied there without waiting."""
        # torch has no generator for a device that is not there.
        self._generator = mock.patch.object(torch, "Generator", partial(_generator, torch.Generator))

    def __enter__(self) -> FarDevice:
        self._generator.start()
        super().__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self._generator.stop()

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        far = [tensor for tensor in tensors if isinstance(tensor, Far)]
        here = [tensor for tensor in tensors if not isinstance(tensor, Far) and tensor.dim()]
        lands_far = bool(far)
        if (device := kwargs.get("device")) is not None:
            lands_far, kwargs["device"] = torch.device(device) == FAR, "cpu"
        name = function.overloadpacket.__name__
        if name == "_to_copy" or (name == "copy_" and far and here):
            into = isinstance(args[0], Far) if name == "copy_" else lands_far
            if into and tensors[-1].device.type == "cpu" and tensors[-1].numel():
                waits = not (kwargs.get("non_blocking") or args[2:3] == (True,))
                (self.waits if waits else self.sent).append(_place(name))
            elif not into and far:
                self.waits.append(_place(name))
        elif far and here:
            raise RuntimeError(f"{function}: tensors here and there")
        elif far and (name in _LOOKS or _decomposes(name) or _masks(name, args)):
            self.waits.append(_place(name))
        near = tree_map(lambda leaf: leaf.near if isinstance(leaf, Far) else leaf, (args, kwargs))
        found = function(*near[0], **near[1])
        known = {id(tensor.near): tensor for tensor in far}

        def landed(leaf: Any) -> Any:
            if not isinstance(leaf, Tensor) or not lands_far:
                return leaf
            return known.get(id(leaf)) if id(leaf) in known else Far(leaf)

        return tree_map(landed, found) if far or lands_far else found


def _generator(original: Any, device: Any = "cpu") -> torch.Generator:
    found: torch.Generator = original("cpu")
    return found


def _decomposes(name: str) -> bool:
    """Whether that is a decomposition, which is asked whether it worked."""
    return name.startswith(("linalg_", "_linalg_")) and name != "linalg_vector_norm"


def _masks(name: str, args: Any) -> bool:
    """Whether a boolean mask says how much comes out."""
    return name == "index" and any(t is not None and t.dtype is torch.bool for t in args[1])


def _place(name: str) -> str:
    """The operation, and the line of the project that wanted it."""
    lines = [frame for frame in traceback.extract_stack() if "/tuilab/" in frame.filename]
    where = f"{lines[-1].filename.rpartition('/tuilab/')[2]}:{lines[-1].lineno}" if lines else "?"
    return f"{name} in {where}"

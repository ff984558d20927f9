"""Where the tensors live, and how torch is set up for it."""

from __future__ import annotations

import os
from collections.abc import Iterable

import torch
from torch import Tensor

import tuilab
from tuilab.experiments.memory import keep_freed_memory


class DeviceError(Exception):
    """A device that isn't there: one clear sentence."""


def choose(name: str, threads: int | None, local_rank: int | None = None) -> torch.device:
    """The device that `--device` means, with torch set for it.

    On a GPU torch is asked for deterministic algorithms. Where it has none it warns and takes another: there
    equal runs may differ in the last digits, and nothing here would notice.

    Args:
        name: `auto` (CUDA where there is one, else CPU), `cpu`, `cuda` or `cuda:N`.
        threads: torch's threads; None leaves torch's own choice, all cores.
        local_rank: this process's number among several on this machine: each has a GPU of its own.

    Raises:
        DeviceError: CUDA was asked for and there is none, or not that many.
    """
    keep_freed_memory()
    if threads is not None:
        torch.set_num_threads(threads)
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if name == "auto":
        name = "cuda"
    kind, _, index = name.partition(":")
    if kind != "cuda" or (index and not index.isdecimal()):
        raise DeviceError(f"--device {name}: there is no such device; wanted auto, cpu, cuda or cuda:N")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if local_rank is not None:
        if index:
            raise DeviceError(
                f"--device {name}: of several processes each has its own GPU; use --device cuda"
            )
        if local_rank >= count > 0:
            raise DeviceError(
                f"there are more processes here than the {count} CUDA device(s); "
                f"use --nproc-per-node {count}, or --device cpu"
            )
        index = str(local_rank)
    if int(index or 0) >= count:
        there = f"{count} CUDA device(s)" if count else "no CUDA device"
        raise DeviceError(
            f"--device {name}: torch {torch.__version__} sees {there} here; use --device cpu or auto"
        )
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    device = torch.device("cuda", int(index)) if index else torch.device("cuda")
    if index:
        torch.cuda.set_device(device)
    return device


def surroundings(tensors: Iterable[Tensor]) -> dict[str, str | int]:
    """What has to be the same for equal runs to give equal numbers to the last digit, and can be told.

    Args:
        tensors: of an experiment, for where it runs.
    """
    device = next((tensor.device for tensor in tensors if tensor.device.type != "cpu"), None)
    return {
        "threads": torch.get_num_threads(),
        "device": (
            f"cpu with {torch.backends.cpu.get_cpu_capability()}"
            if device is None
            else torch.cuda.get_device_name(device)
        ),
        "torch": torch.__version__,
        "tuilab": tuilab.__version__,
    }

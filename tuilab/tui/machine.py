"""How the engine's machine is, as far as this process can see it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from dataclasses import dataclass

_PATIENCE = 3.0
"""Seconds after which nvidia-smi is given up."""

_QUERY = "name,utilization.gpu,memory.used,memory.total"


@dataclass(frozen=True)
class Gpu:
    """One NVIDIA GPU, as nvidia-smi tells it; `busy` in percent, memory in MiB, None where it is not told."""

    name: str
    busy: float | None
    used: float | None
    total: float | None


@dataclass(frozen=True)
class Machine:
    """What can be known of an engine's process and of where it runs.

    Attributes:
        here: Whether the engine runs on this host; if not, the other figures are this host's.
        cpu: The engine's share of one core, in percent; None without an engine.
        memory: Bytes of the engine's in memory; None without an engine.
        cores: Of the machine.
        load: Of all cores, in percent.
        free: Bytes of memory that are free.
        total: Bytes of memory.
        gpus: NVIDIA's, if nvidia-smi is there.
    """

    here: bool
    cpu: float | None
    memory: int | None
    cores: int
    load: float
    free: int
    total: int
    gpus: tuple[Gpu, ...]


class Observer:
    """Looks at one engine's machine, again and again: processor shares are those between two looks."""

    def __init__(self) -> None:
        import psutil

        self._psutil = psutil
        self._process: psutil.Process | None = None
        psutil.cpu_percent()

    def look(self, host: str, pid: int) -> Machine:
        """How it is now. Blocks for as long as nvidia-smi takes; never raises for what it cannot see."""
        here = host in ("", socket.gethostname())
        cpu, memory = self._engine(pid) if here and pid else (None, None)
        ram = self._psutil.virtual_memory()
        return Machine(
            here,
            cpu,
            memory,
            os.cpu_count() or 1,
            self._psutil.cpu_percent(),
            ram.available,
            ram.total,
            tuple(gpus()) if here else (),
        )

    def _engine(self, pid: int) -> tuple[float | None, int | None]:
        try:
            if self._process is None or self._process.pid != pid:
                self._process = self._psutil.Process(pid)
                self._process.cpu_percent()
                return None, self._process.memory_info().rss
            return self._process.cpu_percent(), self._process.memory_info().rss
        except self._psutil.Error:
            self._process = None
            return None, None


def gpus() -> list[Gpu]:
    """NVIDIA's GPUs; none where there is no nvidia-smi or where it does not answer."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    command = [program, f"--query-gpu={_QUERY}", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    rows = [[cell.strip() for cell in line.split(",")] for line in told.stdout.splitlines()]
    return [Gpu(row[0], *map(_number, row[1:])) for row in rows if len(row) == len(_QUERY.split(","))]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None

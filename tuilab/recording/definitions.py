"""What tables and frames are called and made of: the JSON of their definition chunks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuilab.recording.format import FRAME_DTYPES, MAX_PAYLOAD, TABLE_DTYPES, pack_json, unpack_json

MAX_DIMENSIONS = 8


@dataclass(frozen=True)
class TableDefinition:
    """Series that share their steps: their names, and what their values are stored as."""

    names: tuple[str, ...]
    dtype: np.dtype[Any]

    def pack(self) -> bytes:
        """The payload of a table chunk."""
        return pack_json({"dtype": self.dtype.name, "names": self.names})

    @classmethod
    def unpack(cls, payload: bytes) -> TableDefinition:
        """What `pack` made; raises ValueError for anything else."""
        item = unpack_json(payload)
        names = item.get("names") if isinstance(item, dict) else None
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            raise ValueError("not the definition of a table")
        dtype = item.get("dtype")
        if not isinstance(dtype, str) or dtype not in TABLE_DTYPES:
            raise ValueError("a table of an unknown dtype")
        return cls(tuple(names), TABLE_DTYPES[dtype])


@dataclass(frozen=True)
class FrameDefinition:
    """Frames of one name, dtype, shape and meta."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    meta: dict[str, Any]

    @property
    def size(self) -> int:
        """Bytes of one frame."""
        return math.prod(self.shape) * self.dtype.itemsize

    def pack(self) -> bytes:
        """The payload of a frame definition chunk."""
        return pack_json(
            {"name": self.name, "dtype": self.dtype.name, "shape": self.shape, "meta": self.meta}
        )

    @classmethod
    def unpack(cls, payload: bytes) -> FrameDefinition:
        """What `pack` made; raises ValueError for anything else."""
        item = unpack_json(payload)
        if not isinstance(item, dict):
            raise ValueError("not the definition of a frame")
        name, dtype, shape, meta = (item.get(key) for key in ("name", "dtype", "shape", "meta"))
        if not isinstance(name, str) or not isinstance(meta, dict):
            raise ValueError("not the definition of a frame")
        if not isinstance(dtype, str) or dtype not in FRAME_DTYPES:
            raise ValueError("a frame of an unknown dtype")
        if not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS:
            raise ValueError("a frame of an impossible shape")
        if not all(type(length) is int and 0 <= length <= MAX_PAYLOAD for length in shape):
            raise ValueError("a frame of an impossible shape")
        made = cls(name, FRAME_DTYPES[dtype], tuple(shape), meta)
        if made.size > MAX_PAYLOAD:
            raise ValueError("a frame of an impossible shape")
        return made

    def array(self, data: bytes) -> np.ndarray[Any, Any]:
        """One frame from its bytes, read-only."""
        array: np.ndarray[Any, Any]
        if self.dtype == np.bool_:
            array = np.frombuffer(data, np.uint8) != 0
        else:
            array = np.frombuffer(data, self.dtype)
        return array.reshape(self.shape)

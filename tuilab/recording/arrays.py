"""What frames are made of: the JSON of their definition chunks, and their bytes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tuilab.recording.format import FRAME_DTYPES, MAX_PAYLOAD, pack_json, unpack_json

MAX_DIMENSIONS = 8
MAX_ARRAYS = 16
"""Further arrays of a frame."""

Array = np.ndarray[Any, Any]


class ArrayType(NamedTuple):
    """What an array is made of."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @classmethod
    def of(cls, array: Array, what: str) -> ArrayType:
        """That of an array, which is `what`.

        Raises:
            ValueError: it cannot be recorded.
        """
        if array.dtype.name not in FRAME_DTYPES:
            raise ValueError(
                f"{what} of dtype {array.dtype}: only booleans, integers and floats up to 64 bits"
            )
        if array.ndim > MAX_DIMENSIONS or array.nbytes > MAX_PAYLOAD // 2:
            raise ValueError(f"{what} of shape {array.shape}: too large")
        return cls(FRAME_DTYPES[array.dtype.name], array.shape)

    @property
    def size(self) -> int:
        """Bytes of such an array."""
        return math.prod(self.shape) * self.dtype.itemsize

    def pack(self) -> dict[str, Any]:
        """As JSON."""
        return {"dtype": self.dtype.name, "shape": self.shape}

    @classmethod
    def unpack(cls, item: dict[str, Any]) -> ArrayType:
        """What `pack` made; raises ValueError for anything else."""
        dtype, shape = item.get("dtype"), item.get("shape")
        if not isinstance(dtype, str) or dtype not in FRAME_DTYPES:
            raise ValueError("a frame of an unknown dtype")
        if not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS:
            raise ValueError("a frame of an impossible shape")
        if not all(type(length) is int and 0 <= length <= MAX_PAYLOAD for length in shape):
            raise ValueError("a frame of an impossible shape")
        return cls(FRAME_DTYPES[dtype], tuple(shape))

    def array(self, data: memoryview) -> Array:
        """One from its bytes, read-only."""
        array: Array
        if self.dtype == np.bool_:
            array = np.frombuffer(data, np.uint8) != 0
        else:
            array = np.frombuffer(data, self.dtype)
        return array.reshape(self.shape)


@dataclass(frozen=True)
class FrameDefinition:
    """Frames of one name and meaning: an array each, and perhaps further ones that belong to it.

    Attributes:
        name: of the frames.
        type: of their array.
        meta: what it means.
        arrays: by name, the types of further arrays that every frame has of its own, such as its bins' edges.
    """

    name: str
    type: ArrayType
    meta: dict[str, Any]
    arrays: dict[str, ArrayType]

    @classmethod
    def of(
        cls, name: str, array: Array, meta: dict[str, Any], arrays: Mapping[str, Array]
    ) -> FrameDefinition:
        """The definition of a frame of these arrays.

        Raises:
            ValueError: they, or the name, cannot be recorded.
        """
        if not isinstance(name, str) or not all(isinstance(key, str) for key in arrays):
            raise ValueError(f"a frame's name must be text, and so must its arrays' be: {name!r}")
        if len(arrays) > MAX_ARRAYS:
            raise ValueError(f"frame {name!r} with {len(arrays)} further arrays: at most {MAX_ARRAYS}")
        further = {key: ArrayType.of(part, f"{key!r} of frame {name!r}") for key, part in arrays.items()}
        return cls(name, ArrayType.of(array, f"frame {name!r}"), meta, further)

    @property
    def size(self) -> int:
        """Bytes of one frame."""
        return self.type.size + sum(part.size for part in self.arrays.values())

    def pack(self) -> bytes:
        """The payload of a frame definition chunk."""
        item = {"name": self.name, **self.type.pack(), "meta": self.meta}
        if self.arrays:
            item["arrays"] = [{"name": name, **part.pack()} for name, part in self.arrays.items()]
        return pack_json(item)

    @classmethod
    def unpack(cls, payload: bytes) -> FrameDefinition:
        """What `pack` made; raises ValueError for anything else."""
        item = unpack_json(payload)
        if not isinstance(item, dict):
            raise ValueError("not the definition of a frame")
        name, meta, arrays = item.get("name"), item.get("meta"), item.get("arrays", [])
        if not isinstance(name, str) or not isinstance(meta, dict) or not isinstance(arrays, list):
            raise ValueError("not the definition of a frame")
        if len(arrays) > MAX_ARRAYS or not all(isinstance(part, dict) for part in arrays):
            raise ValueError("not the definition of a frame")
        names = [part.get("name") for part in arrays]
        if not all(isinstance(key, str) for key in names) or len(set(names)) < len(names):
            raise ValueError("not the definition of a frame")
        further = {key: ArrayType.unpack(part) for key, part in zip(names, arrays, strict=True)}
        made = cls(name, ArrayType.unpack(item), meta, further)
        if made.size > MAX_PAYLOAD:
            raise ValueError("a frame of an impossible shape")
        return made

    def split(self, data: bytes) -> tuple[Array, dict[str, Array]]:
        """A frame's array and its further ones, from its bytes."""
        view, at = memoryview(data), self.type.size
        further = {}
        for name, part in self.arrays.items():
            further[name] = part.array(view[at : at + part.size])
            at += part.size
        return self.type.array(view[: self.type.size]), further

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tuilab.recording import Recording, Writer

Series = Mapping[str, tuple[Sequence[int], Sequence[float]]]
Frames = Sequence[tuple[Any, ...]]
"""Each a name, a step, an array, a meta, and possibly further arrays."""
Record = Callable[..., Recording]


@pytest.fixture
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    """A real recording of the given series (steps, values) and frames, opened."""
    numbers = count()
    folder = tmp_path_factory.mktemp("recordings")
    with ExitStack() as stack:

        def make(
            series: Series | None = None, frames: Frames = (), arms: Sequence[str] = ("a", "b"), **header: Any
        ) -> Recording:
            path: Path = folder / f"{next(numbers)}.tlr"
            writer = Writer.create(path, {"arms": list(arms), **header})
            for name, (steps, values) in (series or {}).items():
                if len(steps):
                    writer.table([name]).extend(
                        np.asarray(steps, np.int64), np.asarray(values, np.float64)[:, None]
                    )
            for name, step, array, meta, *arrays in frames:
                writer.frame(name, step, np.asarray(array), meta, *arrays)
            writer.close()
            return stack.enter_context(Recording.open(path))

        yield make

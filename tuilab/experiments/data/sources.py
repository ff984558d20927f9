"""The examples of a data scenario: clouds drawn, pictures read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from tuilab.data import DataError
from tuilab.parts.clouds import Cloud, cloud
from tuilab.parts.datasets import DATASETS
from tuilab.parts.randomness import stream
from tuilab.scenario.kinds.data import DataScenario
from tuilab.scenario.parts import preprocessing as models

_CHUNK = 1_000
"""Examples handed out at a time: 50,000 pictures as floats would take 600 MB."""


@dataclass(frozen=True, slots=True)
class Examples:
    """One split."""

    raw: Tensor
    """(n, features) float64, or pictures (n, height, width, channels) uint8."""
    labels: Tensor | None
    """(n,) 0 or 1, of a cloud."""

    def __len__(self) -> int:
        return len(self.raw)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one example."""
        return tuple(self.raw.shape[1:])

    def batch(self, start: int, stop: int) -> Tensor:
        """Those from start to stop; pictures as float32 between 0 and 1."""
        part = self.raw[start:stop]
        return part.float() / 255 if part.dtype == torch.uint8 else part

    def parts(self, start: int, stop: int) -> Iterator[Tensor]:
        """The same, piece by piece."""
        for at in range(start, stop, _CHUNK):
            yield self.batch(at, min(at + _CHUNK, stop))


def examples(scenario: DataScenario) -> tuple[Examples, Examples, Cloud | None, dict[str, Any]]:
    """The training and the test split; what they were drawn from if that is known; the pictures' fingerprint.

    Raises:
        DataError: the pictures aren't there, or fewer than wanted.
    """
    seed, source = scenario.seed, scenario.source
    if isinstance(source, models.Cloud):
        drawn_from = cloud(seed, **source.model_dump(exclude={"name"}))
        train, test = (
            Examples(*drawn_from.draw(count, stream(seed, "examples", split)))
            for split, count in (("train", scenario.train), ("test", scenario.test))
        )
        return train, test, drawn_from, {}
    wanted = scenario.train + scenario.test
    try:
        read = DATASETS[source.name](seed, wanted)
    except DataError as error:  # its advice is for training scenarios
        raise type(error)(str(error).replace("data.name=", "source.name=")) from None
    pictures = read.inputs
    if wanted > len(pictures):
        raise DataError(f"data: there are {len(pictures):,} pictures; train and test want {wanted:,}")
    chosen = pictures[torch.randperm(len(pictures), generator=stream(seed, "split"))[:wanted]]
    chosen = _cropped(chosen, source.crop, seed)
    return (
        Examples(chosen[: scenario.train], None),
        Examples(chosen[scenario.train :], None),
        None,
        read.fingerprint,
    )


def _cropped(pictures: Tensor, side: int, seed: int) -> Tensor:
    """A square of each picture, from anywhere in it."""
    count, height, width, _ = pictures.shape
    if side >= height:
        return pictures
    places = torch.rand(2, count, generator=stream(seed, "crops"))
    top, left = (places * torch.tensor([[height - side + 1], [width - side + 1]])).long()
    along = torch.arange(side)
    rows, columns = top[:, None] + along, left[:, None] + along
    return pictures[torch.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]

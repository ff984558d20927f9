"""Training examples never seen twice the same.

Learning is noisy on purpose, and what the noise leaves alone, the class, is what has to be learned. All of it
is drawn for a whole batch at once on the CPU, so that a seed means the same on every device, goes to the
pictures in one copy that nobody waits for, and is applied where they lie; flips and whole-pixel shifts alone
leave bytes bytes, in one gather. (Written here rather than taken from a library: together it is 200 lines
over `grid_sample`, each picture is resampled once, and every draw comes from a stream of its own.)

    Random crops and scales     He et al., CVPR 2016, after Simonyan & Zisserman, ICLR 2015
    Cutout                      DeVries & Taylor, arXiv:1708.04552
    mixup                       Zhang et al., ICLR 2018
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from tuilab.parts.augmentation.geometry import draw_maps, warp
from tuilab.parts.augmentation.pixels import draw_places, pick
from tuilab.parts.augmentation.values import cutout, draw_factors, draw_holes, jitter, noisy
from tuilab.parts.transfer import sent

__all__ = ["Augmentation", "Draws", "mixture"]


@dataclass(frozen=True)
class Draws:
    """All that is random in how a batch is changed."""

    tensors: dict[str, tuple[Tensor, ...]]
    """What each change takes, by its name; what is not done was not drawn."""
    noise: int = 0
    """The noise's seed."""
    share: float = 1.0
    """Of an example itself in its mixture with a partner."""

    def to(self, device: torch.device) -> Draws:
        """The same on a device, in one copy that is not waited for."""
        there = iter(sent([tensor for group in self.tensors.values() for tensor in group], device))
        return replace(self, tensors={name: tuple(islice(there, len(g))) for name, g in self.tensors.items()})


@dataclass(frozen=True)
class Augmentation:
    """What is done to training examples, nothing by default. See the functions here."""

    flip: bool = False
    """Mirror with probability ½."""
    translate: int = 0
    """Largest shift, pixels."""
    crop: tuple[float, float] | None = None
    """Smallest and largest side of a random patch, as a share of the picture's."""
    rotate: float = 0.0
    """Largest turn, degrees."""
    stretch: float = 0.0
    """Largest stretch a: one side times eᵃ, the other times e⁻ᵃ."""
    shear: float = 0.0
    """Largest shear, degrees."""
    lens: float = 0.0
    """Largest bulge."""
    color: float = 0.0
    """Largest change of brightness, contrast and saturation, as a share."""
    noise: float = 0.0
    """Standard deviation of the noise: of 255 for pictures, in the plane's units for points."""
    cutout: int = 0
    """Side of the square painted over, pixels."""
    mixup: float = 0.0
    """α of the mixing share's Beta distribution; see `mixture`."""
    window: int = 0
    """Side of a square cut out at a random place, pixels: smaller pictures are quicker to learn from."""
    window_until: float = 0.7
    """Share of the steps from which pictures are whole again, so that the network gets to know their size."""

    @property
    def geometric(self) -> bool:
        """Whether pictures are resampled."""
        return self.crop is not None or bool(self.rotate or self.stretch or self.shear or self.lens)

    @property
    def _moved(self) -> bool:
        """Whether pictures are mirrored or shifted by whole pixels."""
        return bool(self.flip or self.translate or self.window)

    @property
    def pictorial(self) -> bool:
        """Whether anything is done that points in the plane do not know."""
        return bool(self._moved or self.geometric or self.color or self.cutout)

    def at(self, t: float) -> Augmentation:
        """What is done when the share t of the steps is over."""
        return replace(self, window=0) if self.window and t >= self.window_until else self

    def draw(self, count: int, size: tuple[int, int], generator: torch.Generator) -> Draws:
        """Draw all that is random for a batch.

        Args:
            count: examples in the batch.
            size: the pictures' height and width; of no matter for points.
            generator: on the CPU.
        """
        drawn: dict[str, tuple[Tensor, ...]] = {}
        noise, share = 0, 1.0
        if self._moved:
            how = {"translate": self.translate, "window": self.window}
            drawn["places"] = draw_places(count, size, generator, flip=self.flip, **how)
        if self.geometric:
            shape = {"rotate": self.rotate, "stretch": self.stretch, "shear": self.shear, "lens": self.lens}
            drawn["maps"] = draw_maps(count, generator, crop=self.crop, **shape)
        if self.color:
            drawn["factors"] = (draw_factors(count, generator, self.color),)
        if self.noise:
            noise = _seed(generator)
        if self.cutout:
            whole = (self.window, self.window) if self.window else size
            drawn["holes"] = draw_holes(count, whole, generator, self.cutout)
        if self.mixup:
            partners, share = mixture(count, generator, self.mixup)
            drawn["partners"] = (partners,)
        return Draws(drawn, noise, share)

    def pictures(self, images: Tensor, which: Tensor, drawn: Draws, mean: Tensor) -> Tensor:
        """Pick pictures and change them.

        Args:
            images: (n, height, width, channels) bytes.
            which: the numbers of those wanted, (m,), on the images' device.
            drawn: for m of them, on the images' device.
            mean: the channels' means, (channels,): what cutout leaves behind.

        Returns:
            (m, height, width, channels), smaller with a window, bytes or float, 0 … 255 but for the noise.
        """
        found = pick(images, which, *drawn.tensors["places"]) if self._moved else images[which]
        if self.geometric:
            found = warp(found.float(), *drawn.tensors["maps"])
        if self.color:
            found = jitter(found.float(), *drawn.tensors["factors"])
        if self.noise:
            found = noisy(found.float(), drawn.noise, 255 * self.noise)
        if self.cutout:
            found = cutout(found.float(), mean, *drawn.tensors["holes"])
        return found

    def points(self, points: Tensor, which: Tensor, drawn: Draws) -> Tensor:
        """Pick points and move them: (m, features)."""
        return noisy(points[which], drawn.noise, self.noise) if self.noise else points[which]


def mixture(count: int, generator: torch.Generator, alpha: float) -> tuple[Tensor, float]:
    """Partners and a share for mixup: x = λ·x₁ + (1 − λ)·x₂, and the loss λ·E(y₁) + (1 − λ)·E(y₂).

    Args:
        count: examples in the batch.
        generator: on the CPU.
        alpha: λ comes from Beta(α, α): near 0 or 1 for a small α, anywhere for 1.

    Returns:
        Each example's partner, (count,) int64, and λ, one for the batch, as in the paper's own code.
    """
    partners = torch.randperm(count, generator=generator)
    return partners, float(np.random.default_rng(_seed(generator)).beta(alpha, alpha))


def _seed(generator: torch.Generator) -> int:
    return int(torch.randint(2**62, (), generator=generator).item())

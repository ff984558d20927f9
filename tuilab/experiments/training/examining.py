"""How good networks are: judged on held-out examples, in one way of using them or another."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

from tuilab.experiments.training.batches import Batches
from tuilab.parts.dropout import Dropout
from tuilab.parts.fusion import fuse
from tuilab.parts.models import Network
from tuilab.parts.normalization import BatchNorm
from tuilab.scenario.parts.judging import Test

Judge = Callable[[Tensor, Tensor], Tensor]
"""(scores, labels) → mean loss."""


class Verdict(NamedTuple):
    """Means over the examples."""

    loss: float
    accuracy: float


LOST = Verdict(math.nan, math.nan)
"""Of a network whose weights are no numbers any more."""


@torch.no_grad()
def answers(
    networks: Sequence[Network],
    inputs: Tensor,
    labels: Tensor,
    batches: Batches,
    test: Test | None = None,
) -> tuple[Tensor, Tensor]:
    """What networks say to examples, in the order in which they were asked.

    Several networks, or several passes of one, answer together by the mean of the probabilities they predict.

    Args:
        networks: asked together; left in training mode or not as they were.
        inputs: as they were read.
        labels: the right classes.
        batches: normalises and cuts into batches.
        test: how to use the networks; None: plainly.

    Returns:
        Scores (n, classes) and the right classes (n,).
    """
    test = test or Test()
    if test.order == "class":
        order = labels.argsort(stable=True)
        inputs, labels = inputs[order], labels[order]
    with _used(networks, test) as used:
        scores = [
            together([network(view) for network in used for view in _views(batch.inputs, test)])
            for batch in batches.evaluation(inputs, labels, test.batch)
        ]
    return torch.cat(scores), labels


@torch.no_grad()
def verdict(scores: Tensor, labels: Tensor, judge: Judge) -> Verdict:
    """Mean loss and accuracy, one transfer to the host."""
    right = (scores.argmax(1) == labels).double().mean()
    return Verdict(*torch.stack([judge(scores.double(), labels), right]).tolist())


def together(scores: Sequence[Tensor]) -> Tensor:
    """The log of the mean predicted probability, (batch, classes): scores that say what all say together.

    One alone stays as it is. (Mean probabilities, not mean scores: the lecture's recipe for ensembles.)
    """
    if len(scores) == 1:
        return scores[0]
    return torch.stack([s.log_softmax(1) for s in scores]).logsumexp(0) - math.log(len(scores))


def _views(inputs: Tensor, test: Test) -> Iterator[Tensor]:
    """The inputs as often, and in as many forms, as the test asks for."""
    inputs = inputs + test.shift if test.shift else inputs
    shifts = [(0, 0)]
    if test.crops:
        shifts += [(down, right) for down in (-test.crops, test.crops) for right in (-test.crops, test.crops)]
    for down, right in shifts:
        view = _shifted(inputs, down, right)
        for form in (view, view.flip(3)) if test.flips else (view,):
            for _ in range(test.passes):
                yield form


def _shifted(images: Tensor, down: int, right: int) -> Tensor:
    """Pictures moved by whole pixels, their own reflection moving in, as in training."""
    if not down and not right:
        return images
    reach = max(abs(down), abs(right))
    height, width = images.shape[2:]
    padded = nn.functional.pad(images, (reach,) * 4, mode="reflect")
    return padded[:, :, reach + down : reach + down + height, reach + right : reach + right + width]


@contextmanager
def _used(networks: Sequence[Network], test: Test) -> Iterator[Sequence[Network]]:
    """The networks in the test's mode; afterwards as they were, running statistics included."""
    modes = [network.training for network in networks]
    buffers = [buffer for network in networks for buffer in network.buffers()]
    kept = [buffer.clone() for buffer in buffers] if test.mode in ("train", "fresh") else []
    drops = [m for network in networks for m in network.modules() if isinstance(m, Dropout)]
    try:
        for network in networks:
            network.train(test.mode == "train")
            if test.mode == "fresh":
                _forget(network)
        for drop in drops:
            drop.sampling = test.mode == "sampled"
        yield [fused(network) for network in networks] if test.fused else networks
    finally:
        for drop in drops:
            drop.sampling = False
        if kept:
            torch._foreach_copy_(buffers, kept)
        for network, mode in zip(networks, modes, strict=True):
            network.train(mode)


def _forget(network: nn.Module) -> None:
    """Running statistics as at the very start: means 0, variances 1."""
    for name, buffer in network.named_buffers():
        if name.endswith("running_mean"):
            buffer.zero_()
        elif name.endswith("running_var"):
            buffer.fill_(1)


def fused(network: Network) -> Network:
    """A copy with batch norms folded into the linear map or convolution before them, where that is the same.

    It is not where a max pool stands between the two and turns into a min pool, because a channel's γ < 0.
    """
    copied = copy.deepcopy(network)
    for block in list(copied.modules()):
        children = dict(block.named_children())
        pooled = any(isinstance(child, nn.MaxPool2d) for child in children.values())
        for (name, linear), (after, norm) in pairwise(_maps_and_norms(children)):
            if not isinstance(linear, nn.Linear | nn.Conv2d) or not isinstance(norm, BatchNorm):
                continue
            if not pooled or bool((norm.weight > 0).all()):
                setattr(block, name, fuse(linear, norm))  # type: ignore[type-var]
                setattr(block, after, nn.Identity())
    return copied


def _maps_and_norms(children: dict[str, nn.Module]) -> list[tuple[str, nn.Module]]:
    kinds = nn.Linear | nn.Conv2d | BatchNorm
    return [(name, child) for name, child in children.items() if isinstance(child, kinds)]

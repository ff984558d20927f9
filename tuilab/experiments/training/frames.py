"""Pictures of what networks make of the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tuilab.experiments.training.batches import Batch, Batches
from tuilab.experiments.training.examining import together
from tuilab.parts.models import Network
from tuilab.probes.pending import Pending
from tuilab.probes.statistics import Floats

Frame = tuple[np.ndarray, dict[str, Any]]
REACH = 1.25
"""Half the side of the square of the plane that is drawn."""
_GRID = 64
_MISTAKES, _FILTERS, _SAMPLES = 12, 32, 16
_CURVE = 400
"""Updates, at most, that a schedule is drawn at."""


def points(batches: Batches) -> Frame:
    """The training points with their classes."""
    array = torch.cat([batches.inputs, batches.labels[:, None].float()], 1).cpu().numpy()
    meta = {"kind": "scatter", "names": ["x", "y"], "classes": list(batches.classes)}
    return array[:1_000].astype(np.float32), meta


def schedule(learning_rate: Callable[[int], float], steps: int) -> Frame:
    """The learning rate of every update, before the first one."""
    count = min(steps, _CURVE)
    rates = (
        [learning_rate(round(k * steps / count)) for k in range(count + 1)] if steps else [learning_rate(0)]
    )
    meta = {"kind": "curves", "x": [0, max(steps, 1)], "x_scale": "linear", "x_name": "update"}
    return np.array([rates], np.float32), {**meta, "names": ["learning rate"]}


@torch.no_grad()
def boundary(networks: Sequence[Network], batches: Batches) -> Pending[Frame]:
    """What the networks say at every place of the plane.

    With two classes the probability of the second minus that of the first, −1 … 1; with more the likeliest
    class.
    """
    side = torch.linspace(-REACH, REACH, _GRID, device=batches.device)
    y, x = torch.meshgrid(side, side, indexing="ij")
    modes = [network.training for network in networks]
    for network in networks:
        network.eval()
    scores = together([network(torch.stack([x, y], 2).view(-1, 2)) for network in networks])
    for network, mode in zip(networks, modes, strict=True):
        network.train(mode)
    meta = {
        "kind": "map",
        "x": [-REACH, REACH],
        "y": [-REACH, REACH],
        "x_scale": "linear",
        "y_scale": "linear",
    }
    meta |= {"x_name": "x", "y_name": "y"}
    if len(batches.classes) == 2:
        probabilities = scores.softmax(1)
        found = probabilities[:, 1] - probabilities[:, 0]
        meta["colors"] = "diverging"
    else:
        found = scores.argmax(1).float()
        meta |= {"colors": "categories", "categories": list(batches.classes)}

    def read(places: Floats) -> Frame:
        return places.reshape(_GRID, _GRID).astype(np.float32), meta

    return Pending((found,), read)


def confusion(scores: Tensor, labels: Tensor, batches: Batches) -> Frame:
    """How each class was taken: rows are the right class, the first on top, columns the predicted one.

    Shares of a row; a class that does not occur has none.
    """
    classes = len(batches.classes)
    counts = torch.bincount(labels * classes + scores.argmax(1), minlength=classes**2).view(classes, classes)
    shares = counts.double() / counts.sum(1, keepdim=True)
    names = list(batches.classes)
    meta: dict[str, Any] = {"kind": "map", "colors": "heat", "x_labels": names, "y_labels": names[::-1]}
    meta |= {"x": [0, classes], "y": [0, classes], "x_scale": "linear", "y_scale": "linear"}
    meta |= {"x_name": "predicted", "y_name": "right"}
    return shares.flip(0).cpu().numpy().astype(np.float32), meta


def mistakes(scores: Tensor, labels: Tensor, batches: Batches) -> tuple[Frame, Frame]:
    """The held-out pictures whose right class was thought least likely, the worst first, and captions."""
    probabilities = scores.double().softmax(1)
    right = probabilities.gather(1, labels[:, None])[:, 0]
    worst = right.argsort()[:_MISTAKES]
    surest, predicted = probabilities[worst].max(1)
    captions = torch.stack([labels[worst].double(), predicted.double(), surest], 1)
    return (
        (batches.held_inputs[worst].cpu().numpy(), {"kind": "pictures"}),
        (
            captions.cpu().numpy().astype(np.float32),
            {"kind": "captions", "classes": list(batches.classes)},
        ),
    )


@torch.no_grad()
def filters(network: Network, batches: Batches) -> Frame:
    """The first layer's weights as pictures, grey being 0, each on a scale of its own."""
    weight = network.filters[:_FILTERS].detach().float()
    if weight.dim() == 2:
        weight = weight.view(len(weight), *batches.shape)
    largest = weight.abs().amax((1, 2, 3), keepdim=True).clamp(min=1e-12)
    pictures = (127.5 * (1 + weight / largest)).round().to(torch.uint8).permute(0, 2, 3, 1)
    return np.ascontiguousarray(pictures.cpu().numpy()), {"kind": "pictures"}


def samples(batch: Batch, batches: Batches) -> Frame:
    """The first training pictures of a batch as the network gets them."""
    return np.ascontiguousarray(batches.shown(batch.inputs[:_SAMPLES]).cpu().numpy()), {"kind": "pictures"}

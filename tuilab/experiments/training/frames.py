"""Pictures of what networks make of the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from tuilab.experiments.training.batches import Batches
from tuilab.experiments.training.examining import together
from tuilab.parts.models import Network

Frame = tuple[np.ndarray, dict[str, Any]]
REACH = 1.25
"""Half the side of the square of the plane that is drawn."""
_GRID = 64
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
def boundary(networks: Sequence[Network], batches: Batches) -> Frame:
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
    return found.view(_GRID, _GRID).cpu().numpy().astype(np.float32), meta

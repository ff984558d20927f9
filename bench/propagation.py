"""What looking costs at the lecture's scale: `deep-tanh-init`, 7 layers of 4096, every figure of every layer.

Steps of the experiment alternate with the forward and backward passes that it makes, nothing measured. Time
is the process's own, on one thread: what else the machine does disturbs it least. (The bare passes leave out
the weights' gradients, which training would compute: the stricter yardstick.)
"""

from __future__ import annotations

import statistics
import sys
import time

import torch

from tuilab.experiments.propagation import PropagationExperiment
from tuilab.experiments.propagation.weights import Weights
from tuilab.parts.activations import ACTIVATIONS
from tuilab.parts.dense import backward, forward
from tuilab.scenario.kinds.propagation import PropagationScenario
from tuilab.scenario.load import load

BAR, STEPS = 1.10, 15


@torch.no_grad()
def main() -> int:
    """Prints the ratio, 1 if it is over its bar."""
    torch.set_num_threads(1)
    device, scenario = torch.device("cpu"), load("deep-tanh-init", [f"steps={STEPS}"])
    assert isinstance(scenario, PropagationScenario)
    experiment = PropagationExperiment(scenario, device)
    arms, tanh = list(scenario.arms.values()), ACTIVATIONS["tanh"]
    layers = Weights(scenario.seed, device).layers(arms[0].network, [arm.init for arm in arms], 1)
    shape = (arms[0].batch, arms[0].network.width)
    probed, bare = [], []
    for _ in range(STEPS + 1):
        began = time.process_time()
        next(experiment)
        between = time.process_time()
        x, g = (torch.randn(shape).expand(1, len(arms), -1, -1) for _ in range(2))
        backward(g, forward(x, layers, tanh), layers, tanh)
        probed.append(between - began)
        bare.append(time.process_time() - between)
    with_probes, without = statistics.median(probed[1:]), statistics.median(bare[1:])
    print(
        f"7x4096 tanh, 3 arms, batch 16: step {1e3 * with_probes:.0f} ms with every figure, "
        f"{1e3 * without:.0f} ms bare, medians of {STEPS}; ratio: {with_probes / without:.3f} (bar {BAR:.2f})"
    )
    return int(with_probes / without > BAR)


if __name__ == "__main__":
    sys.exit(main())

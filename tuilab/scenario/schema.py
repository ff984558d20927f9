"""Every kind of scenario as a checked model, every arm complete.

A file keeps what the arms share at its top level and what tells them apart under `[arms.NAME]`;
`tuilab.scenario.load` lays each arm over the base and checks the result against these models.
"""

from __future__ import annotations

from tuilab.scenario.kinds.base import Scenario
from tuilab.scenario.kinds.costs import Costs
from tuilab.scenario.kinds.data import Preparation
from tuilab.scenario.kinds.descent import Descent
from tuilab.scenario.kinds.functions import Functions
from tuilab.scenario.kinds.normalization import Normalizing
from tuilab.scenario.kinds.propagation import Propagation
from tuilab.scenario.kinds.slices import Slice
from tuilab.scenario.kinds.training import Training

__all__ = ["KINDS", "Scenario"]

KINDS: dict[str, type[Scenario]] = {
    "data": Preparation,
    "functions": Functions,
    "normalization": Normalizing,
    "propagation": Propagation,
    "descent": Descent,
    "slice": Slice,
    "costs": Costs,
    "training": Training,
}
"""Each kind's model, by the name a file gives as `kind`."""

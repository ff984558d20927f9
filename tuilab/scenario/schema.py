"""Every kind of scenario as a checked model, every arm complete.

A file keeps what the arms share at its top level and what tells them apart under `[arms.NAME]`;
`tuilab.scenario.load` lays each arm over the base and checks the result against these models.
"""

from __future__ import annotations

from tuilab.scenario.kinds.base import Scenario
from tuilab.scenario.kinds.costs import CostsScenario
from tuilab.scenario.kinds.data import DataScenario
from tuilab.scenario.kinds.descent import DescentScenario
from tuilab.scenario.kinds.functions import FunctionsScenario
from tuilab.scenario.kinds.normalization import NormalizationScenario
from tuilab.scenario.kinds.propagation import PropagationScenario
from tuilab.scenario.kinds.slice import SliceScenario
from tuilab.scenario.kinds.training import TrainingScenario

__all__ = ["KINDS", "Scenario"]

KINDS: dict[str, type[Scenario]] = {
    "data": DataScenario,
    "functions": FunctionsScenario,
    "normalization": NormalizationScenario,
    "propagation": PropagationScenario,
    "descent": DescentScenario,
    "slice": SliceScenario,
    "costs": CostsScenario,
    "training": TrainingScenario,
}
"""Each kind's model, by the name a file gives as `kind`."""

"""Examples arriving, and what preprocessings fitted on them do."""

from tuilab.experiments.data.experiment import DataExperiment

__all__ = ["DataExperiment"]

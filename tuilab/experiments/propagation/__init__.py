"""Signals sent forward and gradients sent backward through networks that do not learn."""

from tuilab.experiments.propagation.experiment import PropagationExperiment

__all__ = ["PropagationExperiment"]

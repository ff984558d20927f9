"""Activation functions by themselves: their curves, what they let through, their cost."""

from tuilab.experiments.functions.experiment import FunctionsExperiment

__all__ = ["FunctionsExperiment"]

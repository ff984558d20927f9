"""Optimisers walking down a surface of two parameters, one walker an arm and crowds of them, in lockstep."""

from tuilab.experiments.descent.experiment import DescentExperiment

__all__ = ["DescentExperiment"]

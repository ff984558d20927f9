"""Normalisation layers by themselves, by hand, with torch's beside them."""

from tuilab.experiments.normalization.experiment import NormalizationExperiment

__all__ = ["NormalizationExperiment"]

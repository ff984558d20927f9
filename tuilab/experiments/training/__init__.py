"""Networks learning to classify, all arms in lockstep on the same batches."""

from tuilab.experiments.training.experiment import TrainingExperiment

__all__ = ["TrainingExperiment"]

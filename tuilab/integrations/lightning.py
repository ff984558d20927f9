"""Lightning: a callback that watches the training, and a logger that takes the figures alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers.logger import Logger
from lightning.pytorch.utilities import rank_zero_only

import tuilab
from tuilab.integrations.figures import figures

if TYPE_CHECKING:
    from lightning.pytorch import LightningModule, Trainer

    from tuilab.watching.watch import Watch


class TuilabCallback(Callback):
    """Watches `Trainer(callbacks=[TuilabCallback()]).fit(…)`: the network inside, and what the module logs.

    The loss is what `training_step` returned. What `self.log` took is recorded when it is known: of steps at
    the step, of epochs and of the validation at its end. With `control=True` a stop asked for in the lab is
    the trainer's `should_stop`.

    Args:
        options: of `tuilab.watch`.
    """

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._watch: Watch | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin a run."""
        self._close()
        steps = trainer.estimated_stepping_batches
        options = {
            "config": dict(pl_module.hparams),
            "steps": int(steps) if 0 < steps < math.inf else None,
            "name": type(pl_module).__name__,
        }
        self._watch = tuilab.watch(pl_module, list(trainer.optimizers), **(options | self._options))
        self._watch.raises = False

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Record the loss, and what was logged of this step."""
        if self._watch is None:
            return
        loss = outputs.get("loss") if isinstance(outputs, Mapping) else outputs
        if loss is not None:
            # Lightning divides what it hands on by the number of batches that make a step.
            parts = trainer.accumulate_grad_batches if pl_module.automatic_optimization else 1
            self._watch.log(**figures({"loss": loss * parts}))
        if self._watch.stopping:
            trainer.should_stop = True

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Record what the validation measured."""
        self._log_all(trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Record what is known of the epoch."""
        self._log_all(trainer)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """End the run."""
        self._log_all(trainer)
        self._close()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """End the run with what went wrong."""
        self._close(exception)

    def _log_all(self, trainer: Trainer) -> None:
        if self._watch is not None and not trainer.sanity_checking:
            self._watch.log(**figures(trainer.callback_metrics))

    def _close(self, error: BaseException | None = None) -> None:
        if self._watch is not None:
            self._watch.close(error)
        self._watch = None


class TuilabLogger(Logger):
    """Takes what `self.log` gives to `Trainer(logger=TuilabLogger())`, at the steps that Lightning counts.

    Args:
        options: of `tuilab.watch`.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self._options = options
        self._watch: Watch | None = None

    @property
    def name(self) -> str:
        """What it is called by."""
        return "tuilab"

    @property
    def version(self) -> str:
        """The run's name."""
        return self._watch.name if self._watch is not None else ""

    @property
    def experiment(self) -> Watch | None:
        """What records, from the first figures on: by then the settings are known."""
        return self._watch

    @rank_zero_only
    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """Keep settings with the run; those that come after the first figures come too late."""
        if self._watch is None:
            given = params if isinstance(params, Mapping) else vars(params)
            self._options["config"] = dict(given) | dict(self._options.get("config") or {})

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Record figures of a step."""
        if self._watch is None:
            self._watch = tuilab.watch(**self._options)
            self._watch.raises = False
        if step is None:
            self._watch.log(**figures(metrics))
        else:
            self._watch.log_at(step, figures(metrics))

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """End the run."""
        if self._watch is not None:
            self._watch.close(RuntimeError("the training failed") if status == "failed" else None)
        self._watch = None

"""Keras 3 on torch: a callback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import keras

import tuilab
from tuilab.integrations.figures import figures

if TYPE_CHECKING:
    from tuilab.watching.watch import Watch


class TuilabCallback(keras.callbacks.Callback):
    """Watches `model.fit(…, callbacks=[TuilabCallback()])`: what Keras measures, batch by batch.

    A step is a batch. Keras's figures of a batch are means over the epoch so far, as its progress bar shows
    them. Its optimisers are none of torch's, so that gradients and weights are not looked into. With
    `control=True` a stop asked for in the lab is the model's `stop_training`.

    Args:
        options: of `tuilab.watch`.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self._options = options
        self._watch: Watch | None = None

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Begin a run."""
        self._close()
        epochs, per_epoch = self.params.get("epochs"), self.params.get("steps")
        options = {
            "name": self.model.name,
            "steps": epochs * per_epoch if epochs and per_epoch else None,
            "config": {"optimizer": self.model.optimizer.get_config()},
        }
        self._step = 0
        self._watch = tuilab.watch(**(options | self._options))
        self._watch.raises = False

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Record what was measured."""
        if self._watch is not None:
            self._step += 1
            self._watch.log_at(self._step, figures(logs))
            if self._watch.stopping:
                self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Record the epoch's, which belong to its last step."""
        if self._watch is not None:
            self._watch.log_at(self._step, figures(logs))

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """End the run."""
        self._close()

    def _close(self) -> None:
        if self._watch is not None:
            self._watch.close()
        self._watch = None

"""Hugging Face's Trainer: a callback that watches the training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback

import tuilab
from tuilab.integrations.figures import figures

if TYPE_CHECKING:
    from transformers import TrainerControl, TrainerState, TrainingArguments

    from tuilab.watching.watch import Watch


class TuilabCallback(TrainerCallback):
    """Watches `Trainer(…, callbacks=[TuilabCallback()]).train()`: the network inside, and what is logged.

    With `control=True` a stop asked for in the lab is the Trainer's own, after its step.

    Args:
        options: of `tuilab.watch`.
    """

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._watch: Watch | None = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Begin a run."""
        self._close()
        if not state.is_world_process_zero:
            return
        optimizer = kwargs.get("optimizer")
        optimizer = getattr(optimizer, "optimizer", optimizer)  # that Accelerate has wrapped
        model = kwargs["model"]
        options = {
            "config": args.to_sanitized_dict(),
            "steps": state.max_steps if state.max_steps > 0 else None,
            "name": args.run_name or type(model).__name__,
        }
        self._watch = tuilab.watch(model, optimizer, **(options | self._options))
        self._watch.raises = False

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """End the training where that was asked for."""
        if self._watch is not None and self._watch.stopping:
            control.should_training_stop = True

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Record the figures."""
        if self._watch is not None:
            self._watch.log(**figures(logs))

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """End the run."""
        self._close()

    def _close(self) -> None:
        if self._watch is not None:
            self._watch.close()
        self._watch = None

"""Accelerate: a tracker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accelerate.tracking import GeneralTracker

import tuilab
from tuilab.integrations.figures import figures

if TYPE_CHECKING:
    from tuilab.watching.watch import Watch


class TuilabTracker(GeneralTracker):
    """Takes what `accelerator.log` is given: `Accelerator(log_with=TuilabTracker(model))`.

    Args:
        model: what `tuilab.watch` takes: its inside is seen, and its optimiser's steps are counted. None
            records figures alone, at the steps that `accelerator.log(…, step=…)` names.
        options: of `tuilab.watch`.
    """

    name = "tuilab"
    requires_logging_directory = False

    def __init__(self, model: Any = None, **options: Any) -> None:
        super().__init__()
        self._model, self._options = model, options
        self._watch: Watch | None = None

    @property
    def tracker(self) -> Watch:
        """What records."""
        if self._watch is None:
            self._watch = tuilab.watch(self._model, **self._options)
        return self._watch

    def start(self) -> None:
        """Nothing: the run begins with its first figures, once its settings are known."""

    def store_init_configuration(self, values: dict[str, Any]) -> None:
        """Keep settings with the run; those that come after the first figures come too late."""
        self._options["config"] = dict(values) | dict(self._options.get("config") or {})
        _ = self.tracker

    def log(self, values: dict[str, Any], step: int | None = None, **kwargs: Any) -> None:
        """Record figures."""
        if step is None:
            self.tracker.log(**figures(values))
        else:
            self.tracker.log_at(step, figures(values))

    def finish(self) -> None:
        """End the run."""
        if self._watch is not None:
            self._watch.close()
        self._watch = None

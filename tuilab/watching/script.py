"""`tuilab watch-script`: somebody's program, as Python would run it, watched without a change.

torch is not imported here but by the program, so what it sets before that still counts; its optimisers are
met at their first steps.
"""

from __future__ import annotations

import builtins
import gc
import io
import json
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer

    from tuilab.watching.watch import Watch

BOOTSTRAP = "import sys; del sys.path[0]; from tuilab.watching.script import main; main()"
"""What a fresh Python is started with; nothing is imported from the working folder before the program is."""
_HOOKED = "torch.optim.optimizer"
_STRANGE = 5
"""Steps of optimisers that are not watched, one after another, that begin another run."""


def main() -> None:
    """Run `sys.argv[2]` with the arguments behind it; `sys.argv[1]` are options of `tuilab.watch` as JSON."""
    _, options, script, *arguments = sys.argv
    sys.argv = [script, *arguments]
    sys.path.insert(0, str(Path(script).resolve().parent))
    sys.meta_path.insert(0, _Finder(lambda: Onlooker(json.loads(options)).begin()))
    sys.excepthook = _without_ours
    with io.open_code(script) as file:
        source = file.read()
    # A module of its own, which stays __main__ to the very end: what is pickled, or runs at exit, needs it.
    program = ModuleType("__main__")
    program.__dict__.update(
        __file__=script,
        __builtins__=builtins,
        __spec__=None,
        __loader__=SourceFileLoader("__main__", script),
    )
    sys.modules["__main__"] = program
    exec(compile(source, script, "exec"), program.__dict__)


def _without_ours(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Show an exception as Python does, from the program's own first line on."""
    while trace is not None and trace.tb_frame.f_code.co_filename in (__file__, "<string>"):
        trace = trace.tb_next
    sys.__excepthook__(kind, error.with_traceback(trace), trace)


class _Finder(MetaPathFinder):
    """Calls back once torch's optimisers have been imported, and is gone."""

    def __init__(self, then: Callable[[], None]) -> None:
        self._then = then

    def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        """That of torch's own finder, with a loader that calls back."""
        if name != _HOOKED:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._then)
        return spec


class _Loader(Loader):
    """Another loader, and something done after it."""

    def __init__(self, inner: Loader, then: Callable[[], None]) -> None:
        self._inner, self._then = inner, then

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the other one."""
        return self._inner.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """As the other one, and then."""
        self._inner.exec_module(module)
        self._then()


class Onlooker:
    """Meets optimisers as they step, and watches what they update.

    When one steps for the second time, all that were met by then are watched in one run: of a GAN both. Where
    others go on alone later, as in another fold, another run begins.

    Args:
        options: of `tuilab.watch`.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        self._watch: Watch | None = None
        self._watched: dict[int, list[str]] = {}
        self._met: list[Optimizer] = []
        self._steps = 0
        self._loss: Tensor | None = None

    def begin(self) -> None:
        """Hook into torch, which is being imported."""
        from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

        register_optimizer_step_pre_hook(self._before)
        register_optimizer_step_post_hook(self._after)

    def _before(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        if sys.modules.get("tuilab.watching.beginning") and not self._watched:
            return  # the program watches itself
        try:
            self._meet(optimizer)
        except Exception as error:
            from tuilab.watching.writing import say, sentence

            self._watched = {0: []}
            self._met = []
            say(f"this program is not watched ({sentence(error)})")

    def _meet(self, optimizer: Optimizer) -> None:
        if id(optimizer) in self._watched:
            self._steps, self._met = 0, []
            return
        if not self._met and self._watch is None:
            self._overhear_losses()
        again = optimizer in self._met
        if not again:
            self._met.append(optimizer)
        self._steps += 1
        if again and (self._watch is None or self._steps >= _STRANGE):
            self._begin_run()

    def _begin_run(self) -> None:
        from tuilab.watching.beginning import begin

        if self._watch is not None:
            self._watch.close()
        found = [(optimizer, _roots(optimizer)) for optimizer in self._met]
        models = {id(model): model for _, roots in found for model in roots}
        named = dict(zip(models, _names(list(models.values())), strict=True))
        given = {named[key]: model for key, model in models.items()} or None
        self._watch = begin(given, self._met, **self._options)
        self._watched = {
            id(optimizer): [named[id(model)] for model in roots] or ["network"] for optimizer, roots in found
        }
        self._kept = self._met  # as long as they are, no other has their numbers
        self._met, self._steps = [], 0

    def _after(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        loss, self._loss = self._loss, None
        if self._watch is not None and loss is not None and (arms := self._watched.get(id(optimizer))):
            self._watch.log(**{arms[0]: {"loss": loss}})

    def _overhear_losses(self) -> None:
        """Have what `backward` is called on remembered, before a GradScaler scales it."""
        import torch

        backward, scale = torch.Tensor.backward, torch.amp.GradScaler.scale
        scaled: list[Any] = [None]

        def heard(loss: Tensor, *args: Any, **kwargs: Any) -> Any:
            if loss is not scaled[0] and loss.numel() == 1 and not torch.compiler.is_compiling():
                self._loss = loss.detach()
            scaled[0] = None
            return backward(loss, *args, **kwargs)  # type: ignore[no-untyped-call]

        def noted(scaler: Any, outputs: Any) -> Any:
            found = scale(scaler, outputs)
            if isinstance(outputs, torch.Tensor) and outputs.numel() == 1:
                self._loss, scaled[0] = outputs.detach(), found
            return found

        torch.Tensor.backward = heard  # type: ignore[method-assign, assignment]
        torch.amp.GradScaler.scale = noted  # type: ignore[method-assign, assignment]


def _roots(optimizer: Optimizer) -> list[nn.Module]:
    """The networks that an optimiser updates: modules that hold its parameters and are in no other such."""
    import torch

    wanted = {id(p) for group in optimizer.param_groups for p in group["params"]}
    holders = [
        found
        for found in gc.get_objects()
        if issubclass(type(found), torch.nn.Module) and any(id(p) in wanted for p in found.parameters())
    ]
    inner = {id(part) for holder in holders for part in holder.modules() if part is not holder}
    return [holder for holder in holders if id(holder) not in inner]


def _names(models: Sequence[nn.Module]) -> list[str]:
    """What the program calls them, where it does so at its top; their classes' names otherwise."""
    from tuilab.watching.anatomy import bare

    backwards = reversed(vars(sys.modules["__main__"]).items())  # of two names the first one counts
    called = {id(value): name for name, value in backwards if name[:1] != "_"}
    named = [called.get(id(model)) or type(bare(model)).__name__ for model in models]
    if len(models) == 1:
        return [type(bare(models[0])).__name__]
    return [name if named.count(name) == 1 else f"{name} {place}" for place, name in enumerate(named, 1)]

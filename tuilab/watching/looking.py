"""Looking at one forward and backward pass of networks, by hooks that are there only while somebody looks.

The hooks are torch's global ones: none is ever on a module, so a network that is copied or saved takes none
with it, and modules that are replaced need nothing. A sample is taken of every output, and no more is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook

from tuilab.parts.activations import ACTIVATIONS
from tuilab.probes.cost import Stopwatch
from tuilab.probes.network import activation_of, tensors_of, unit_axis
from tuilab.probes.statistics import dead_share, kept_row, norm_figures
from tuilab.watching import anatomy

_IDENTITY = ACTIVATIONS["identity"]
MOST_USES = 16
"""Of one module in one pass; a loop over time may use one a thousand times."""


@dataclass(slots=True)
class Seen:
    """One output of one use of a module, as far as it is kept."""

    name: str
    sample: Tensor
    """Some of its values, (n,)."""
    dead: Tensor
    """Share of units that are zero for the whole batch."""
    flat: Callable[[Tensor], Tensor] | None
    """Which values are saturated; None where none can be."""
    gradient: Tensor | None = None
    """A sample of the loss's gradient at it."""
    norm: Tensor | None = None
    """The Euclidean norm of all of that."""


@dataclass(eq=False)
class Eye:
    """Sees one network's pass.

    Args:
        root: the network.
        sample: values taken of each output.
        timed: runs while the eye is busy.
        failed: told of what goes wrong on the way back.
    """

    root: nn.Module
    sample: int
    timed: Stopwatch
    failed: Callable[[Exception], None]
    seen: list[Seen] = field(default_factory=list)
    training: bool = True
    """The mode that the network was last updated in: passes in another mode are not its lessons."""
    names: Mapping[nn.Module, str] = field(default_factory=dict)
    whole: bool = False
    """Whether the pass was seen to its end; where parts of a network are used by themselves there is none."""
    _uses: Counter[nn.Module] = field(default_factory=Counter)

    def open(self) -> None:
        """Look at the next pass: whatever the network is made of now."""
        self.names = anatomy.layers(self.root)
        self.seen, self._uses, self.whole = [], Counter(), False

    def take(self) -> Sequence[Seen]:
        """What was seen of one pass."""
        found, self.seen = self.seen, []
        # Without an end a module that is used again may be so in the next pass.
        return found if self.whole else [seen for seen in found if "#" not in seen.name]

    @torch.no_grad()
    def look(self, module: nn.Module, output: Any) -> None:
        """Take a sample of a module's outputs."""
        self._uses[module] += 1
        use = self._uses[module]
        if use > MOST_USES:
            return
        name = self.names[module] + (f"#{use}" if use > 1 else "")
        for place, tensor in tensors_of(output):
            if tensor.is_sparse or tensor.is_meta:
                continue
            values = tensor.detach()
            seen = Seen(
                name + place,
                kept_row(values, self.sample),
                dead_share(values, unit_axis(module, values)),
                None if (phi := activation_of(module)) is _IDENTITY else phi.flat,
            )
            self.seen.append(seen)
            if tensor.requires_grad and tensor.grad_fn is not None:
                tensor.register_hook(self._noting(seen))  # type: ignore[no-untyped-call]

    def _noting(self, seen: Seen) -> Callable[[Tensor], None]:
        def note(gradient: Tensor) -> None:
            try:
                with torch.no_grad(), self.timed:
                    seen.gradient = kept_row(gradient, self.sample)
                    seen.norm = norm_figures([gradient])[0]
            except Exception as error:
                self.failed(error)

        return note


class Looking:
    """Has eyes look at the pass that comes next.

    Args:
        failed: told of what goes wrong while a network runs, which is no concern of the network's.
    """

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        self._failed = failed
        self._open: dict[nn.Module, Eye] = {}
        self._roots: dict[nn.Module, Eye] = {}
        self._handle: Any = None

    def open(self, eyes: Sequence[Eye]) -> None:
        """Have these look at the next pass of theirs in which gradients are kept."""
        for eye in eyes:
            eye.open()
            self._roots[eye.root] = eye
            self._open |= dict.fromkeys(eye.names, eye)
        if self._handle is None and self._roots:
            self._handle = register_module_forward_hook(self._hook)

    def close(self, eyes: Sequence[Eye] | None = None) -> None:
        """Have these (None: all) look no further."""
        for eye in list(self._roots.values()) if eyes is None else eyes:
            self._roots.pop(eye.root, None)
            self._open = {module: its for module, its in self._open.items() if its is not eye}
        if not self._roots and self._handle is not None:
            self._handle.remove()
            self._handle = None

    def _hook(self, module: nn.Module, inputs: Any, output: Any) -> None:
        if torch.compiler.is_compiling() or not torch.is_grad_enabled():
            return
        eye = self._open.get(module) or self._roots.get(module)
        if eye is None or eye.root.training != eye.training:
            return
        try:
            with eye.timed:
                if module in eye.names:
                    eye.look(module, output)
                if module is eye.root:
                    eye.whole = True
                    self.close([eye])
        except Exception as error:
            self.close()
            self._failed(error)

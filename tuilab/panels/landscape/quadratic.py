"""What Newton's method takes a surface for: its quadratic model where an arm stands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tuilab.panels.axes import Floats
from tuilab.panels.dots import light
from tuilab.panels.frames import frame_of
from tuilab.panels.landscape.surface import Surface
from tuilab.panels.numbers import short
from tuilab.panels.paths import line_pixels
from tuilab.panels.picture import Picture
from tuilab.panels.view import PIXELS, View
from tuilab.recording import Readable

MODEL = "quadratic_model"
"""The frames that hold them."""

_FAR = 1e50
_TARGET = "◎"


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """f + g·d + ½ dᵀHd around a point.

    Attributes:
        point: (2,).
        gradient: (2,).
        hessian: (2, 2), symmetric.
    """

    point: Floats
    gradient: Floats
    hessian: Floats

    @property
    def jump(self) -> Floats | None:
        """Newton's step −H⁻¹g (2,), to where the model is stationary; None where it is nowhere."""
        determinant = float(np.linalg.det(self.hessian))
        if not abs(determinant) > 1e-12 * float(np.abs(self.hessian).max()) ** 2:
            return None
        step = -np.linalg.solve(self.hessian, self.gradient).astype(np.float64)
        return step if (np.abs(step) < _FAR).all() else None

    @property
    def kind(self) -> str:
        """What the model's stationary point is."""
        low, high = np.linalg.eigvalsh(self.hessian)
        return "minimum" if low > 0 else "maximum" if high < 0 else "saddle"


def model_of(recording: Readable, arm: str, view: View) -> Model | None:
    """The model of an arm at the moment, if it is recorded and finite."""
    frame = frame_of(recording, arm, MODEL, view.step)
    if frame is None or frame.array.shape != (8,) or frame.array.dtype.kind not in "fiub":
        return None
    x, y, f, gx, gy, xx, xy, yy = frame.array.astype(np.float64).tolist()
    if not all(abs(part) < _FAR for part in (x, y, f, gx, gy, xx, xy, yy)):
        return None
    return Model(np.array([x, y]), np.array([gx, gy]), np.array([[xx, xy], [xy, yy]]))


def told_jump(model: Model | None) -> str:
    """Where Newton's method would go, in words."""
    if model is None or model.jump is None:
        return ""
    x, y = (model.point + model.jump).tolist()
    return f", its model's {model.kind} at ({short(x)}, {short(y)})"


def draw_model(body: Picture, model: Model, surface: Surface, color: int, view: View) -> None:
    """The model's level line through the point (an ellipse around a minimum), and Newton's jump."""
    across, up = PIXELS[view.glyphs]
    width, height = body.width * across, body.height * up
    xs = surface.x[0] + (np.arange(width + 1)) / width * (surface.x[1] - surface.x[0]) - model.point[0]
    ys = surface.y[0] + (np.arange(height + 1)) / height * (surface.y[1] - surface.y[0]) - model.point[1]
    (xx, xy), (_, yy) = model.hessian
    dx, dy = xs[None, :], ys[:, None]
    higher = (
        model.gradient[0] * dx + model.gradient[1] * dy + xx / 2 * dx**2 + xy * dx * dy + yy / 2 * dy**2 > 0
    )
    corners = [higher[:-1, :-1], higher[1:, :-1], higher[:-1, 1:], higher[1:, 1:]]
    rows, columns = np.nonzero(np.logical_or.reduce(corners) & ~np.logical_and.reduce(corners))
    light(body, columns, rows, color, view.glyphs, ":")
    jump = model.jump
    if jump is None:
        return
    ends = np.stack([model.point, model.point + jump])
    pixels = line_pixels(ends[:, 0], ends[:, 1], surface.x, surface.y, width, height)
    light(body, pixels[:, 0], pixels[:, 1], color, view.glyphs, ".")
    column, row = surface.cell((float(ends[1, 0]), float(ends[1, 1])), body)
    if 0 <= column < body.width and 0 <= row < body.height:
        body.put(row, column, _TARGET, color, int(body.bg[row, column]))

"""Series that say what theory predicts: ARM/METRIC.predicted, or ARM/METRIC.predicted/LAYER."""

from __future__ import annotations

from tuilab.panels.palette import ARM_MARKS, arm_mark
from tuilab.recording import SeriesName

THEORY = "theory"
SUFFIX = ".predicted"
DASH = 4
"""One pixel column in four: dots, which leave the measurement below them to be seen."""

CHAR = "."
"""What draws the dots in ASCII."""

_HOLLOW = dict(zip(ARM_MARKS, "○□△◇▽☆◎▢▷◁◊◑", strict=True))


def is_theory(name: SeriesName) -> bool:
    """Whether a series is a prediction."""
    return name.metric.endswith(SUFFIX)


def measured(name: SeriesName) -> SeriesName:
    """The series that a prediction is about; any other as it is."""
    return name._replace(metric=name.metric.removesuffix(SUFFIX)) if is_theory(name) else name


def theory_mark(header: dict[str, object], arm: str, glyphs: str) -> str:
    """The arm's mark, hollow."""
    mark = arm_mark(header, arm, glyphs)
    return _HOLLOW.get(mark, CHAR if glyphs == "ascii" else "◦")


def theory_key(glyphs: str) -> str:
    """The legend's sample of a predicted line."""
    return f"{'. .' if glyphs == 'ascii' else '··'} {THEORY}"

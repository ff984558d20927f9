"""The latest numbers as a table: a row an arm, a column a metric."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tuilab.panels.curves.panel import shown
from tuilab.panels.finish import Finished, absent, cut, cut_inside, head, write
from tuilab.panels.numbers import short
from tuilab.panels.palette import DIM, arm_color, arm_mark, arm_order, arms_of
from tuilab.panels.picture import Picture
from tuilab.panels.view import View
from tuilab.panels.words import sentence, spoken
from tuilab.recording import Readable, SeriesName
from tuilab.recording.memo import memo

_LAST = "/last"
_NAME = 16
_METRIC = 20
_FIGURE = 9
"""The widest figure."""


@dataclass(frozen=True, slots=True)
class Values(Finished):
    """The value of every matching series at the moment shown; of `METRIC/last`, an arm's last layer."""

    title: str
    series: tuple[str, ...]

    def describe(self, recording: Readable, view: View) -> str:
        """Every number of the table."""
        names = self._names(recording, view)
        facts = [
            f"{called} {short(recording.at(names[shown_as], view.at))}"
            for shown_as, called in spoken(list(names)).items()
        ]
        return sentence(self.title, f"at step {view.at}", facts)

    def needs(self, header: Mapping[str, Any]) -> int | None:
        """A row an arm, its title and the metrics' names."""
        return max(len(arms_of(header)), 1) + 2

    def sources(self, recording: Readable, view: View) -> Iterable[str]:
        """See `Panel.sources`."""
        return self._names(recording, view).values()

    def _names(self, recording: Readable, view: View) -> dict[SeriesName, str]:
        """The series by what they are shown as."""
        plain = [glob for glob in self.series if not glob.endswith(_LAST)]
        deep = [glob.removesuffix(_LAST) + "/*" for glob in self.series if glob.endswith(_LAST)]
        names = {identity: name for name, identity in shown(recording, plain, view).items()}
        for arm, metric, layer in shown(recording, deep, view).values():
            if layer is not None:
                *_, last = memo(recording).layers(metric)[arm].values()
                names[SeriesName(arm, metric, _LAST[1:])] = last
        order = arm_order(recording.header)
        return dict(sorted(names.items(), key=lambda item: order(item[0].arm)))

    def render(self, picture: Picture, recording: Readable, view: View) -> None:
        """See `Finished`."""
        names = self._names(recording, view)
        series = {(identity.arm, identity.quantity): name for identity, name in names.items()}
        arms = list(dict.fromkeys(identity.arm for identity in names))
        metrics = list(dict.fromkeys(identity.quantity for identity in names))
        left = min(max([len(arm) for arm in arms], default=0), _NAME, max(picture.width // 3, 1)) + 2
        # A column is as wide as its widest figure could be, so that changing figures do not shift the others.
        widths = [max(_FIGURE, min(len(metric), _METRIC)) + 2 for metric in metrics]
        while sum(widths) > picture.width - left and max(widths, default=0) > _FIGURE + 2:
            widths[widths.index(max(widths))] -= 1
        fitting = 0
        while fitting < len(metrics) and left + sum(widths[: fitting + 1]) <= picture.width:
            fitting += 1
        notes = []
        if metrics and fitting < len(metrics):
            fitting = max(fitting, 1)
            notes.append(_more(len(metrics) - fitting, "column"))
        if len(arms) > picture.height - 2 >= 1:
            notes.append(_more(len(arms) - (picture.height - 2), "row"))
        head(picture, self.title, list(filter(None, notes)), [])
        if not names:
            write(picture, 1, absent(recording, f"no series matches {' or '.join(self.series)}"))
            return
        arms = arms[: max(picture.height - 2, 0)]
        x = left
        for metric, width in zip(metrics[:fitting], widths, strict=False):
            picture.put(1, x, cut_inside(metric, min(width - 2, picture.width - x)).rjust(width), DIM)
            for y, arm in enumerate(arms, start=2):
                if (arm, metric) in series:
                    picture.put(y, x, short(recording.at(series[arm, metric], view.at)).rjust(width))
            x += width
        for y, arm in enumerate(arms, start=2):
            mark = arm_mark(recording.header, arm, view.glyphs)
            picture.put(y, 0, cut(f"{mark} {arm}", left), arm_color(recording.header, arm))


def _more(count: int, what: str) -> str:
    """`2 more rows`; nothing where nothing is left out."""
    return f"{count} more {what}{'s' if count > 1 else ''}" if count else ""

"""Formatting: how states, events and figures are put into words, marks and colours on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.color import Color
from textual.content import Content
from textual.style import Style

from tuilab.amounts import age as age
from tuilab.runs import State
from tuilab.scenario.errors import shortened

if TYPE_CHECKING:
    from tuilab.doctor import Finding, Outcome, Reveal
    from tuilab.recording import Event
    from tuilab.tui.snapshot import ArmLabel

DIM = "#8a8a8a"
GOOD = "ansi_green"
BAD = "ansi_red"
CARE = "ansi_yellow"

STATES = {
    State.STARTING: ("…", CARE),
    State.RUNNING: ("▶", GOOD),
    State.PAUSED: ("‖", CARE),
    State.DISK_FULL: ("‖", BAD),
    State.FINISHED: ("✓", ""),
    State.STOPPED: ("■", ""),
    State.FAILED: ("✗", BAD),
    State.DIED: ("✗", BAD),
    State.UNREADABLE: ("✗", BAD),
    State.UNFINISHED: ("…", DIM),
}
"""Each state's mark and colour."""

_EVENT_STYLES = {
    "paused": CARE,
    "resumed": GOOD,
    "disk-full": BAD,
    "failed": BAD,
    "diverged": BAD,
    "refused": CARE,
}
_LONGEST = 500
"""Characters of an event's line."""
_VERDICTS = {"unmet": ("✗", BAD), "open": ("…", DIM), "met": ("✓", GOOD), "not checked": ("–", DIM)}


def ink(code: int) -> Style:
    """The style of an xterm colour, -1 being the terminal's own."""
    return Style() if code < 0 else Style(foreground=Color(0, 0, 0, ansi=code))


def badge(state: State) -> Content:
    """A state with its mark, in its colour."""
    mark, color = STATES[state]
    return Content.styled(f"{mark} {state}", color)


def arm(label: ArmLabel, hidden: bool = False) -> Content:
    """An arm's mark and name in its colour."""
    return Content.styled(f"{label.mark} {label.name}", DIM if hidden else ink(label.color))


def count(step: int) -> str:
    """A step with thousands set apart."""
    return f"{step:,}"


def speed(factor: float) -> str:
    """`0.5x`, `20x`."""
    return f"{factor:g}x"


def event_line(event: Event, arms: tuple[ArmLabel, ...]) -> Content:
    """An event as a line: step, arm, what happened."""
    label = next((label for label in arms if label.name == event.arm), None)
    step = Content.styled(f"{count(event.step):>7}  ", DIM)
    who = Content("") if event.arm is None else Content.assemble(arm(label) if label else event.arm, " ")
    what = " ".join(shortened(_happening(event), _LONGEST).split())
    return Content.assemble(step, who, (what, _EVENT_STYLES.get(event.kind, "")))


def _value(value: object) -> str:
    """A figure, or whatever else a recording has in its place."""
    try:
        return f"{value:g}" if isinstance(value, int | float) else str(value)
    except OverflowError:
        return "a number without end"


def _happening(event: Event) -> str:
    data = event.data
    match event.kind:
        case "set":
            before = f"{_value(data['was'])} → " if data.get("was") is not None else ""
            return f"{data.get('key')} {before}{_value(data.get('value'))}"
        case "patched":
            return _patch(data)
        case "pace":
            pace = data.get("steps_per_second")
            return "pace: as fast as it can" if pace is None else f"pace {_value(pace)} steps/s"
        case "forked":
            with_ = ", ".join(map(str, _listed(data.get("settings"))))
            return f"forked from {data.get('parent', '?')}{f': {with_}' if with_ else ''}"
        case "until":
            return f"to pause once {data.get('condition')}"
        case "paused" if data.get("because"):
            return f"paused: {data['because']}"
        case "failed":
            return f"failed: {data.get('message', '')}"
        case "refused":
            return f"refused {data.get('command', '')}: {data.get('why', '')}"
        case "disk-full":
            return "disk full, waiting for room"
        case "steps-dropped":
            return f"the disk was too slow: {_value(data.get('steps'))} steps are missing before this one"
        case "no-gradient":
            return f"no gradient comes to {', '.join(map(str, _listed(data.get('parameters'))))}"
        case "activations-not-seen" | "looking-ended":
            return f"{event.kind.replace('-', ' ')}: {data.get('why', '')}"
        case "probes-thinned":
            return "probes thinned to stay in budget"
        case kind:
            return kind.replace("-", " ")


def _patch(data: dict[str, Any]) -> str:
    """What a patch has changed: `arms.sgd.optimizer: lr 0.1 → 0.01`."""
    now, was = data.get("with"), data.get("was")
    changes = now if isinstance(now, dict) else {}
    before = was if isinstance(was, dict) else {}
    told = (
        f"{name} {f'{_value(before[name])} → ' if name in before else ''}{_value(value)}"
        for name, value in changes.items()
    )
    return f"{data.get('at')}: {', '.join(told)}"


def _listed(given: object) -> list[object]:
    return given if isinstance(given, list) else []


def outcome_lines(outcome: Outcome, arms: tuple[ArmLabel, ...]) -> Content:
    """An expectation: its verdict and promise, and when it is broken what was measured."""
    mark, color = _VERDICTS[str(outcome.verdict)]
    who, colon, promise = outcome.promise.partition(":")
    label = next((label for label in arms if label.name == who), None)
    subject = Content.assemble(who) if label is None else Content.styled(who, ink(label.color))
    lines = Content.assemble((f"{mark} ", color), subject, colon, promise)
    if outcome.verdict == "unmet":
        lines = Content.assemble(lines, ("\n  measured ", DIM), (outcome.measured, color))
    return lines


def finding_lines(finding: Finding) -> Content:
    """A finding: its name and place, the evidence, and what to try."""
    return Content.assemble(
        (f"{finding.name} ", f"{CARE} bold"),
        (finding.where, "bold"),
        f"\n{finding.evidence}\n",
        (f"try: {finding.advice}", DIM),
    )


def reveal_lines(reveal: Reveal) -> Content:
    """A prediction: the question, what was said, what is right and why."""
    mark, color = ("✓", GOOD) if reveal.right else ("✗", BAD)
    said = (
        Content.assemble((f"{mark} you said: ", color), reveal.said or "", "\n") if reveal.said else Content()
    )
    answer = Content() if reveal.right else Content.assemble(("→ ", DIM), reveal.answer, "\n")
    return Content.assemble(Content.styled(reveal.ask, "bold"), "\n", said, answer, (reveal.because, DIM))


def by_urgency(outcomes: tuple[Outcome, ...]) -> list[Outcome]:
    """The broken expectations first, the kept ones last."""
    return sorted(outcomes, key=lambda outcome: list(_VERDICTS).index(str(outcome.verdict)))

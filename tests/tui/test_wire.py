"""The difference that is sent, played back by an independent terminal emulator."""

from __future__ import annotations

import random

import pyte
import pytest
from rich.color import Color
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tuilab.tui.wire import Wire

WIDTH, HEIGHT = 30, 6
CONSOLE = Console(color_system="256", force_terminal=True)
STYLES = [
    None,
    Style(color=Color.from_ansi(33)),
    Style(color=Color.from_ansi(208), bold=True),
    Style(bgcolor=Color.from_ansi(24)),
    Style(color=Color.from_ansi(3), bgcolor=Color.from_ansi(24), underline=True),
    Style(reverse=True),
]
Rows = list[list[tuple[str, int]]]


def a_screen(rng: random.Random) -> Rows:
    return [[(rng.choice("  ab⠋█"), rng.randrange(len(STYLES))) for _ in range(WIDTH)] for _ in range(HEIGHT)]


def strips(rows: Rows) -> list[Strip]:
    return [Strip([Segment(char, STYLES[style]) for char, style in row], WIDTH) for row in rows]


def whole(rows: Rows) -> LayoutUpdate:
    return LayoutUpdate([[strip] for strip in strips(rows)], Region(0, 0, WIDTH, HEIGHT))


def part(rows: Rows, spans: list[tuple[int, int, int]]) -> ChopsUpdate:
    chops = [{0: strip.crop(0, 11), 11: strip.crop(11, WIDTH)} for strip in strips(rows)]
    return ChopsUpdate(chops, spans, [[11, WIDTH]] * HEIGHT)


class Terminal:
    """What a terminal shows after reading some output."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(WIDTH, HEIGHT)
        self.stream = pyte.Stream(self.screen)

    def look(self) -> list[list[tuple[object, ...]]]:
        return [[look_of(self.screen.buffer[y][x]) for x in range(WIDTH)] for y in range(HEIGHT)]


def look_of(char: pyte.screens.Char) -> tuple[object, ...]:
    """How a cell looks: the ink of a blank can't be seen."""
    seen_on_blank = (char.data, char.bg, char.reverse, char.underscore)
    if char.data == " " and not char.reverse and not char.underscore:
        return seen_on_blank
    return (*seen_on_blank, char.fg, char.bold)


@pytest.mark.parametrize("seed", range(20))
def test_the_terminal_shows_what_a_full_repaint_would(seed: int) -> None:
    rng = random.Random(seed)
    wire, terminal = Wire(256), Terminal()
    rows = a_screen(rng)
    terminal.stream.feed(wire.difference(whole(rows)))
    for _ in range(5):
        spans = []
        for _ in range(rng.randrange(1, 6)):
            y, x = rng.randrange(HEIGHT), rng.randrange(WIDTH)
            stop = rng.randrange(x, WIDTH) + 1
            rows[y][x:stop] = [(rng.choice(" ab⠋"), rng.randrange(len(STYLES))) for _ in range(x, stop)]
            spans.append((y, x, stop))
        terminal.stream.feed(wire.difference(part(rows, sorted(spans))))
        expected = Terminal()
        expected.stream.feed(Wire(256).difference(whole(rows)))
        assert terminal.look() == expected.look()
        plain = Terminal()
        for y, strip in enumerate(strips(rows)):
            plain.stream.feed(f"\x1b[{y + 1};1H\x1b[m" + strip.render(CONSOLE))
        assert terminal.look() == plain.look()


def test_what_is_shown_already_costs_nothing() -> None:
    rows = a_screen(random.Random(1))
    wire = Wire(256)
    assert wire.difference(whole(rows))
    assert wire.difference(whole(rows)) == ""
    wire.forget()
    assert wire.difference(whole(rows))


def test_one_changed_cell_costs_a_few_bytes() -> None:
    rows: Rows = [[("a", 1)] * WIDTH for _ in range(HEIGHT)]
    wire = Wire(256)
    wire.difference(whole(rows))
    rows[3][20] = ("⠋", 1)
    sent = wire.difference(part(rows, [(3, 12, 30)]))
    assert sent == "\x1b[4;21H\x1b[38;5;33m⠋\x1b[m"


def test_wide_characters_keep_their_neighbours_in_place() -> None:
    wire, terminal = Wire(256), Terminal()
    for text in ("ab日本cd", "日ab本cd", "abcdefgh", "日本日本"):
        strip = Strip([Segment(text.ljust(WIDTH))]).adjust_cell_length(WIDTH)
        terminal.stream.feed(wire.difference(LayoutUpdate([[strip]], Region(0, 0, WIDTH, 1))))
        assert terminal.screen.display[0].rstrip() == text


def test_escape_sequences_in_texts_do_not_reach_the_terminal() -> None:
    strip = Strip([Segment("a\x1b]0;owned\x07b\x1b[2Jc\u202ed")], WIDTH)
    sent = Wire(256).difference(LayoutUpdate([[strip]], Region(0, 0, WIDTH, 1)))
    assert sent.replace("\x1b[m\x1b[2J", "", 1).count("\x1b") == 1  # the cursor's way to the line
    assert "\x07" not in sent
    assert "\u202e" not in sent


def test_links_and_marks_without_end_do_not_reach_the_terminal() -> None:
    link = Style(link="http://evil", meta={"@click": "app.quit"})
    strip = Strip([Segment("link", link), Segment("e" + "\u0301" * 1_000)])
    sent = Wire(256).difference(LayoutUpdate([[strip]], Region(0, 0, WIDTH, 1)))
    assert "\x1b]" not in sent
    assert "evil" not in sent
    assert sent.count("\u0301") < 10


def test_a_terminal_without_colours_gets_none_and_keeps_its_attributes() -> None:
    style = Style(color=Color.from_ansi(208), bgcolor=Color.from_rgb(1, 2, 3), bold=True)
    sent = Wire(0).difference(LayoutUpdate([[Strip([Segment("a", style)])]], Region(0, 0, WIDTH, 1)))
    assert "\x1b[1ma" in sent.replace("\x1b[0;1m", "\x1b[1m")
    assert "38;" not in sent
    assert "48;" not in sent


def test_an_ascii_terminal_gets_ascii() -> None:
    strip = Strip([Segment("╭─ loss ● ▶ 日 é ←→ ÷ −")])
    sent = Wire(ascii_only=True).difference(LayoutUpdate([[strip]], Region(0, 0, WIDTH, 1)))
    assert sent.isascii()
    assert "+- loss o >" in sent
    assert "<> / -" in sent
